import { Subject, filter } from 'rxjs'
import type { Observable } from 'rxjs'
import { eventLevel, isAtLeast } from './events.js'
import type { BrokerEvent, EventLevel } from './events.js'
import type { EventSink } from './notification-queue.js'

/** The events of a broker, for observers of all of them and of those from a level. */
export class EventSubject extends Subject<BrokerEvent> implements EventSink {
  /** All events but those of level `debug`. */
  readonly #notable = new Subject<BrokerEvent>()

  override get observed(): boolean {
    return super.observed || this.#notable.observed
  }

  /** Whether an observer receives the events of messages that are routed. */
  get isDebugObserved(): boolean {
    return super.observed
  }

  override next(event: BrokerEvent): void {
    super.next(event)
    if (this.#notable.observed && eventLevel(event) !== 'debug') this.#notable.next(event)
  }

  override complete(): void {
    super.complete()
    this.#notable.complete()
  }

  /** Returns the events of a level and above. */
  from$(level: EventLevel): Observable<BrokerEvent> {
    if (level === 'debug') return this.asObservable()
    return this.#notable.pipe(filter((event) => isAtLeast(eventLevel(event), level)))
  }
}
