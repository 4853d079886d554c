import type { Endpoint } from '../endpoint.js'
import { formatToken } from '../correlation/correlation-data.js'
import type { Message, OutgoingMessage } from '../message.js'
import type { EventHub, EventObserver } from './event-hub.js'
import type { ResponderEvent } from './exchange-event.js'
import { toObservedError } from './observed-error.js'
import type { OutcomeDetails } from './serve-record.js'

/** What events say about an exchange at its responder. */
interface ObservedRequest {
  /** The number of the request in events; 0 until its first event. */
  eventId: number
  readonly responder: {
    readonly events: EventHub
    readonly endpoint: Endpoint
    readonly group: string | undefined
  }
  readonly message: Message
  readonly correlation: { readonly token?: string | undefined }
  /** The elapsed time at which it was received. */
  readonly receivedAt: number
}

const side = 'responder'

type Received = Extract<ResponderEvent, { readonly kind: 'received' }>
type Settled = Extract<ResponderEvent, { readonly kind: 'settled' }>
type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** Creates the events of exchanges at their responders, as `RequesterEvents` does for requesters. */
export class ResponderEvents {
  readonly #observers: readonly EventObserver[]

  constructor(observers: readonly EventObserver[]) {
    this.#observers = observers
  }

  received(context: ObservedRequest): void {
    const { endpoint, group } = context.responder
    for (const { now, client, link, copy, receive } of this.#observers) {
      const { token } = context.correlation
      const event: Mutable<Received> & {
        readonly at: number
        readonly client: string
        readonly link: string
      } = {
        kind: 'received',
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange: idOf(context),
        message: copy(context.message),
      }
      if (token !== undefined) event.correlation = formatToken(token)
      if (group !== undefined) event.group = group
      receive(event)
    }
  }

  started(context: ObservedRequest): void {
    const { endpoint } = context.responder
    for (const { now, client, link, receive } of this.#observers)
      receive({
        kind: 'started',
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange: idOf(context),
      })
  }

  responded(context: ObservedRequest, message: OutgoingMessage): void {
    const { endpoint } = context.responder
    for (const { now, client, link, copy, receive } of this.#observers) {
      const id = idOf(context)
      const copied = copy(message)
      receive({
        kind: 'responded',
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange: id,
        message: copied,
      })
    }
  }

  acknowledged(context: ObservedRequest, reasonCode: number): void {
    const { endpoint } = context.responder
    for (const { now, client, link, receive } of this.#observers) {
      const id = idOf(context)
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

  cancelled(context: ObservedRequest): void {
    const { endpoint } = context.responder
    for (const { now, client, link, receive } of this.#observers)
      receive({
        kind: 'cancelled',
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange: idOf(context),
      })
  }

  credit(context: ObservedRequest, total: number): void {
    const { endpoint } = context.responder
    for (const { now, client, link, receive } of this.#observers) {
      const id = idOf(context)
      receive({ kind: 'credit', side, at: now(), client, link, endpoint: endpoint.name, exchange: id, total })
    }
  }

  /** Emits the end of a request. `startedAt` and `endedAt` are elapsed times. */
  settled(
    context: ObservedRequest,
    { outcome, status, error }: OutcomeDetails,
    startedAt: number | undefined,
    endedAt: number,
  ): void {
    const { endpoint } = context.responder
    const { receivedAt } = context
    for (const { now, client, link, receive } of this.#observers) {
      const event: Mutable<Settled> & {
        readonly at: number
        readonly client: string
        readonly link: string
      } = {
        kind: 'settled',
        side,
        at: now(),
        client,
        link,
        endpoint: endpoint.name,
        exchange: idOf(context),
        outcome,
        duration: endedAt - receivedAt,
        waited: (startedAt ?? endedAt) - receivedAt,
      }
      if (status !== undefined) event.status = status
      if (error !== undefined) event.error = toObservedError(error)
      receive(event)
    }
  }

  /** Emits the end of a request that stays unacknowledged at the broker. */
  abandoned(context: ObservedRequest): void {
    const { endpoint } = context.responder
    for (const { now, client, link, receive } of this.#observers) {
      const id = idOf(context)
      const outcome = 'abandoned'
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
}

function idOf(context: ObservedRequest): number {
  context.eventId ||= context.responder.events.nextId()
  return context.eventId
}
