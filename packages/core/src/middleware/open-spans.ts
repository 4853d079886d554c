import { SpanStatusCode, type Span } from '@opentelemetry/api'
import { userProperty, type Message, type OutgoingMessage } from '../message.js'
import { isAcceptance } from '../protocol/control-message.js'
import { toStatus } from '../protocol/status.js'
import { streamPositionOf } from '../protocol/stream-position.js'
import type { Deadlines } from '../time/deadlines.js'
import { exchangeKey, PendingExchanges } from './pending-exchanges.js'

/** The spans of pending exchanges. Each is ended by its response, or as failed when its request expires. */
export class OpenSpans {
  readonly #open = new PendingExchanges<Span>(fail)
  readonly #deadlines: Deadlines

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines
  }

  get(key: string): Span | undefined {
    return this.#open.get(key)
  }

  /** Adds the span of a request. */
  add(key: string, span: Span, message: Message | OutgoingMessage): void {
    this.#open.add(key, span, message, this.#deadlines)
  }

  /** Ends the span of the exchange that a response belongs to, unless further responses follow. */
  endByResponse(message: Message | OutgoingMessage): void {
    const position = streamPositionOf(userProperty(message.userProperties, '__stream'))
    if (position?.isLast === false || isAcceptance(message)) return
    const key = exchangeKey(message.topic, message)
    if (key !== undefined) this.end(key, message)
  }

  /** Ends a span with the status of a message. */
  end(key: string, { userProperties }: Pick<Message, 'userProperties'>): void {
    const span = this.#open.take(key)
    if (span === undefined) return
    const status = toStatus(userProperties)
    if (status.kind === 'failure') fail(span, status.status.message ?? `status ${status.status.code}`)
    else span.end()
  }
}

function fail(span: Span, message: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message })
  span.end()
}
