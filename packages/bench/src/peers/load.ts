import { firstId, question, type Talk } from './contract.js'

/** Hears how questions end. */
export interface Answered {
  readonly answered: (response: Talk) => void
  readonly failed: (error: unknown) => void
}

/** Opens a caller; what it returns asks one question. */
export type Open = (on: Answered) => (request: Talk) => void

/** What one slice does: keeps so many questions open for so long, then waits for the last. */
export interface SliceOrder {
  readonly inFlight: number
  readonly milliseconds: number
  readonly bytes: number
}

/** What one slice measured on the asking side. Times are milliseconds, CPU is microseconds. */
export interface Slice {
  readonly asked: number
  readonly answered: number
  readonly milliseconds: number
  readonly p50: number
  readonly p99: number
  readonly cpu: number
  /** The first failure, if any. */
  readonly error?: string
}

/** How long nothing may arrive before what is open counts as lost. */
const patience = 4_000
const lastId = 9_999_999
let next = firstId

/** Keeps questions open and measures until all are answered, or are lost. */
export function slice(open: Open, { inFlight, milliseconds, bytes }: SliceOrder): Promise<Slice> {
  if (next + 1_000_000 > lastId) next = firstId
  const first = next
  let sentAt = new Float64Array(65_536)
  const latencies: number[] = []
  let requested = 0
  let failures = 0
  let error: string | undefined
  return new Promise((resolve) => {
    const before = process.cpuUsage()
    const began = performance.now()
    const end = began + milliseconds
    let latest = began
    const send = (): void => {
      if (requested === sentAt.length) {
        const longer = new Float64Array(sentAt.length * 2)
        longer.set(sentAt)
        sentAt = longer
      }
      sentAt[requested] = performance.now()
      requested += 1
      sendRequest(question(next++, bytes))
    }
    const finish = (): void => {
      clearInterval(watch)
      const { user, system } = process.cpuUsage(before)
      latencies.sort((a, b) => a - b)
      const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? NaN
      const took = latest - began
      const measured = {
        asked: requested,
        answered: latencies.length,
        milliseconds: took,
        p50: at(0.5),
        p99: at(0.99),
      }
      resolve({ ...measured, cpu: user + system, ...(error === undefined ? {} : { error }) })
    }
    const settled = (): void => {
      if (latest < end) send()
      else if (latencies.length + failures === requested) finish()
    }
    const sendRequest = open({
      answered: ({ id }) => {
        const since = sentAt[id - first] ?? 0
        // One of another slice, or one that was answered before.
        if (since === 0) return
        sentAt[id - first] = 0
        latest = performance.now()
        latencies.push(latest - since)
        settled()
      },
      failed: (reason) => {
        failures += 1
        error ??= reason instanceof Error ? reason.message : String(reason)
        latest = performance.now()
        // A caller whose every question fails at once must not be asked without end.
        if (failures < 100) settled()
      },
    })
    const watch = setInterval(() => {
      if (performance.now() - latest > patience) finish()
    }, 200)
    while (requested < inFlight) send()
  })
}
