import { firstId, echoMessage, type EchoMessage } from './contract.js'
import type { OpenRequester } from './load.js'
import type { Commands } from './run-peer.js'

/** The number of settled requests and the CPU time used for them. */
export interface SettleResult {
  readonly settled: number
  readonly cpu: number
}

/** Milliseconds without a response after which the pending requests count as lost. */
const silenceTimeout = 5_000

/** Returns the commands of a requester whose requests stay pending until the responder gets the command to answer. */
export function pendingCommands(open: OpenRequester): Commands {
  let sentCount = 0
  let settled = 0
  let failure: string | undefined
  let before = process.cpuUsage()
  let onSettled: () => void = () => undefined
  const sendRequest = open({
    onResponse: (_: EchoMessage) => {
      settled += 1
      onSettled()
    },
    onError: (error) => (failure ??= error instanceof Error ? error.message : String(error)),
  })
  return {
    sendRequests: (count: number): void => {
      for (let index = 0; index < count; index += 1) sendRequest(echoMessage(firstId + sentCount++, 32))
    },
    /** Starts counting CPU time, without the time for the response to this command. */
    startCpuCount: (): void => {
      setImmediate(() => (before = process.cpuUsage()))
    },
    /** Resolves when this many more requests have settled, or after the silence timeout. */
    awaitSettled: (count: number): Promise<SettleResult> =>
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
          if (performance.now() - latest > silenceTimeout) end()
        }, 1_000)
        onSettled = () => {
          latest = performance.now()
          if (settled - start === count) end()
        }
      }),
  }
}
