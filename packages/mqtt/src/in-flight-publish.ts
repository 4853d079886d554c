import { AntiphonError, type OutgoingMessage, type PublishAck } from '@antiphon/core'
import type { Subscriber } from 'rxjs'
import type { UnacknowledgedPacket } from './packet-table.js'

/** What an `InFlightPublish` is created from. */
export type InFlightParts = Pick<
  InFlightPublish,
  'id' | 'message' | 'subscriber' | 'publishedAt' | 'sequence'
>

/** A QoS 1 or 2 message from `publish` to its acknowledgement, across any number of connections. */
export class InFlightPublish implements UnacknowledgedPacket {
  readonly id: number
  readonly message: OutgoingMessage
  readonly subscriber: Subscriber<PublishAck>
  /** When `publish` was called, for a message with an expiry; 0 otherwise. */
  readonly publishedAt: number
  /** The position among all messages of the session, which is the order of resending. */
  readonly sequence: number
  /**
   * `queued`: not sent on this connection. `sent`: PUBLISH was sent. `received`: PUBREC arrived. `refused`: the broker
   * refused it by closing; only its Packet Identifier remains in use.
   */
  stage: 'queued' | 'sent' | 'received' | 'refused' = 'queued'
  wasSent = false
  reasonCode = 0

  constructor({ id, message, subscriber, publishedAt, sequence }: InFlightParts) {
    this.id = id
    this.message = message
    this.subscriber = subscriber
    this.publishedAt = publishedAt
    this.sequence = sequence
  }
}

/** Creates the error for a message whose expiry ran out before it was acknowledged. */
export function expiredError({
  message: { topic, messageExpiryInterval },
  wasSent,
}: InFlightPublish): AntiphonError<'expired'> {
  const what = wasSent ? 'acknowledged' : 'sent'
  return new AntiphonError(
    'expired',
    `the message to ${topic} was not ${what} within its messageExpiryInterval of ${messageExpiryInterval} s`,
    {
      topic,
      phase: wasSent ? 'after-network' : 'before-network',
    },
  )
}

/** Creates the error for a message that was pending when the broker lost the session. */
export function sessionLostError({ message: { topic }, wasSent }: InFlightPublish): AntiphonError {
  return wasSent
    ? new AntiphonError(
        'session-lost',
        `the broker lost the session before it acknowledged the message to ${topic}`,
        { topic, phase: 'after-network' },
      )
    : new AntiphonError(
        'connection-lost',
        `cannot publish to ${topic}: the connection closed before the message was sent`,
        { topic, phase: 'before-network' },
      )
}

/** Creates the error for a message that made the broker close the connection three times. */
export function refusedByClosingError(
  { message: { topic } }: InFlightPublish,
  reasonCode?: number,
): AntiphonError<'publish-refused'> {
  const cause = 'the broker closed three connections in a row after it was sent; it is not sent again'
  const message = `the broker refuses the message to ${topic}: ${cause}`
  const context = { topic, phase: 'after-network' } as const
  return new AntiphonError(
    'publish-refused',
    message,
    reasonCode === undefined ? context : { ...context, reasonCode },
  )
}
