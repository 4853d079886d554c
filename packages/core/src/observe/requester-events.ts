import type { Endpoint } from '../endpoint.js'
import type { AntiphonError } from '../errors.js'
import type { Message, OutgoingMessage, UserProperties } from '../message.js'
import { creditOf, isAcceptance } from '../protocol/control-message.js'
import type { EventHub, EventObserver } from './event-hub.js'
import type { ExchangeEvent } from './exchange-event.js'
import { toObservedError } from './observed-error.js'

/** What events say about a requester. */
interface ObservedRequester {
  readonly events: EventHub
  readonly endpoint: Endpoint
  readonly rules: { readonly timeout: number }
}

/** What events say about an exchange at its requester. */
interface ObservedExchange {
  /** The number of the exchange in events; 0 until its first event. */
  eventId: number
  readonly requester: ObservedRequester
  readonly request: {
    readonly topic: string
    readonly responseFilter: string | undefined
    readonly displayToken: string
  }
}

const side = 'requester'

/**
 * Creates the events of exchanges at their requesters. Each observer gets events of its own, with what it copies of messages.
 *
 * Events are literals: a spread that many kinds of events pass through takes as long as the rest of a request (decision 0042).
 */
export class RequesterEvents {
  readonly #observers: readonly EventObserver[]

  constructor(observers: readonly EventObserver[]) {
    this.#observers = observers
  }

  requested(exchange: ObservedExchange): void {
    const { endpoint, rules } = exchange.requester
    for (const { now, client, link, receive } of this.#observers) {
      const id = idOf(exchange)
      const { topic } = exchange.request
      const { timeout } = rules
      receive({
        kind: 'requested',
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange: id,
        topic,
        timeout,
      })
    }
  }

  subscribed(exchange: ObservedExchange): void {
    const { endpoint } = exchange.requester
    for (const { now, client, link, receive } of this.#observers) {
      const id = idOf(exchange)
      const filter = exchange.request.responseFilter ?? ''
      receive({
        kind: 'subscribed',
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange: id,
        filter,
      })
    }
  }

  sent(exchange: ObservedExchange, attempt: number, message: OutgoingMessage): void {
    const { endpoint } = exchange.requester
    for (const { now, client, link, copy, receive } of this.#observers)
      receive({
        kind: attempt === 1 ? 'sent' : 'retried',
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange: idOf(exchange),
        attempt,
        correlation: exchange.request.displayToken,
        message: copy(message),
      })
  }

  acknowledged(exchange: ObservedExchange, reasonCode: number): void {
    const { endpoint } = exchange.requester
    for (const { now, client, link, receive } of this.#observers) {
      const id = idOf(exchange)
      receive({
        kind: 'acknowledged',
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange: id,
        reasonCode,
      })
    }
  }

  received(exchange: ObservedExchange, message: Message): void {
    const { endpoint } = exchange.requester
    for (const { now, client, link, copy, receive } of this.#observers)
      receive({
        kind: isAcceptance(message) ? 'accepted' : 'received',
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange: idOf(exchange),
        message: copy(message),
      })
  }

  /** Emits the credit in the User Properties of an exchange control message. */
  credit(exchange: ObservedExchange, userProperties: UserProperties): void {
    const { endpoint } = exchange.requester
    for (const { now, client, link, receive } of this.#observers) {
      const id = idOf(exchange)
      const total = creditOf({ userProperties })
      if (total !== undefined)
        receive({
          kind: 'credit',
          side,
          at: now(),
          client,
          link,
          endpoint: endpoint.name,
          exchange: id,
          total,
        })
    }
  }

  responded(exchange: ObservedExchange): void {
    const { endpoint } = exchange.requester
    for (const { now, client, link, receive } of this.#observers) {
      const id = idOf(exchange)
      const outcome = 'responded'
      receive({
        kind: 'settled',
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange: id,
        outcome,
      })
    }
  }

  cancelled(exchange: ObservedExchange): void {
    const { endpoint } = exchange.requester
    for (const { now, client, link, receive } of this.#observers) {
      const head = {
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange: idOf(exchange),
      } as const
      receive({ kind: 'cancelled', ...head })
      receive({ kind: 'settled', ...head, outcome: 'cancelled' })
    }
  }

  failed(exchange: ObservedExchange, error: AntiphonError): void {
    this.#settleFailed(exchange.requester, idOf(exchange), error)
  }

  /** Emits the events of a request that could not be created, so that it has no exchange. */
  rejected(requester: ObservedRequester, error: AntiphonError): void {
    const { events, endpoint, rules } = requester
    const id = events.nextId()
    const topic = endpoint.topic.template
    const { timeout } = rules
    for (const { now, client, link, receive } of this.#observers)
      receive({
        kind: 'requested',
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange: id,
        topic,
        timeout,
      })
    this.#settleFailed(requester, id, error)
  }

  #settleFailed({ endpoint }: ObservedRequester, exchange: number, error: AntiphonError): void {
    for (const { now, client, link, receive } of this.#observers) {
      const event: ExchangeEvent = {
        kind: 'settled',
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange,
        outcome: error.code === 'timeout' ? 'timed-out' : 'failed',
        error: toObservedError(error),
      }
      receive(error.status === undefined ? event : { ...event, status: error.status.code })
    }
  }
}

function idOf(exchange: ObservedExchange): number {
  exchange.eventId ||= exchange.requester.events.nextId()
  return exchange.eventId
}
