import { throwError } from 'rxjs'
import type { Flushable, Turn } from './turn.js'
import type { BrokerEvent } from './events.js'

/** A receiver of broker events. */
export interface EventSink {
  /** Whether it has observers; without any, no event is posted. */
  readonly observed: boolean
  /** Whether an observer receives events of level `debug`; without it, as `observed`. */
  readonly isDebugObserved?: boolean
  readonly next: (event: BrokerEvent) => void
}

/** An event for `events$`, or the call of another observer. */
type Notification = BrokerEvent | (() => void)

/**
 * A queue that calls observers after the operation that caused their notification, in the order in which
 * notifications were posted.
 *
 * Observers are users' code: they may publish, subscribe, disconnect clients and close the broker. The broker
 * therefore calls none while it routes a message or changes a session. A notification waits until the outermost
 * operation ends, which `begin` and `end` enclose. Outside of operations, it waits until the next one begins, or for
 * the end of the turn.
 *
 * Notifications that observers cause wait in the same way, so that observers that keep reacting to each other do not
 * block the event loop.
 *
 * `begin` and `end` call users' code. Use them only at the broker's boundary: around a received packet, or a call of
 * its public interface.
 */
export class NotificationQueue implements Flushable {
  readonly #turn: Turn
  readonly #events: EventSink
  #waiting: Notification[] = []
  #spare: Notification[] = []
  /** The number of nested operations; calling observers counts as one. */
  #depth = 0
  #isScheduled = false

  constructor(turn: Turn, events: EventSink) {
    this.#turn = turn
    this.#events = events
  }

  /** Begins an operation. `end` must follow, also after an exception. */
  begin(): void {
    if (this.#depth === 0 && this.#waiting.length > 0) this.#callObservers()
    this.#depth++
  }

  /** Ends the operation and begins another; cheaper than both calls if no notification waits. */
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
    if (this.#depth === 0) this.#schedule()
  }

  /** Calls the observers, unless an operation is running. */
  flush(): void {
    this.#isScheduled = false
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
    if (this.#waiting.length > 0) this.#schedule()
  }

  #call(notification: Notification): void {
    try {
      if (typeof notification === 'function') notification()
      else this.#events.next(notification)
    } catch (error) {
      // Reported as RxJS reports unhandled errors; the remaining notifications follow.
      throwError(() => error).subscribe()
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#turn.add(this)
  }
}
