import { context, type Context } from '@opentelemetry/api'
import { observeExchanges } from '../observe/observe-exchanges.js'
import type { EventObserver } from '../observe/event-hub.js'
import type { ObservedMessage } from '../observe/exchange-event.js'
import type { Link } from '../link/link.js'
import { exchangeKey } from './pending-exchanges.js'

/** Nothing of a message is needed but its key. */
const NO_MESSAGE: ObservedMessage = { topic: '', bytes: 0 }

/**
 * The contexts in which applications have sent their requests.
 *
 * A request may be published later, in the context of the packet that it has waited for, such as the SUBACK of its response topic.
 */
export class RequestContexts implements EventObserver {
  readonly client = ''
  readonly link = ''
  readonly now = (): number => 0
  readonly #byExchange = new Map<number, { readonly from: Context; key?: string }>()
  readonly #byKey = new Map<string, Context>()
  #copiedKey: string | undefined

  constructor(link: Link) {
    const remove = observeExchanges(link, this)
    link.incidents$.subscribe({ complete: remove })
  }

  /** Returns the context in which the request with this key was sent by the application. */
  get(key: string): Context | undefined {
    return this.#byKey.get(key)
  }

  readonly copy: EventObserver['copy'] = (message) => {
    this.#copiedKey =
      message.responseTopic === undefined ? undefined : exchangeKey(message.responseTopic, message)
    return NO_MESSAGE
  }

  readonly receive: EventObserver['receive'] = (event) => {
    if (event.side !== 'requester') return
    const { exchange, kind } = event
    if (kind === 'requested') this.#byExchange.set(exchange, { from: context.active() })
    else if (kind === 'sent') this.#nameSent(exchange)
    else if (kind === 'settled') this.#remove(exchange)
  }

  /** The event of a request follows the copy of its message. */
  #nameSent(exchange: number): void {
    const entry = this.#byExchange.get(exchange)
    const key = this.#copiedKey
    if (entry === undefined || key === undefined) return
    entry.key = key
    this.#byKey.set(key, entry.from)
  }

  #remove(exchange: number): void {
    const key = this.#byExchange.get(exchange)?.key
    this.#byExchange.delete(exchange)
    if (key !== undefined) this.#byKey.delete(key)
  }
}
