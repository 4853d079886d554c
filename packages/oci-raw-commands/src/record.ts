import type { RequestDataFormat } from './invocation.js'

/** The status of a command. */
export type DeliveryStatus =
  /** The command waits for delivery. */
  | 'PENDING'
  /** The device has acknowledged the command, and the response is awaited. */
  | 'SENT'
  /** The device has responded; without a response endpoint, the command was delivered. */
  | 'COMPLETED'
  /** The device has no session, a clean session, or no subscription to the endpoint. */
  | 'REFUSED'
  /** The command was not delivered within `request_duration`, and will not be delivered. */
  | 'EXPIRED'
  /** The device did not respond within `response_duration` of the delivery. */
  | 'NOT_RESPONDED'
  /** The queue for the device is full, or the command exceeds the device's packet size. */
  | 'REJECTED'
  /** The response is too large, or the response to a JSON command is not JSON. */
  | 'BAD_RESPONSE'

/** The record of a command as listed, without payloads. Times are ISO 8601. */
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

/** The record of a command with its payloads: as JSON, as a string, or as base64 for bytes that are neither. */
export interface CommandRecord extends RecordSummary {
  readonly request_data: unknown
  readonly response_data: unknown
}

/** Whether the status of a record is final. */
export function isFinished({ time_finished }: RecordSummary): boolean {
  return time_finished !== null
}
