import type { MessageProperties, QoS } from '@antiphon/core'
import type { WillRequest } from '../packet/connect.js'
import { encodeProperties } from '../packet/message-properties.js'

/** The Will of a local client: the message that the broker publishes when the client's connection is lost. */
export interface LocalWill extends MessageProperties {
  readonly topic: string
  readonly payload: Uint8Array
  /** The QoS of the Will. @defaultValue 0 */
  readonly qos?: QoS
  /** Whether the Will is retained. @defaultValue false */
  readonly retain?: boolean
  /** The Will Delay Interval: seconds between the loss of the connection and the Will. @defaultValue 0 */
  readonly willDelayInterval?: number
}

/** Returns the Will of a local client as CONNECT carries it. */
export function toWillRequest(will: LocalWill): WillRequest {
  const { bytes, expiryOffset } = encodeProperties(will)
  const { topic, payload, qos = 0, retain = false, willDelayInterval = 0, messageExpiryInterval } = will
  return {
    topic,
    payload,
    qos,
    retain,
    willDelayInterval,
    properties: bytes,
    expiryOffset,
    payloadFormatIndicator: will.payloadFormatIndicator === true,
    ...(messageExpiryInterval === undefined ? {} : { messageExpiryInterval }),
  }
}
