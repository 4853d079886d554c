import type { AntiphonError } from '@antiphon/core'
import type { ClientDisconnection, ClientInfo, HookName } from './authority/authority.js'
import type { Message } from '@antiphon/core'
import type { Limits } from './limits.js'
import { isFailure } from './packet/reason.js'

/** Something that happened in the broker. */
export type BrokerEvent =
  | { readonly type: 'listening'; readonly url: string }
  | { readonly type: 'connected'; readonly client: ClientInfo; readonly sessionPresent: boolean }
  /** A connection was rejected, or ended by an error before its client was admitted. */
  | {
      readonly type: 'refused'
      readonly remoteAddress: string
      readonly clientId: string
      readonly reasonCode: number
      readonly reason: string
    }
  | ({ readonly type: 'disconnected' } & ClientDisconnection)
  | { readonly type: 'session-started'; readonly clientId: string }
  /** `limit` is the limit because of which the broker ended the session; `createBroker({ limits })` raises it. */
  | { readonly type: 'session-ended'; readonly clientId: string; readonly limit?: keyof Limits }
  /** A client subscribed to a filter, or was refused with `reasonCode`. `reason` is the rule behind a refusal, if it is known. */
  | {
      readonly type: 'subscribed'
      readonly clientId: string
      readonly filter: string
      readonly reasonCode: number
      readonly reason?: string
    }
  | { readonly type: 'unsubscribed'; readonly clientId: string; readonly filter: string }
  /** A hook threw, rejected, took longer than `hookTimeout` or returned an invalid result: it allowed nothing. */
  | {
      readonly type: 'hook-failed'
      readonly hook: HookName
      readonly clientId: string
      readonly error: AntiphonError
    }
  /**
   * A message was published, handled by a hook (`take`), or refused with `reasonCode`; `reason` is the rule behind a refusal, if
   * it is known. The message is decoded when the property is read.
   */
  | {
      readonly type: 'published'
      readonly clientId: string
      readonly message: Message
      readonly reasonCode: number
      readonly reason?: string
    }
  /**
   * A message will not reach one of its receivers. `limit` is the limit that was reached; `createBroker({ limits })` raises
   * it.
   */
  | {
      readonly type: 'dropped'
      readonly clientId: string
      readonly topic: string
      readonly loss: DropReason
      readonly limit?: keyof Limits
    }
  /** A listener could not accept a connection; it continues to listen. */
  | { readonly type: 'listener-failed'; readonly url: string; readonly error: AntiphonError }
  /** A commit of the storage failed. The broker acknowledges nothing until one succeeds. */
  | { readonly type: 'storage-failed'; readonly error: AntiphonError }

/** Why a delivery ended without an acknowledgement. */
export type DeliveryLoss = 'expired' | 'queue-full' | 'too-large' | 'session-ended'

/** Why a message does not reach a receiver; `not-authorized`: `authorizeDelivery` refused it. */
export type DropReason = DeliveryLoss | 'slow-consumer' | 'not-authorized'

/** How much an operator should care about an event, from most to least. */
export type EventLevel = 'error' | 'warn' | 'info' | 'debug'

/**
 * Returns the level of an event:
 *
 * - `error`: the broker cannot do its work, for example because the disk is full or a hook throws.
 * - `warn`: a client, a message or a session was refused, dropped or ended by the broker.
 * - `info`: a client connected or disconnected, a listener started.
 * - `debug`: all others, among them one for each message.
 */
export function eventLevel(event: BrokerEvent): EventLevel {
  switch (event.type) {
    case 'storage-failed':
    case 'listener-failed':
    case 'hook-failed':
      return 'error'
    case 'refused':
    case 'dropped':
      return 'warn'
    case 'session-ended':
      return event.limit === undefined ? 'debug' : 'warn'
    case 'published':
    case 'subscribed':
      return isFailure(event.reasonCode) ? 'warn' : 'debug'
    case 'listening':
    case 'connected':
    case 'disconnected':
      return 'info'
    default:
      return 'debug'
  }
}

/** Returns whether an event of a level is at least as severe as another level. */
export function isAtLeast(level: EventLevel, least: EventLevel): boolean {
  return levels.indexOf(level) <= levels.indexOf(least)
}

const levels: readonly EventLevel[] = ['error', 'warn', 'info', 'debug']
