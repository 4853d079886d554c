import { v4 } from 'uuid'
import type { Message, OutgoingMessage } from '../message.js'
import type { ExchangeEvent, ObservedMessage } from './exchange-event.js'
import type { RequesterEvents } from './requester-events.js'
import type { ResponderEvents } from './responder-events.js'

/** Receives the events of exchanges. */
export interface EventObserver {
  /** The client id; empty before the first connection. */
  readonly client: string
  /** The id of the link. */
  readonly link: string
  /** Returns the time of an event. */
  readonly now: () => number
  /** Copies a message into an event. */
  readonly copy: (message: Message | OutgoingMessage) => ObservedMessage
  readonly receive: (event: ExchangeEvent) => void
}

/**
 * Connects the exchanges of a link, with all middleware around it, to what creates their events. That is set by
 * `observeExchanges`, so that an application which observes nothing does not load it.
 */
export class EventHub {
  /** Creates the events of requesters; `undefined` without an observer. */
  requester: RequesterEvents | undefined = undefined
  /** Creates the events of responders; `undefined` without an observer. */
  responder: ResponderEvents | undefined = undefined
  observers: readonly EventObserver[] = []
  /** Distinguishes the link from others. */
  readonly id: string = v4().slice(0, 8)
  #latestId = 0

  /** Returns the number of the next exchange. */
  nextId(): number {
    return ++this.#latestId
  }
}
