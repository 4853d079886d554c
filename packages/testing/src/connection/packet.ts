import type { ConnectionInfo, OutgoingMessage, QoS } from '@antiphon/core'
import type { SubscribeRequest } from '@antiphon/core/link'

/** A Will Message: published by the broker when a client closes its connection without a normal DISCONNECT. */
export interface Will extends OutgoingMessage {
  /** The Will Delay Interval in seconds; a reconnection before its end cancels the Will. @defaultValue 0 */
  readonly willDelayInterval?: number
}

/** A CONNECT packet. */
export interface ConnectPacket {
  readonly type: 'connect'
  readonly clientId: string
  readonly clean: boolean
  readonly protocolVersion: 4 | 5
  /** The Session Expiry Interval in seconds; `Infinity` for a session that never expires. */
  readonly sessionExpiryInterval: number
  readonly receiveMaximum: number
  readonly maximumPacketSize: number
  readonly will?: Will
}

/** A CONNACK packet. */
export interface ConnackPacket {
  readonly type: 'connack'
  readonly reasonCode: number
  /** Present if the broker accepted the connection. */
  readonly info?: ConnectionInfo
}

/** A PUBLISH packet, in either direction. */
export interface PublishPacket {
  readonly type: 'publish'
  readonly message: OutgoingMessage
  readonly qos: QoS
  readonly retain: boolean
  readonly dup: boolean
  /** The Packet Identifier; 0 at QoS 0, which has none. */
  readonly packetId: number
  /** Marks a malformed packet; only fault scripts set it. */
  readonly malformed?: boolean
}

/** A PUBACK, PUBREC, PUBREL or PUBCOMP packet. */
export interface AckPacket {
  readonly type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'
  readonly packetId: number
  readonly reasonCode: number
}

/** A SUBSCRIBE packet. */
export interface SubscribePacket {
  readonly type: 'subscribe'
  readonly packetId: number
  readonly requests: readonly SubscribeRequest[]
  readonly subscriptionIdentifier?: number
}

/** An UNSUBSCRIBE packet. */
export interface UnsubscribePacket {
  readonly type: 'unsubscribe'
  readonly packetId: number
  readonly filters: readonly string[]
}

/** A SUBACK or UNSUBACK packet. */
export interface SubscriptionAckPacket {
  readonly type: 'suback' | 'unsuback'
  readonly packetId: number
  readonly reasonCodes: readonly number[]
}

/** A DISCONNECT packet, from either side. */
export interface DisconnectPacket {
  readonly type: 'disconnect'
  readonly reasonCode: number
}

/** A packet from a client. */
export type ClientPacket =
  ConnectPacket | PublishPacket | AckPacket | SubscribePacket | UnsubscribePacket | DisconnectPacket

/** A packet from the broker. */
export type ServerPacket =
  ConnackPacket | PublishPacket | AckPacket | SubscriptionAckPacket | DisconnectPacket

/** Any packet. */
export type Packet = ClientPacket | ServerPacket

/** The type of a packet. */
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
