import type { AntiphonError } from '../errors.js'
import type { Message, OutgoingMessage, UserProperties } from '../message.js'
import type { ExchangeEvent } from '../observe/exchange-event.js'
import { toObservedError } from '../observe/observed-error.js'
import { creditOf, isAcceptance } from '../protocol/control-message.js'
import type { Exchange } from './exchange.js'
import type { RequesterContext } from './requester-context.js'

// These functions create one event for each observer of the link.

const side = 'requester'

export function emitRequested(exchange: Exchange): void {
  const { events, endpoint, rules } = exchange.requester
  for (const { now, client, link, receive } of events.observers) {
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

export function emitSubscribed(exchange: Exchange): void {
  const { events, endpoint } = exchange.requester
  for (const { now, client, link, receive } of events.observers) {
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

export function emitSent(exchange: Exchange, attempt: number, message: OutgoingMessage): void {
  const { events, endpoint } = exchange.requester
  for (const { now, client, link, copy, receive } of events.observers)
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

export function emitAcknowledged(exchange: Exchange, reasonCode: number): void {
  const { events, endpoint } = exchange.requester
  for (const { now, client, link, receive } of events.observers) {
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

export function emitReceived(exchange: Exchange, message: Message): void {
  const { events, endpoint } = exchange.requester
  for (const { now, client, link, copy, receive } of events.observers)
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
export function emitCredit(exchange: Exchange, userProperties: UserProperties): void {
  const { events, endpoint } = exchange.requester
  for (const { now, client, link, receive } of events.observers) {
    const id = idOf(exchange)
    const total = creditOf({ userProperties })
    if (total !== undefined)
      receive({ kind: 'credit', side, at: now(), client, link, endpoint: endpoint.name, exchange: id, total })
  }
}

export function emitResponded(exchange: Exchange): void {
  const { events, endpoint } = exchange.requester
  for (const { now, client, link, receive } of events.observers) {
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

export function emitCancelled(exchange: Exchange): void {
  const { events, endpoint } = exchange.requester
  for (const { now, client, link, receive } of events.observers) {
    const head = { side, at: now(), client, link, endpoint: endpoint.name, exchange: idOf(exchange) } as const
    receive({ kind: 'cancelled', ...head })
    receive({ kind: 'settled', ...head, outcome: 'cancelled' })
  }
}

export function emitFailed(exchange: Exchange, error: AntiphonError): void {
  const { events } = exchange.requester
  if (events.observers.length > 0) emitFailure(exchange.requester, idOf(exchange), error)
}

/** Emits the events of a request that could not be created, so that it has no exchange. */
export function emitRejected(requester: RequesterContext, error: AntiphonError): void {
  const { events, endpoint, rules } = requester
  if (events.observers.length === 0) return
  const id = events.nextId()
  const topic = endpoint.topic.template
  const { timeout } = rules
  for (const { now, client, link, receive } of events.observers)
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
  emitFailure(requester, id, error)
}

function emitFailure({ events, endpoint }: RequesterContext, exchange: number, error: AntiphonError): void {
  for (const { now, client, link, receive } of events.observers) {
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

function idOf(exchange: Exchange): number {
  exchange.eventId ||= exchange.requester.events.nextId()
  return exchange.eventId
}
