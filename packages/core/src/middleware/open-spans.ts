import { SpanStatusCode, type Span } from '@opentelemetry/api'
import { userProperty, type Message, type OutgoingMessage } from '../message.js'
import { toStatus } from '../protocol/status.js'
import { streamPositionOf } from '../protocol/stream-position.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import { exchangeKey, PendingExchanges } from './pending-exchanges.js'

/** Milliseconds after which the span of an exchange without a message expiry is ended. */
const MAX_LIFETIME = 3_600_000

/** A span that waits for its response, and the deadline of the exchange. */
interface OpenSpan {
  readonly span: Span
  readonly deadline: Deadline
}

/** The spans of pending exchanges. Each is ended by its response, or when its request expires. */
export class OpenSpans {
  readonly #open = new PendingExchanges<OpenSpan>()
  readonly #deadlines: Deadlines

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines
  }

  get(key: string): Span | undefined {
    return this.#open.get(key)?.span
  }

  /** Adds the span of a request; it is ended as failed when the request expires. */
  add(key: string, span: Span, { messageExpiryInterval }: Message | OutgoingMessage): void {
    if (this.#open.get(key) !== undefined) return
    const lifetime = messageExpiryInterval === undefined ? MAX_LIFETIME : messageExpiryInterval * 1000
    const deadline = this.#deadlines.add(lifetime, () => this.#fail(this.#open.take(key), 'timeout'))
    this.#fail(this.#open.add(key, { span, deadline }), 'too many pending exchanges')
  }

  /** Ends the span of the exchange that a response belongs to, unless further responses follow. */
  endByResponse(message: Message | OutgoingMessage): void {
    const position = streamPositionOf(userProperty(message.userProperties, '__stream'))
    if (position?.isLast === false) return
    const key = exchangeKey(message.topic, message)
    if (key !== undefined) this.end(key, message)
  }

  /** Ends a span with the status of a message. */
  end(key: string, { userProperties }: Message | OutgoingMessage): void {
    const open = this.#open.take(key)
    const status = toStatus(userProperties)
    if (status.kind === 'failure') this.#fail(open, status.status.message ?? `status ${status.status.code}`)
    else {
      open?.deadline.cancel()
      open?.span.end()
    }
  }

  #fail(open: OpenSpan | undefined, message: string): void {
    open?.deadline.cancel()
    open?.span.setStatus({ code: SpanStatusCode.ERROR, message })
    open?.span.end()
  }
}
