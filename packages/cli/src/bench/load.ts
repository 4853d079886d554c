import { setTimeout as wait } from 'node:timers/promises'

/** How requests are started. */
export interface LoadOptions {
  /** The most requests in flight. */
  readonly concurrency: number
  /** Requests to start in a second; without it, each response starts the next request. */
  readonly rate?: number | undefined
  /** The number of requests; without it, `duration` ends the load. */
  readonly count?: number | undefined
  /** Milliseconds. */
  readonly duration: number
  readonly signal: AbortSignal
}

/** Sends one request that was due at a time of `performance.now()`. Does not reject. */
export type SendRequest = (dueAt: number) => Promise<void>

/** Milliseconds between two looks at which requests are due. */
const tick = 1

/** Starts requests until there are enough of them, or the time is up, and waits for the last response. */
export async function generateLoad(send: SendRequest, options: LoadOptions): Promise<void> {
  await (options.rate === undefined ? closedLoop(send, options) : openLoop(send, options.rate, options))
}

/** Each of `concurrency` loops sends a request when the previous one has been answered. */
async function closedLoop(
  send: SendRequest,
  { concurrency, count = Infinity, duration, signal }: LoadOptions,
): Promise<void> {
  const endsAt = count === Infinity ? performance.now() + duration : Infinity
  let started = 0
  const loop = async (): Promise<void> => {
    while (started < count && performance.now() < endsAt && !signal.aborted) {
      started += 1
      await send(performance.now())
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, loop))
}

/** Starts requests when they are due. One that must wait for room in flight stays due since then. */
async function openLoop(
  send: SendRequest,
  rate: number,
  { concurrency, count = Infinity, duration, signal }: LoadOptions,
): Promise<void> {
  const startedAt = performance.now()
  const total = Math.min(count, count === Infinity ? Math.ceil((duration / 1_000) * rate) : count)
  const running = new Set<Promise<void>>()
  for (let started = 0; started < total && !signal.aborted;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1_000) * rate) + 1)
    for (; started < due && running.size < concurrency; started += 1) {
      const run = send(startedAt + (started / rate) * 1_000).finally(() => running.delete(run))
      running.add(run)
    }
    await wait(tick)
  }
  await Promise.all(running)
}
