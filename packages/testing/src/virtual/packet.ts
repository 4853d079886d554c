import type { Grant, OutgoingMessage, QoS } from '@antiphon/core'
import type { SubscribeRequest } from '@antiphon/core/link'

/** A last will: the message the broker publishes for a client that went without a farewell. */
export interface Will extends OutgoingMessage {
  /** Seconds to wait before it is published; a client that comes back meanwhile cancels it. @defaultValue 0 */
  readonly delay?: number
}

/** What a client says of itself when it connects. */
export interface ConnectPacket {
  readonly type: 'connect'
  readonly clientId: string
  readonly clean: boolean
  readonly protocolVersion: 4 | 5
  /** Seconds the broker keeps the session after the connection; `Infinity` for ever. */
  readonly sessionExpiry: number
  readonly receiveMaximum: number
  readonly maximumPacketSize: number
  readonly will?: Will
}

/** The broker's answer to CONNECT. */
export interface ConnackPacket {
  readonly type: 'connack'
  readonly reasonCode: number
  /** Present when the client was let in. */
  readonly grant?: Grant
}

/** A message on its way, in either direction. */
export interface PublishPacket {
  readonly type: 'publish'
  readonly message: OutgoingMessage
  readonly qos: QoS
  readonly retain: boolean
  readonly dup: boolean
  /** 0 for QoS 0, which has none. */
  readonly packetId: number
  readonly subscriptionIdentifiers?: readonly number[]
  /** Stands for bytes no parser would accept; only a fault script sets it. */
  readonly malformed?: boolean
}

/** One of the four acknowledgements of a message. */
export interface AckPacket {
  readonly type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'
  readonly packetId: number
  readonly reasonCode: number
}

/** A request to subscribe. */
export interface SubscribePacket {
  readonly type: 'subscribe'
  readonly packetId: number
  readonly requests: readonly SubscribeRequest[]
  readonly subscriptionIdentifier?: number
}

/** A request to unsubscribe. */
export interface UnsubscribePacket {
  readonly type: 'unsubscribe'
  readonly packetId: number
  readonly filters: readonly string[]
}

/** The broker's answer to SUBSCRIBE or UNSUBSCRIBE. */
export interface AnswerPacket {
  readonly type: 'suback' | 'unsuback'
  readonly packetId: number
  readonly reasonCodes: readonly number[]
}

/** A farewell, from either side. */
export interface DisconnectPacket {
  readonly type: 'disconnect'
  readonly reasonCode: number
}

/** What a client sends. */
export type ClientPacket =
  ConnectPacket | PublishPacket | AckPacket | SubscribePacket | UnsubscribePacket | DisconnectPacket

/** What a broker sends. */
export type ServerPacket = ConnackPacket | PublishPacket | AckPacket | AnswerPacket | DisconnectPacket

/** Any packet. */
export type Packet = ClientPacket | ServerPacket

/** What kinds of packets there are. */
export type PacketType =
  | 'connect'
  | 'connack'
  | 'publish'
  | 'puback'
  | 'pubrec'
  | 'pubrel'
  | 'pubcomp'
  | 'subscribe'
  | 'suback'
  | 'unsubscribe'
  | 'unsuback'
  | 'disconnect'
