import type { DeliveryStatus as BrokerDeliveryStatus } from '@antiphon/broker'
import { AntiphonError } from '@antiphon/core'
import type { Deadline, Deadlines } from '@antiphon/core/link'
import { isNone } from 'fp-ts/lib/Option.js'
import type { Observable, SchedulerLike, Subscription } from 'rxjs'
import type { CommandRecord, DeliveryStatus } from '../record.js'
import { responseData } from './response-data.js'
import type { ParsedInvocation } from './parse-invocation.js'

/** What is stored of a command besides its invocation. */
export interface StoredDelivery {
  readonly record: CommandRecord
  readonly responseText: string
}

/** What a `CommandDelivery` is created from. */
export interface CommandDeliveryParts {
  readonly id: string
  readonly instanceId: string
  readonly invocation: ParsedInvocation
  readonly scheduler: SchedulerLike
  readonly deadlines: Deadlines
  /** Delivers the command to the device; unsubscribing removes it from the device's queue. */
  readonly delivery$: Observable<BrokerDeliveryStatus>
  /** What was stored of the command, after a restart of the platform. */
  readonly stored?: StoredDelivery
  /** Called on every change of the record. */
  readonly onChange: (record: CommandRecord) => void
}

/** One command from its invocation to its final status, and its record. */
export class CommandDelivery {
  record: CommandRecord
  /** Whether the command was sent to the device, so that a message on its response endpoint may be its response. */
  isSent = false
  readonly invocation: ParsedInvocation
  /** All changes of the record so far, the last of which is `record`. */
  readonly history: CommandRecord[] = []
  readonly #parts: CommandDeliveryParts
  #delivery: Subscription | undefined
  #deadline: Deadline | undefined
  #responseText = 'null'
  #isInFlight = false

  constructor(parts: CommandDeliveryParts) {
    const { id, instanceId, invocation, deadlines, stored } = parts
    this.#parts = parts
    this.invocation = invocation
    if (stored !== undefined) {
      this.record = stored.record
      this.#responseText = stored.responseText
      this.history.push(stored.record)
      return
    }
    const now = this.#now()
    this.record = {
      id,
      digital_twin_instance_id: instanceId,
      request_endpoint: invocation.endpoint,
      request_data_format: invocation.format,
      request_data: invocation.data,
      request_duration: invocation.duration,
      response_endpoint: invocation.responseEndpoint,
      response_data: null,
      response_duration: invocation.responseDuration,
      time_created: now,
      time_updated: now,
      time_finished: null,
      delivery_status: 'PENDING',
    }
    this.#deadline = deadlines.add(invocation.deliveryTimeout, () => this.#deliveryTimeout())
  }

  /** Starts the delivery; call it once. */
  start(): void {
    this.#change({})
    this.#deliver()
  }

  /** Continues a stored command: delivers it if it is pending, or awaits its response. Call it once, in place of `start`. */
  resume(): void {
    const { invocation, deadlines } = this.#parts
    const { delivery_status: status, time_created, time_updated } = this.record
    const remaining = (since: string, timeout: number): number =>
      Math.max(0, Date.parse(since) + timeout - this.#parts.scheduler.now())
    if (status === 'SENT') {
      this.isSent = true
      const timeout = remaining(time_updated, invocation.responseTimeout)
      this.#deadline = deadlines.add(timeout, () => this.#finish('NOT_RESPONDED'))
    } else if (status === 'PENDING') {
      const timeout = remaining(time_created, invocation.deliveryTimeout)
      if (timeout === 0) return this.#finish('EXPIRED')
      this.#deadline = deadlines.add(timeout, () => this.#deliveryTimeout())
      this.#deliver()
    }
  }

  /** Returns what has to be stored to resume the command. */
  toStored(): StoredDelivery {
    return { record: this.record, responseText: this.#responseText }
  }

  #deliver(): void {
    const delivery = this.#parts.delivery$.subscribe({
      next: ({ status }) => {
        this.#isInFlight = status !== 'queued'
        this.isSent ||= this.#isInFlight
      },
      error: (error: unknown) => this.#finish(statusOf(AntiphonError.from(error))),
      complete: () => this.#delivered(),
    })
    if (this.#isFinished) delivery.unsubscribe()
    else this.#delivery = delivery
  }

  /** Handles a message of the device on the response endpoint. */
  handleResponse(payload: Uint8Array): void {
    // The response may arrive before the PUBACK of the command, and implies it.
    this.#delivered()
    const data = responseData(payload, this.invocation.format)
    if (isNone(data)) return this.#finish('BAD_RESPONSE')
    this.#responseText = data.value.text
    this.#finish('COMPLETED', data.value.value)
  }

  /** Returns a record of the command as JSON text, with the numbers of its data as they were sent. */
  textOf({ request_data: _, response_data, ...summary }: CommandRecord): string {
    const responseText = response_data === null ? 'null' : this.#responseText
    const data = `"request_data":${this.invocation.dataText},"response_data":${responseText}`
    return `${JSON.stringify(summary).slice(0, -1)},${data}}`
  }

  /** Stops the delivery without a status, when the platform closes. */
  cancel(): void {
    this.#deadline?.cancel()
    this.#delivery?.unsubscribe()
  }

  get #isFinished(): boolean {
    return this.record.time_finished !== null
  }

  /** A command that the device has, but has not acknowledged yet, is not expired: its handler may be slow. */
  #deliveryTimeout(): void {
    if (this.#isInFlight) this.#delivered()
    else this.#finish('EXPIRED')
  }

  #delivered(): void {
    if (this.record.delivery_status !== 'PENDING') return
    this.isSent = true
    const { invocation, deadlines } = this.#parts
    if (invocation.responseEndpoint === null) return this.#finish('COMPLETED')
    this.#deadline?.cancel()
    this.#change({ delivery_status: 'SENT' })
    this.#deadline = deadlines.add(invocation.responseTimeout, () => this.#finish('NOT_RESPONDED'))
  }

  #finish(delivery_status: DeliveryStatus, response_data: unknown = null): void {
    if (this.#isFinished) return
    // Only an expired command must leave the device's queue; a command with a response is about to be acknowledged.
    if (delivery_status === 'EXPIRED') this.#delivery?.unsubscribe()
    this.#deadline?.cancel()
    this.#change({ delivery_status, response_data, time_finished: this.#now() })
  }

  #change(change: Partial<CommandRecord>): void {
    this.record = { ...this.record, ...change, time_updated: this.#now() }
    this.history.push(this.record)
    this.#parts.onChange(this.record)
  }

  #now(): string {
    return new Date(this.#parts.scheduler.now()).toISOString()
  }
}

/** Returns the status of a command whose delivery failed. */
function statusOf({ code }: AntiphonError): DeliveryStatus {
  if (code === 'expired') return 'EXPIRED'
  return code === 'overflow' || code === 'too-large' ? 'REJECTED' : 'REFUSED'
}
