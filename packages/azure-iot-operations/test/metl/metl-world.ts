import type { Link, Message, OutgoingMessage } from '@antiphon/core'

/** How the peer acknowledges a packet; each packet takes the next one of its queue, and is otherwise acknowledged. */
export type AckKind = 'success' | 'fail' | 'drop'

/** The queues of acknowledgements that a case sets up. */
export interface PushAcks {
  readonly publish: AckKind[]
  readonly subscribe: AckKind[]
  readonly unsubscribe: AckKind[]
}

/** A message that a case sends to the subject under test. */
export type IncomingMessage = Pick<
  Message,
  | 'contentType'
  | 'correlationData'
  | 'messageExpiryInterval'
  | 'payload'
  | 'payloadFormatIndicator'
  | 'responseTopic'
  | 'topic'
  | 'userProperties'
> & { readonly qos: 0 | 1 | 2 }

/** The broker and peers of the subject under test, as a case drives and observes them. */
export interface MetlPeer {
  /** The filters that have been subscribed to. */
  readonly subscribed: ReadonlySet<string>
  /** All messages published, resent ones included, in order. */
  readonly published: readonly OutgoingMessage[]
  /** The Packet Identifiers of acknowledged messages, in order. */
  readonly acknowledged: readonly number[]
  /** Sends a message and returns its Packet Identifier; 0 if it does not arrive. */
  readonly send: (message: IncomingMessage, packetId?: number) => number | Promise<number>
  /** Closes the connection of the subject; its session stays. */
  readonly disconnect: () => void
}

/** A subject under test with its peer, on one of the levels of the runner. */
export interface MetlWorld {
  readonly link: Link
  readonly peer: MetlPeer
  /** Lets time pass until a condition holds; rejects if it never does. */
  readonly until: (isReached: () => boolean, what: string) => Promise<void>
  /** Lets everything happen that happens without time passing. */
  readonly settle: () => Promise<void>
  readonly sleep: (milliseconds: number) => Promise<void>
  readonly freeze: () => void
  readonly unfreeze: () => void
  readonly close: () => Promise<void>
}

/** What a level builds a world from. */
export interface WorldOptions {
  readonly clientId: string
  readonly acks: PushAcks
}

export type OpenWorld = (options: WorldOptions) => MetlWorld | Promise<MetlWorld>
