import type { Codec } from '@antiphon/core'
import { isJsonObject, objectCodec } from '@antiphon/core/codec'

/** A call of a method, as it is on the wire. */
export interface Call {
  readonly id: number | string
  /** The name of the requester, which receives the response on `<src>/rpc`. */
  readonly src: string
  readonly method: string
  readonly params?: unknown
}

/** What a call has returned, or why it has failed. */
export type Outcome = {
  readonly id: number | string
  readonly src?: string
  readonly dst?: string
} & ({ readonly result: unknown } | { readonly error: DeviceError })

/** An error that a device reports. */
export interface DeviceError {
  readonly code: number
  readonly message: string
}

/** The codec of calls. */
export const callCodec: Codec<Call> = objectCodec(
  'a call with id, src and method',
  (frame): frame is Record<string, unknown> & Call =>
    isId(frame['id']) && isText(frame['src']) && isText(frame['method']),
)

/** A notification of a device. */
export interface Notification {
  /** `NotifyStatus` with what has changed, `NotifyFullStatus` with all, or `NotifyEvent` with events. */
  readonly method: string
  /** The time `ts` in seconds since 1970, and the status by component or the `events`. */
  readonly params: Readonly<Record<string, unknown>>
}

/** The codec of notifications. */
export const notificationCodec: Codec<Notification> = objectCodec(
  'a notification with method and params',
  (frame): frame is Record<string, unknown> & Notification =>
    isText(frame['method']) && isJsonObject(frame['params']),
)

/** The codec of outcomes. */
export const outcomeCodec: Codec<Outcome> = objectCodec(
  'a response with id and either result or error',
  (frame): frame is Record<string, unknown> & Outcome =>
    isId(frame['id']) && ('error' in frame ? isDeviceError(frame['error']) : 'result' in frame),
)

function isId(value: unknown): value is number | string {
  return typeof value === 'number' || typeof value === 'string'
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isDeviceError(value: unknown): value is DeviceError {
  return isJsonObject(value) && typeof value['code'] === 'number' && typeof value['message'] === 'string'
}
