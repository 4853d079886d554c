/** MQTT quality of service: at most once, at least once, exactly once. */
export type QoS = 0 | 1 | 2

/** User properties as they stand on the wire: pairs, in order, a name as often as it was sent. */
export type UserProperties = readonly (readonly [name: string, value: string])[]

/** The MQTT 5 properties a message may carry. On a 3.1.1 connection none of them travel. */
export interface MessageProperties {
  /** Where the receiver should send its answer. */
  readonly responseTopic?: string
  /** The token by which the asker will recognise the answer. */
  readonly correlationData?: Uint8Array
  /** The payload's media type, such as `application/json`. */
  readonly contentType?: string
  /** `true` says that the payload is UTF-8 text. */
  readonly payloadFormatIndicator?: boolean
  /** Seconds the message stays worth delivering. */
  readonly messageExpiryInterval?: number
  readonly userProperties?: UserProperties
}

/** What is sent. Without a `qos` it goes at QoS 1. */
export interface OutgoingMessage extends MessageProperties {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos?: QoS
  readonly retain?: boolean
}

/** What arrived. */
export interface Message extends MessageProperties {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  /** The broker stored this message before the subscription was made. */
  readonly retain: boolean
  /** The broker may have delivered this message before. */
  readonly dup: boolean
  /** The identifiers of the subscriptions it was delivered for, where the broker names them. */
  readonly subscriptionIdentifiers?: readonly number[]
}

/** The first value under `name` among `properties`, or `undefined`. */
export function userProperty(properties: UserProperties | undefined, name: string): string | undefined {
  return properties?.find(([key]) => key === name)?.[1]
}
