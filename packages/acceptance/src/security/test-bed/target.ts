/** The role of a target process: the port of its broker. */
export interface TargetRole {
  readonly port: number
}

/** A command to the target process. */
export type TargetCommand =
  /** Sends a request to its own service, or to another topic. */
  | { readonly command: 'request'; readonly text: string; readonly topic: RequestTopic }
  | { readonly command: 'report' }

/** The outcome of a request. */
export type RequestResult = { readonly response: string } | { readonly error: string }

/** The topics to which the target sends requests. */
export type RequestTopic = typeof echoTopic | typeof attackerTopic

/** The counters and memory of the target. */
export interface TargetReport {
  /** The number of requests that the handler received. */
  readonly handled: number
  /** The number of unmatched responses; 0 if the target does not count them. */
  readonly unmatched: number
  /** The number of ignored requests; 0 if the target does not count them. */
  readonly ignored: number
  /** The number of items that the endless streams have produced. */
  readonly produced: number
  /** Why the target has rejected messages whose signatures it verifies; empty if it verifies none. */
  readonly rejections: readonly string[]
  /** Bytes of memory in use after a garbage collection. */
  readonly memory: number
  /** Whether an attack has added a property to `Object.prototype`. */
  readonly isPolluted: boolean
}

/** The implementations of the commands. */
export interface TargetActions {
  readonly sendRequest: (text: string, topic: RequestTopic) => Promise<string>
  readonly report: () => Pick<TargetReport, 'handled' | 'unmatched' | 'ignored' | 'produced'> &
    Partial<Pick<TargetReport, 'rejections'>>
}

/** The request topic of the target's service, which answers `<text>!`. */
export const echoTopic = 'target/echo'
/** The request topic of the target's endless streams. */
export const streamTopic = 'target/stream'
/** A request topic that the attacker serves. */
export const attackerTopic = 'elsewhere/echo'
/** The topic of the target's public keys, as a retained message; only of the target that signs. */
export const keysTopic = 'target/keys'
/** The client id of the target. */
export const targetId = 'target'
/** The client id of the responder of the target that signs. */
export const responderId = 'target-responder'
/** Milliseconds until the target answers the request `slow`. */
export const slowDelay = 300
/** The timeout of the target's requests in milliseconds. */
export const responseTimeout = 8_000

/** Runs the commands of the parent process, and exits when the parent does. */
export function runCommands({ sendRequest, report }: TargetActions): void {
  process.on('message', ({ id, ...message }: TargetCommand & { readonly id: number }) => {
    if (message.command === 'request') {
      sendRequest(message.text, message.topic).then(
        (response) => process.send?.({ id, response }),
        (error: unknown) => process.send?.({ id, error: String(error) }),
      )
      return
    }
    globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    const isPolluted = 'polluted' in {}
    process.send?.({ id, rejections: [], ...report(), memory: heapUsed + external, isPolluted })
  })
  process.on('disconnect', () => process.exit())
  process.send?.('ready')
}
