import { AntiphonError, type OutgoingMessage, type PublishAck } from '@antiphon/core'
import type { Subscriber } from 'rxjs'
import type { AwaitingPacket } from './packet-table.js'

/** What a message on its way is made from. */
export type InFlightParts = Pick<InFlightPublish, 'id' | 'message' | 'subscriber' | 'since' | 'order'>

/** One message on its way, from `publish` to its acknowledgement, over any number of connections. */
export class InFlightPublish implements AwaitingPacket {
  readonly id: number
  readonly message: OutgoingMessage
  readonly subscriber: Subscriber<PublishAck>
  /** When it was handed to us, where it has an expiry. */
  readonly since: number
  /** Which one it is of all that were. */
  readonly order: number
  stage: 'waiting' | 'sent' | 'received' | 'given-up' = 'waiting'
  wasSent = false
  reasonCode = 0

  constructor({ id, message, subscriber, since, order }: InFlightParts) {
    this.id = id
    this.message = message
    this.subscriber = subscriber
    this.since = since
    this.order = order
  }
}

export function expired({
  message: { topic, messageExpiryInterval },
  wasSent,
}: InFlightPublish): AntiphonError<'expired'> {
  const what = wasSent ? 'was not answered for' : 'could not leave'
  return new AntiphonError(
    'expired',
    `the message to ${topic} ${what} within its ${messageExpiryInterval} s`,
    {
      topic,
      phase: wasSent ? 'after-network' : 'before-network',
    },
  )
}

export function lostWithSession({ message: { topic }, wasSent }: InFlightPublish): AntiphonError {
  return wasSent
    ? new AntiphonError('session-lost', `the broker lost the session before it answered for ${topic}`, {
        topic,
        phase: 'after-network',
      })
    : new AntiphonError('connection-lost', `the connection went away before the message to ${topic} left`, {
        topic,
        phase: 'before-network',
      })
}

export function refusedByClosing(
  { message: { topic } }: InFlightPublish,
  reasonCode?: number,
): AntiphonError<'publish-refused'> {
  const what = `three connections in a row ended when the message to ${topic} was sent`
  const message = `${what}: the broker refuses it by closing; it is not sent again`
  const context = { topic, phase: 'after-network' } as const
  return new AntiphonError(
    'publish-refused',
    message,
    reasonCode === undefined ? context : { ...context, reasonCode },
  )
}
