import { v4 } from 'uuid'
import type { Message, OutgoingMessage } from '../message.js'
import type { ExchangeEvent, ObservedMessage } from './exchange-event.js'

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
 * Knows the observers of the exchanges of a link, with all middleware around it. Each observer gets events of its own, with what it copies
 * of messages.
 *
 * Create events as literals: a spread that many kinds of events pass through takes as long as the rest of a request (decision 0042).
 */
export class EventHub {
  /** Create an event only if there is an observer. */
  observers: readonly EventObserver[] = []
  /** Distinguishes the link from others. */
  readonly id: string = v4().slice(0, 8)
  #latestId = 0

  /** Adds an observer, until the returned function is called. */
  add(observer: EventObserver): () => void {
    this.observers = [...this.observers, observer]
    return () => {
      this.observers = this.observers.filter((other) => other !== observer)
    }
  }

  /** Returns the number of the next exchange. */
  nextId(): number {
    return ++this.#latestId
  }
}
