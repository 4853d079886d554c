import { formatToken } from '../correlation/correlation-data.js'
import type { OutgoingMessage } from '../message.js'
import type { ResponderEvent } from '../observe/exchange-event.js'
import { toObservedError } from '../observe/observed-error.js'
import type { OutcomeDetails } from '../observe/serve-record.js'
import type { RequestContext } from './request-context.js'

// These functions create one event for each observer of the link.

const side = 'responder'

type Received = Extract<ResponderEvent, { readonly kind: 'received' }>
type Settled = Extract<ResponderEvent, { readonly kind: 'settled' }>
type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

export function emitReceived(context: RequestContext): void {
  const { events, endpoint, group } = context.responder
  for (const { now, client, link, copy, receive } of events.observers) {
    const { token } = context.correlation
    const event: Mutable<Received> & { readonly at: number; readonly client: string; readonly link: string } =
      {
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

export function emitStarted(context: RequestContext): void {
  const { events, endpoint } = context.responder
  for (const { now, client, link, receive } of events.observers)
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

export function emitResponded(context: RequestContext, message: OutgoingMessage): void {
  const { events, endpoint } = context.responder
  for (const { now, client, link, copy, receive } of events.observers) {
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

export function emitAcknowledged(context: RequestContext, reasonCode: number): void {
  const { events, endpoint } = context.responder
  for (const { now, client, link, receive } of events.observers) {
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

export function emitCancelled(context: RequestContext): void {
  const { events, endpoint } = context.responder
  for (const { now, client, link, receive } of events.observers)
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

export function emitCredit(context: RequestContext, total: number): void {
  const { events, endpoint } = context.responder
  for (const { now, client, link, receive } of events.observers) {
    const id = idOf(context)
    receive({ kind: 'credit', side, at: now(), client, link, endpoint: endpoint.name, exchange: id, total })
  }
}

/** Emits the end of a request. `startedAt` and `endedAt` are elapsed times. */
export function emitSettled(
  context: RequestContext,
  { outcome, status, error }: OutcomeDetails,
  startedAt: number | undefined,
  endedAt: number,
): void {
  const { events, endpoint } = context.responder
  const { receivedAt } = context
  for (const { now, client, link, receive } of events.observers) {
    const event: Mutable<Settled> & { readonly at: number; readonly client: string; readonly link: string } =
      {
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
export function emitAbandoned(context: RequestContext): void {
  const { events, endpoint } = context.responder
  for (const { now, client, link, receive } of events.observers) {
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

function idOf(context: RequestContext): number {
  context.eventId ||= context.responder.events.nextId()
  return context.eventId
}
