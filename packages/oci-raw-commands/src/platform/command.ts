import type { DeliveryStatus as Progress } from '@antiphon/broker'
import { AntiphonError } from '@antiphon/core'
import type { Deadline, Deadlines } from '@antiphon/core/link'
import { isNone } from 'fp-ts/lib/Option.js'
import type { Observable, SchedulerLike, Subscription } from 'rxjs'
import type { CommandRecord, DeliveryStatus } from '../record.js'
import { responseData } from './response-data.js'
import type { Order } from './validate.js'

/** What a command needs of its surroundings. */
export interface CommandParts {
  readonly id: string
  readonly instanceId: string
  readonly order: Order
  readonly scheduler: SchedulerLike
  readonly deadlines: Deadlines
  /** Its way to the device; unsubscribing takes it back. */
  readonly delivery$: Observable<Progress>
  /** Hears of every change. */
  readonly changed: (record: CommandRecord) => void
}

/** One command on its way to the device and back, and the record of it. */
export class Command {
  record: CommandRecord
  /** The device may have it: what comes on its response endpoint may be its answer. */
  isOut = false
  readonly order: Order
  readonly #parts: CommandParts
  #delivery: Subscription | undefined
  #patience: Deadline

  constructor(parts: CommandParts) {
    const { id, instanceId, order, deadlines } = parts
    this.#parts = parts
    this.order = order
    const now = this.#now()
    this.record = {
      id,
      digital_twin_instance_id: instanceId,
      request_endpoint: order.endpoint,
      request_data_format: order.format,
      request_data: order.data,
      request_duration: order.duration,
      response_endpoint: order.responseEndpoint,
      response_data: null,
      response_duration: order.responseDuration,
      time_created: now,
      time_updated: now,
      time_finished: null,
      delivery_status: 'PENDING',
    }
    this.#patience = deadlines.add(order.deliverWithin, () => this.#finish('EXPIRED'))
  }

  /** Sends it on its way, once. */
  start(): void {
    this.#parts.changed(this.record)
    const delivery = this.#parts.delivery$.subscribe({
      next: ({ status }) => {
        if (status !== 'queued') this.isOut = true
      },
      error: (error: unknown) => this.#finish(statusOf(AntiphonError.from(error))),
      complete: () => this.#delivered(),
    })
    if (this.#isOver) delivery.unsubscribe()
    else this.#delivery = delivery
  }

  /** What came on its response endpoint. */
  answered(payload: Uint8Array): void {
    // The answer may overtake the acknowledgement of the command, and is as good as one.
    this.#delivered()
    const data = responseData(payload, this.order.format)
    if (isNone(data)) this.#finish('BAD_RESPONSE')
    else this.#finish('COMPLETED', data.value)
  }

  /** Ends it without a word: the platform closes. */
  abandon(): void {
    this.#patience.cancel()
    this.#delivery?.unsubscribe()
  }

  get #isOver(): boolean {
    return this.record.time_finished !== null
  }

  #delivered(): void {
    if (this.record.delivery_status !== 'PENDING') return
    this.isOut = true
    const { order, deadlines } = this.#parts
    if (order.responseEndpoint === null) return this.#finish('COMPLETED')
    this.#patience.cancel()
    this.#change({ delivery_status: 'SENT' })
    this.#patience = deadlines.add(order.answerWithin, () => this.#finish('NOT_RESPONDED'))
  }

  #finish(delivery_status: DeliveryStatus, response_data: unknown = null): void {
    if (this.#isOver) return
    // What was answered is acknowledged in a moment, and needs no taking back.
    if (delivery_status === 'EXPIRED') this.#delivery?.unsubscribe()
    this.#patience.cancel()
    this.#change({ delivery_status, response_data, time_finished: this.#now() })
  }

  #change(change: Partial<CommandRecord>): void {
    this.record = { ...this.record, ...change, time_updated: this.#now() }
    this.#parts.changed(this.record)
  }

  #now(): string {
    return new Date(this.#parts.scheduler.now()).toISOString()
  }
}

/** What a delivery that failed says of the command. */
function statusOf({ code }: AntiphonError): DeliveryStatus {
  if (code === 'expired') return 'EXPIRED'
  return code === 'overflow' || code === 'too-large' ? 'REJECTED' : 'REFUSED'
}
