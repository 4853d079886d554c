/** The role of a victim: the port of its broker. */
export interface VictimRole {
  readonly port: number
}

/** What a victim is asked to do. */
export type Order =
  /** Ask its own service, or elsewhere. */
  { readonly order: 'ask'; readonly text: string; readonly topic: AskedTopic } | { readonly order: 'report' }

/** What became of a question. */
export type Answer = { readonly answer: string } | { readonly error: string }

/** Where a victim asks. */
export type AskedTopic = typeof echoTopic | typeof elsewhere

/** How a victim stands. */
export interface Report {
  /** How many requests its handler was given. */
  readonly handled: number
  /** Replies that nobody asked for, and requests that were turned away; none of it where the victim does not count. */
  readonly strays: number
  readonly refusals: number
  /** Items that its endless stream has produced. */
  readonly produced: number
  /** Bytes of memory in use after a collection. */
  readonly memory: number
  /** Whether somebody has put a property on all objects. */
  readonly isPolluted: boolean
}

/** What a victim knows how to do. */
export interface Victim {
  readonly ask: (text: string, topic: AskedTopic) => Promise<string>
  readonly report: () => Pick<Report, 'handled' | 'strays' | 'refusals' | 'produced'>
}

/** Topics of the service that is attacked; it answers `<text>!`, and `slow` after a while. */
export const echoTopic = 'victim/echo'
export const streamTopic = 'victim/stream'
/** Where somebody else is to answer. */
export const elsewhere = 'elsewhere/echo'
export const victimId = 'victim'
export const slowness = 300
/** Milliseconds a victim waits for an answer. */
export const patience = 8_000

/** Takes orders from the process that started this one, until that one ends. */
export function obey({ ask: sendRequest, report }: Victim): void {
  process.on('message', ({ id, ...order }: Order & { readonly id: number }) => {
    if (order.order === 'ask') {
      sendRequest(order.text, order.topic).then(
        (response) => process.send?.({ id, answer: response }),
        (error: unknown) => process.send?.({ id, error: String(error) }),
      )
      return
    }
    globalThis.gc?.()
    const { heapUsed, external } = process.memoryUsage()
    const isPolluted = 'polluted' in {}
    process.send?.({ id, ...report(), memory: heapUsed + external, isPolluted })
  })
  process.on('disconnect', () => process.exit())
  process.send?.('ready')
}
