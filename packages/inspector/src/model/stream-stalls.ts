import type { ObservedMessage } from '@antiphon/core/events'

/** The User Property of a request that has the initial credit. */
const CREDIT = '__credit'

/**
 * Counts how often the responder of a stream had no credit left, and for how long: the application takes its items more slowly
 * than they come.
 */
export class StreamStalls {
  /** How often it had none, until more came. */
  count = 0
  /** The time without credit in all. */
  milliseconds = 0
  #items = 0
  #credit: number | undefined
  #since: number | undefined

  /** Reads the credit that the request grants. */
  onRequest({ userProperties = [] }: ObservedMessage): void {
    const text = userProperties.find(([name]) => name === CREDIT)?.[1]
    if (text !== undefined) this.#credit ??= Number(text)
  }

  /** Counts an item; the stall begins with the last that has credit. */
  onItem(at: number): void {
    this.#items++
    // What arrives without credit is the end of the stream.
    this.#since = this.#items === this.#credit ? at : undefined
  }

  /** Takes the new total of credit; a stall ends if there is credit again. */
  onCredit(at: number, total: number): void {
    if (total > this.#items) this.#end(at)
    this.#credit = total
  }

  /** Ends the stall of a stream that did not end in order. */
  onSettled(at: number, outcome: string): void {
    // The last item of a stream that ends in order may take the last credit.
    if (outcome !== 'responded') this.#end(at)
  }

  #end(at: number): void {
    if (this.#since === undefined) return
    this.count++
    this.milliseconds += at - this.#since
    this.#since = undefined
  }
}
