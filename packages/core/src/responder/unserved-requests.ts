import type { Deadline } from '../time/deadlines.js'
import type { RequestContext } from './request-context.js'

/** How many requests may wait for a `serve`, and how many payload bytes they may have. */
const MAX_REQUESTS = 10_000
const MAX_BYTES = 16 * 2 ** 20

/**
 * The requests that `requests$` has emitted but no `serve` has received: an operator between them filtered them away, or
 * keeps them for later. They end when they expire, or when they are too many.
 */
export class UnservedRequests {
  readonly #deadlines = new Map<RequestContext, Deadline>()
  #bytes = 0

  add(context: RequestContext): void {
    const { message, lifetime, responder } = context
    const isFull = this.#deadlines.size >= MAX_REQUESTS || this.#bytes + message.payload.length > MAX_BYTES
    if (isFull) return context.endUnserved('too many requests wait for a serve')
    const timeout = lifetime === Infinity ? responder.cacheBounds.ttl : lifetime
    const onDue = (): void => context.endUnserved('no serve received it until it expired')
    this.#deadlines.set(context, responder.deadlines.add(timeout, onDue))
    this.#bytes += message.payload.length
  }

  remove(context: RequestContext): void {
    const deadline = this.#deadlines.get(context)
    if (deadline === undefined) return
    deadline.cancel()
    this.#deadlines.delete(context)
    this.#bytes -= context.message.payload.length
  }

  clear(): void {
    for (const context of [...this.#deadlines.keys()]) this.remove(context)
  }
}
