import type { QoS } from '@antiphon/core'
import type { DeliveryLoss } from '../events.js'
import type { Publication } from '../packet/publication.js'
import type { SharedGroup } from './shared-group.js'

/** The delivery of one publication to one session at QoS 1 or 2. */
export interface OutboundMessage {
  readonly publication: Publication
  readonly qos: QoS
  readonly retain: boolean
  readonly identifiers: readonly number[] | null
  /** The shared subscription that picked this session; its other members get the message if this one disconnects. */
  readonly group: SharedGroup | null
  /** The observer of the delivery. */
  readonly tracker: DeliveryTracker | null
  /** The Packet Identifier; 0 until it is assigned. */
  packetId: number
  /** Its number in the storage; 0 while it is not stored. */
  storageId: number
  /** Whether it was sent on the present connection and not acknowledged. */
  isOutstanding: boolean
  /** Whether it must not be sent before it is durable. */
  isAwaitingStorage: boolean
  /** Whether it has been sent, on this connection or an earlier one. */
  wasSent: boolean
  /** Whether the storage has it as sent, which is recorded before it is sent. */
  isStoredAsSent: boolean
  /** Whether the client has sent PUBREC, so that only PUBREL and PUBCOMP are left. */
  isReceived: boolean
  /** Whether it was withdrawn while in flight, so that it is not resent on the next connection. */
  isWithdrawn: boolean
}

/** The properties of an outbound message besides its publication. */
export type OutboundMessageOptions = Pick<
  OutboundMessage,
  'qos' | 'retain' | 'identifiers' | 'group' | 'tracker'
>

/** Returns an outbound message that has not been sent. */
export function newOutboundMessage(
  publication: Publication,
  options: OutboundMessageOptions,
): OutboundMessage {
  const { qos, retain, identifiers, group, tracker } = options
  return {
    publication,
    qos,
    retain,
    identifiers,
    group,
    tracker,
    packetId: 0,
    storageId: 0,
    isOutstanding: false,
    isAwaitingStorage: false,
    wasSent: false,
    isStoredAsSent: false,
    isReceived: false,
    isWithdrawn: false,
  }
}

/** An observer of one delivery. */
export interface DeliveryTracker {
  /** Whether the message is stored, and so outlives its observer. @defaultValue true */
  readonly isStored?: boolean
  readonly sent: () => void
  /** The client has acknowledged the message, with any reason code. */
  readonly acknowledged: (reasonCode: number) => void
  readonly lost: (loss: DeliveryLoss) => void
  /** The connection on which the message was withdrawn in flight has ended without an acknowledgement. */
  readonly withdrawn: () => void
}

/**
 * Whether a message belongs to the member of a shared subscription to which it was sent [MQTT-4.8.2-4]. That it is sent
 * must be durable before it is sent: after a crash, the broker could otherwise send it to another member.
 */
export function isBoundToMember({ qos, group }: OutboundMessage): boolean {
  return qos === 2 && group !== null
}
