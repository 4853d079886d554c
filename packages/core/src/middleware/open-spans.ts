import { SpanStatusCode, type Span } from '@opentelemetry/api'
import type { SchedulerLike } from 'rxjs'
import { userProperty, type Message, type OutgoingMessage } from '../message.js'
import { toStatus } from '../protocol/status.js'
import { streamPositionOf } from '../protocol/stream-position.js'
import { deadlines, type Deadline, type Deadlines } from '../time/deadlines.js'
import { exchangeKey, OpenExchanges } from './open-exchanges.js'

/** Milliseconds after which the span of an exchange without an expiry is ended. */
const LONGEST = 3_600_000

/** A span that waits for its reply, and the time it has. */
interface OpenSpan {
  readonly span: Span
  readonly deadline: Deadline
}

/** The spans of exchanges under way, each ended by its reply or by the expiry of its question. */
export class OpenSpans {
  readonly #open = new OpenExchanges<OpenSpan>()
  readonly #deadlines: Deadlines

  constructor(scheduler: SchedulerLike) {
    this.#deadlines = deadlines(scheduler)
  }

  get(key: string): Span | undefined {
    return this.#open.get(key)?.span
  }

  /** Remembers the span of a question, for as long as the question is worth answering. */
  add(key: string, span: Span, { messageExpiryInterval }: Message | OutgoingMessage): void {
    if (this.#open.get(key) !== undefined) return
    const lifetime = messageExpiryInterval === undefined ? LONGEST : messageExpiryInterval * 1000
    const deadline = this.#deadlines.add(lifetime, () => this.#fail(this.#open.take(key), 'timeout'))
    this.#fail(this.#open.add(key, { span, deadline }), 'too many exchanges are open')
  }

  /** Ends the span of the exchange that a message answers, unless more answers follow. */
  reply(message: Message | OutgoingMessage): void {
    const place = streamPositionOf(userProperty(message.userProperties, '__stream'))
    if (place?.isLast === false) return
    const key = exchangeKey(message.topic, message)
    if (key !== undefined) this.end(key, message)
  }

  /** Ends a span as the status of a message says. */
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
