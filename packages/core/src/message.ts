/** The MQTT Quality of Service: at most once, at least once, exactly once. */
export type QoS = 0 | 1 | 2

/** User Properties in the order of the packet. A name may occur more than once. */
export type UserProperties = readonly (readonly [name: string, value: string])[]

/** The MQTT 5 properties of a message. On a 3.1.1 connection, none of them are sent. */
export interface MessageProperties {
  /** The topic to publish the response to. */
  readonly responseTopic?: string
  /** The token by which the requester matches the response to its request. */
  readonly correlationData?: Uint8Array
  /** The media type of the payload, such as `application/json`. */
  readonly contentType?: string
  /** Whether the payload is UTF-8 text. */
  readonly payloadFormatIndicator?: boolean
  /** Seconds after which the broker discards the message instead of delivering it. */
  readonly messageExpiryInterval?: number
  readonly userProperties?: UserProperties
}

/** A message to publish, by default at QoS 1. */
export interface OutgoingMessage extends MessageProperties {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos?: QoS
  readonly retain?: boolean
}

/** A received message. */
export interface Message extends MessageProperties {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  /** Whether the message was retained when the client subscribed. */
  readonly retain: boolean
  /** Whether this may be a redelivery of an earlier packet. */
  readonly dup: boolean
  /** The Subscription Identifiers of the matching subscriptions, if the broker sent them. */
  readonly subscriptionIdentifiers?: readonly number[]
}

/** Returns the first value of the User Property `name`, or `undefined`. */
export function userProperty(properties: UserProperties | undefined, name: string): string | undefined {
  return properties?.find(([key]) => key === name)?.[1]
}
