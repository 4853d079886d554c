import type { Codec } from '@antiphon/core'
import { isJsonObject, objectCodec } from '@antiphon/core/codec'

/** A request to the bridge, as it is on the wire: the parameters and the token. */
export interface BridgeCall {
  /** The token that the response repeats. Zigbee2MQTT answers requests without one by responses without one. */
  readonly transaction?: number | string
  readonly [parameter: string]: unknown
}

/** The response of the bridge: what a request has returned, or why it has failed. */
export type BridgeOutcome = { readonly transaction: number | string } & (
  | { readonly status: 'ok'; readonly data: unknown }
  | { readonly status: 'error'; readonly error: string; readonly data?: unknown }
)

/** The state of a device by attribute, such as `brightness`. Each device has attributes of its own. */
export type DeviceState = Readonly<Record<string, unknown>>

/** The codec of requests with a transaction, which the response repeats. */
export const callCodec: Codec<BridgeCall> = objectCodec(
  'a request with a transaction',
  (frame): frame is Record<string, unknown> & BridgeCall => isToken(frame['transaction']),
)

/** The codec of responses of the bridge. */
export const outcomeCodec: Codec<BridgeOutcome> = objectCodec(
  'a response with transaction and status, and either data or error',
  (frame): frame is Record<string, unknown> & BridgeOutcome =>
    isToken(frame['transaction']) &&
    (frame['status'] === 'error'
      ? typeof frame['error'] === 'string'
      : frame['status'] === 'ok' && 'data' in frame),
)

/** The codec of states of devices. */
export const stateCodec: Codec<DeviceState> = objectCodec('an object with attributes', isJsonObject)

function isToken(value: unknown): value is number | string {
  return typeof value === 'number' || typeof value === 'string'
}
