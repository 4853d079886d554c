import { AntiphonError, type OutgoingMessage, type PublishAck } from '@antiphon/core'
import type { ResumedPublish } from '@antiphon/core/link'
import type { Subscriber } from 'rxjs'
import type { UnacknowledgedPacket } from './packet-table.js'

/** What an `InFlightPublish` is created from. */
export type InFlightParts = Pick<InFlightPublish, 'id' | 'message' | 'subscriber' | 'sequence'> & {
  readonly owner: InFlightOwner
}

/** The outbound messages as one of them sees them. */
export interface InFlightOwner {
  readonly resend: (entry: InFlightPublish, messageExpiryInterval: number | undefined) => void
  readonly discard: (entry: InFlightPublish) => void
}

/** A QoS 1 or 2 message from `publish` to its acknowledgement, across any number of connections. */
export class InFlightPublish implements UnacknowledgedPacket, ResumedPublish {
  readonly id: number
  readonly message: OutgoingMessage
  readonly subscriber: Subscriber<PublishAck | ResumedPublish>
  /** The position among all messages of the session, which is the order of resending. */
  readonly sequence: number
  /** `received`: PUBREC arrived. `discarded`: it is not sent again; only its Packet Identifier remains in use. */
  stage: 'sent' | 'received' | 'discarded' = 'sent'
  /** The reason code of PUBREC. */
  receivedCode = 0
  readonly #owner: InFlightOwner

  constructor({ id, message, subscriber, sequence, owner }: InFlightParts) {
    this.id = id
    this.message = message
    this.subscriber = subscriber
    this.sequence = sequence
    this.#owner = owner
  }

  resend(messageExpiryInterval?: number): void {
    this.#owner.resend(this, messageExpiryInterval)
  }

  discard(): void {
    this.#owner.discard(this)
  }
}

/** Creates the error for a message that was in flight when the broker lost the session. */
export function sessionLostError({ message: { topic } }: InFlightPublish): AntiphonError<'session-lost'> {
  return new AntiphonError(
    'session-lost',
    `the broker lost the session before it acknowledged the message to ${topic}`,
    { topic, phase: 'after-network' },
  )
}
