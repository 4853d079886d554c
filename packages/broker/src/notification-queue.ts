import { throwError } from 'rxjs'
import type { Flushable, Turn } from './connection/turn.js'
import type { BrokerEvent } from './events.js'

/** Receives the events. */
export interface EventSink {
  /** Whether it has observers; without any, no event is posted. */
  readonly observed: boolean
  readonly next: (event: BrokerEvent) => void
}

/** An event for `events$`, or the call of another observer. */
type Notification = BrokerEvent | (() => void)

/**
 * Calls observers after the operation that they are told about, in the order in which things happened.
 *
 * Observers are users' code: they may publish, subscribe, disconnect clients and close the broker. The broker therefore
 * calls none while it routes a message or changes a session. A notification waits until the outermost operation ends,
 * which `begin` and `end` enclose. Outside of operations, it waits until the next one begins, or for the end of the turn.
 *
 * So do the notifications of what observers cause: observers that react to each other for ever do not block the event
 * loop.
 *
 * `begin` and `end` call users' code. Enclose only what the broker itself does not call: a packet that arrived, a call of
 * the broker's interface.
 */
export class NotificationQueue implements Flushable {
  readonly #turn: Turn
  readonly #events: EventSink
  #waiting: Notification[] = []
  #spare: Notification[] = []
  /** How many operations are under way, each within the one before; calling observers counts as one. */
  #depth = 0
  #isListed = false

  constructor(turn: Turn, events: EventSink) {
    this.#turn = turn
    this.#events = events
  }

  /** Begins an operation. `end` must follow, whatever is thrown meanwhile. */
  begin(): void {
    if (this.#depth === 0 && this.#waiting.length > 0) this.#callObservers()
    this.#depth++
  }

  /** Ends the operation and begins another: cheaper than both calls where nothing waits. */
  next(): void {
    if (this.#waiting.length === 0 || this.#depth > 1) return
    this.end()
    this.#depth++
  }

  /** Ends an operation. */
  end(): void {
    this.#depth--
    if (this.#depth === 0 && this.#waiting.length > 0) this.#callObservers()
  }

  /** Runs an operation, then calls the observers and returns its result. */
  run<T>(operation: () => T): T {
    this.begin()
    try {
      return operation()
    } finally {
      this.end()
    }
  }

  /** Appends a notification. */
  post(notification: Notification): void {
    this.#waiting.push(notification)
    if (this.#depth === 0) this.#list()
  }

  /** Calls the observers, unless an operation is under way. */
  flush(): void {
    this.#isListed = false
    if (this.#depth === 0) this.#callObservers()
  }

  #callObservers(): void {
    const due = this.#waiting
    this.#waiting = this.#spare
    this.#depth++
    for (const notification of due) this.#call(notification)
    this.#depth--
    due.length = 0
    this.#spare = due
    if (this.#waiting.length > 0) this.#list()
  }

  #call(notification: Notification): void {
    try {
      if (typeof notification === 'function') notification()
      else this.#events.next(notification)
    } catch (error) {
      // Reported as RxJS reports errors that no observer handles; the other notifications follow.
      throwError(() => error).subscribe()
    }
  }

  #list(): void {
    if (this.#isListed) return
    this.#isListed = true
    this.#turn.add(this)
  }
}
