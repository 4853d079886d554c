import { firstId, echoMessage, type EchoMessage } from './contract.js'

/** The callbacks of a requester. */
export interface RequestCallbacks {
  readonly onResponse: (response: EchoMessage) => void
  readonly onError: (error: unknown) => void
}

/** Opens a requester and returns a function that sends one request. */
export type OpenRequester = (callbacks: RequestCallbacks) => (request: EchoMessage) => void

/** The load of one slice: keeps a number of requests in flight for a duration, then waits for the last response. */
export interface SliceOptions {
  readonly inFlight: number
  readonly milliseconds: number
  readonly bytes: number
}

/** The figures of the requester in one slice. Times are milliseconds, CPU time is microseconds. */
export interface Slice {
  readonly sent: number
  readonly answered: number
  readonly milliseconds: number
  readonly p50: number
  readonly p99: number
  readonly cpu: number
  /** The first failure, if any. */
  readonly error?: string
}

/** Milliseconds without a response after which the pending requests count as lost. */
const silenceTimeout = 4_000
const lastId = 9_999_999
let next = firstId

/** Keeps requests in flight and measures until all are answered or lost. */
export function slice(open: OpenRequester, { inFlight, milliseconds, bytes }: SliceOptions): Promise<Slice> {
  if (next + 1_000_000 > lastId) next = firstId
  const first = next
  let sentAt = new Float64Array(65_536)
  const latencies: number[] = []
  let sentCount = 0
  let failures = 0
  let error: string | undefined
  return new Promise((resolve) => {
    const before = process.cpuUsage()
    const began = performance.now()
    const end = began + milliseconds
    let latest = began
    const send = (): void => {
      if (sentCount === sentAt.length) {
        const longer = new Float64Array(sentAt.length * 2)
        longer.set(sentAt)
        sentAt = longer
      }
      sentAt[sentCount] = performance.now()
      sentCount += 1
      sendRequest(echoMessage(next++, bytes))
    }
    const finish = (): void => {
      clearInterval(watch)
      const { user, system } = process.cpuUsage(before)
      latencies.sort((a, b) => a - b)
      const percentile = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? NaN
      const took = latest - began
      const measured = {
        sent: sentCount,
        answered: latencies.length,
        milliseconds: took,
        p50: percentile(0.5),
        p99: percentile(0.99),
      }
      resolve({ ...measured, cpu: user + system, ...(error === undefined ? {} : { error }) })
    }
    const onSettled = (): void => {
      if (latest < end) send()
      else if (latencies.length + failures === sentCount) finish()
    }
    const sendRequest = open({
      onResponse: ({ id }) => {
        const startedAt = sentAt[id - first] ?? 0
        // The response to a request of another slice, or a second response.
        if (startedAt === 0) return
        sentAt[id - first] = 0
        latest = performance.now()
        latencies.push(latest - startedAt)
        onSettled()
      },
      onError: (reason) => {
        failures += 1
        error ??= reason instanceof Error ? reason.message : String(reason)
        latest = performance.now()
        // Limits the loop if every request fails at once.
        if (failures < 100) onSettled()
      },
    })
    const watch = setInterval(() => {
      if (performance.now() - latest > silenceTimeout) finish()
    }, 200)
    while (sentCount < inFlight) send()
  })
}
