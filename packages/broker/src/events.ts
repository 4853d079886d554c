import type { AntiphonError } from '@antiphon/core'
import type { DeliveryLoss } from './session/outbound-message.js'
import type { ClientInfo } from './authority/authority.js'
import type { Message } from '@antiphon/core'

/** Something that happened in the broker. */
export type BrokerEvent =
  | { readonly type: 'listening'; readonly url: string }
  | { readonly type: 'connected'; readonly client: ClientInfo; readonly sessionPresent: boolean }
  /** A connection that did not come in, or that ended by its own fault before it was in. */
  | {
      readonly type: 'refused'
      readonly remoteAddress: string
      readonly clientId: string
      readonly reasonCode: number
      readonly reason: string
    }
  /** `reasonCode` is the client's own for a DISCONNECT, ours when we ended it; `undefined` for a lost connection. */
  | {
      readonly type: 'disconnected'
      readonly client: ClientInfo
      readonly by: 'client' | 'broker' | 'network'
      readonly reasonCode?: number
      readonly reason: string
    }
  | { readonly type: 'session-started'; readonly clientId: string }
  | { readonly type: 'session-ended'; readonly clientId: string }
  | {
      readonly type: 'subscribed'
      readonly clientId: string
      readonly filter: string
      readonly reasonCode: number
    }
  | { readonly type: 'unsubscribed'; readonly clientId: string; readonly filter: string }
  /** A publish and its outcome. Its message is decoded for whoever looks at it. */
  | {
      readonly type: 'published'
      readonly clientId: string
      readonly message: Message
      readonly reasonCode: number
    }
  /** A message that a receiver will not get. */
  | { readonly type: 'dropped'; readonly clientId: string; readonly topic: string; readonly loss: DropReason }
  /** A connection could not be accepted; the listener goes on. */
  | { readonly type: 'listener-failed'; readonly url: string; readonly error: AntiphonError }
  /** The storage did not take a write: nothing is acknowledged until it does. */
  | { readonly type: 'storage-failed'; readonly error: AntiphonError }

/** Why a receiver does not get a message. */
export type DropReason = DeliveryLoss | 'slow-consumer'
