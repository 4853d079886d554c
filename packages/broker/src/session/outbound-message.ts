import type { QoS } from '@antiphon/core'
import type { Publication } from '../packet/publication.js'
import type { SharedGroup } from '../routing/shared-group.js'

/** One publication on its way to one session at QoS 1 or 2. */
export interface OutboundMessage {
  readonly publication: Publication
  readonly qos: QoS
  readonly retain: boolean
  readonly identifiers: readonly number[] | null
  /** The shared subscription that chose this session, for giving it to another when this one dies. */
  readonly group: SharedGroup | null
  /** Whoever wants to know how it ends. */
  readonly tracker: DeliveryTracker | null
  /** 0 until it has one; then its own until it is acknowledged. */
  packetId: number
  /** Under which number the storage knows it; 0 while it is not stored. */
  storedAs: number
  /** It was sent on the present connection and not acknowledged. */
  isOutstanding: boolean
  /** It may not leave before the storage has it. */
  isHeld: boolean
  /** It has been sent before, on this connection or on another. */
  wasSent: boolean
  /** The receiver has said PUBREC: what is left is PUBREL and PUBCOMP. */
  isReceived: boolean
  /** It was taken back while its receiver had it: the next connection does not get it. */
  isWithdrawn: boolean
}

/** How a delivery is made, beside its publication. */
export type DeliveryOptions = Pick<OutboundMessage, 'qos' | 'retain' | 'identifiers' | 'group' | 'tracker'>

/** A delivery that nothing has happened to. */
export function newDelivery(publication: Publication, options: DeliveryOptions): OutboundMessage {
  const { qos, retain, identifiers, group, tracker } = options
  return {
    publication,
    qos,
    retain,
    identifiers,
    group,
    tracker,
    packetId: 0,
    storedAs: 0,
    isOutstanding: false,
    isHeld: false,
    wasSent: false,
    isReceived: false,
    isWithdrawn: false,
  }
}

/** How a delivery can end without having been acknowledged. */
export type DeliveryLoss = 'expired' | 'queue-full' | 'too-large' | 'session-ended'

/** Hears of the fate of one delivery. */
export interface DeliveryTracker {
  readonly sent: () => void
  /** The receiver's acknowledgement, of whatever reason code. */
  readonly acknowledged: (reasonCode: number) => void
  readonly lost: (loss: DeliveryLoss) => void
}
