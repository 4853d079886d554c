import { firstId, question, type Talk } from './contract.js'
import type { Open } from './load.js'
import type { Commands } from './run-peer.js'

/** What it took to settle some. */
export interface Settled {
  readonly settled: number
  readonly cpu: number
}

/** How long answers may be silent before they count as lost. */
const patience = 5_000

/** The commands of a requester whose questions stay open until somebody has them answered. */
export function pendingCommands(open: Open): Commands {
  let requested = 0
  let settled = 0
  let failure: string | undefined
  let before = process.cpuUsage()
  let onSettled: () => void = () => undefined
  const sendRequest = open({
    answered: (_: Talk) => {
      settled += 1
      onSettled()
    },
    failed: (error) => (failure ??= error instanceof Error ? error.message : String(error)),
  })
  return {
    ask: (count: number): void => {
      for (let index = 0; index < count; index += 1) sendRequest(question(firstId + requested++, 32))
    },
    /** Counts the CPU from here on, not what it takes to say so. */
    begin: (): void => {
      setImmediate(() => (before = process.cpuUsage()))
    },
    /** Resolves when so many more are settled, or nothing comes any more. */
    settle: (count: number): Promise<Settled> =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(new Error(failure))
          return
        }
        const start = settled
        let latest = performance.now()
        const end = (): void => {
          const { user, system } = process.cpuUsage(before)
          clearInterval(watch)
          onSettled = () => undefined
          resolve({ settled: settled - start, cpu: user + system })
        }
        const watch = setInterval(() => {
          if (performance.now() - latest > patience) end()
        }, 1_000)
        onSettled = () => {
          latest = performance.now()
          if (settled - start === count) end()
        }
      }),
  }
}
