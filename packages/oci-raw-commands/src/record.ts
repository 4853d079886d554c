import type { RequestDataFormat } from './invocation.js'

/** Where a command stands. */
export type DeliveryStatus =
  /** It waits to be delivered. */
  | 'PENDING'
  /** The device has acknowledged it, and the answer is awaited. */
  | 'SENT'
  /** Answered; or delivered, where no answer was wanted. */
  | 'COMPLETED'
  /** The device cannot take commands: it has no session, one that is clean, or no subscription to the endpoint. */
  | 'REFUSED'
  /** It was not delivered in time, and will not be. */
  | 'EXPIRED'
  /** It was delivered, and no answer came in time. */
  | 'NOT_RESPONDED'
  /** The platform has no room for it, or the device takes no message as large. */
  | 'REJECTED'
  /** The answer is too large, or not JSON where the command was. */
  | 'BAD_RESPONSE'

/** What the platform knows of a command, as a list shows it. Times are ISO 8601. */
export interface RecordSummary {
  readonly id: string
  readonly digital_twin_instance_id: string
  readonly request_endpoint: string
  readonly request_data_format: RequestDataFormat
  readonly request_duration: string
  readonly response_endpoint: string | null
  readonly response_duration: string | null
  readonly time_created: string
  readonly time_updated: string
  readonly time_finished: string | null
  readonly delivery_status: DeliveryStatus
}

/** The same with what was said: JSON as it is, text as text, and base64 for bytes that are neither. */
export interface CommandRecord extends RecordSummary {
  readonly request_data: unknown
  readonly response_data: unknown
}

/** Whether nothing more will happen to it. */
export function isFinished({ time_finished }: RecordSummary): boolean {
  return time_finished !== null
}
