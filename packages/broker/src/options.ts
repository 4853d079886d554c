import type { QoS } from '@antiphon/core'
import { asyncScheduler } from 'rxjs'
import type { SchedulerLike } from 'rxjs'
import type { Authority, ClientInfo } from './authority/authority.js'
import type { ProtocolVersion } from './packet/codec.js'
import type { Storage } from './storage/storage.js'
import { resolveLimits } from './limits.js'
import type { Limits } from './limits.js'

/** What happens to a message for which a session's queue has no room. */
export type QueuePolicy =
  /** The message is not queued; where nobody else took it, its publisher hears 0x97 Quota exceeded. */
  | 'drop-new'
  /** The oldest waiting message gives way. Acknowledged messages are then lost. */
  | 'drop-oldest'
  /** The slow client is disconnected with 0x97, and its message dropped. */
  | 'disconnect'

/** How a broker behaves; every member has a default. */
export interface BrokerOptions {
  /** The clock and the timers. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
  /** Who may do what. @defaultValue everybody everything */
  readonly authority?: Authority
  /** Where sessions, queues and retained messages outlive the process. @defaultValue nowhere */
  readonly storage?: Storage
  /** The bounds, each with a default of its own. */
  readonly limits?: Partial<Limits>
  /** The protocol versions let in: 4 is 3.1.1. @defaultValue [4, 5] */
  readonly protocolVersions?: readonly ProtocolVersion[]
  /** @defaultValue 2 */
  readonly maximumQoS?: QoS
  /** @defaultValue true */
  readonly retainAvailable?: boolean
  /** @defaultValue true */
  readonly willAvailable?: boolean
  /** @defaultValue true */
  readonly wildcardSubscriptions?: boolean
  /** @defaultValue true */
  readonly sharedSubscriptions?: boolean
  /** Whether clients without an identifier are given one. @defaultValue true */
  readonly assignsClientIds?: boolean
  /** @defaultValue 'drop-new' */
  readonly queuePolicy?: QueuePolicy
  /**
   * What a shared subscription does while none of its members is connected: `skip` treats it as if it were not there,
   * `queue` keeps the message for a member whose session lives on. @defaultValue 'skip'
   */
  readonly sharedOffline?: 'skip' | 'queue'
  /** Refuses payloads that say they are UTF-8 and are not, with 0x99. @defaultValue false */
  readonly checksPayloadFormat?: boolean
  /** The prefix under which a client should ask for its answers, told to clients that want to know. */
  readonly responseInformation?: (client: ClientInfo) => string | undefined
  /** The enhanced authentication methods that `authority.authenticate` speaks; any other is refused with 0x8C. */
  readonly authenticationMethods?: readonly string[]
  /** Milliseconds that `close()` gives what is unacknowledged to be acknowledged. @defaultValue 1 000 */
  readonly closeTimeout?: number
  /** Milliseconds between two items of `stats$`. @defaultValue 10 000 */
  readonly statsPeriod?: number
}

/** Options with every default filled in. */
export type Settings = Required<
  Omit<BrokerOptions, 'limits' | 'storage' | 'responseInformation' | 'authority'>
> &
  Pick<BrokerOptions, 'storage' | 'responseInformation'> & {
    readonly limits: Limits
    readonly authority: Authority
  }

/** Fills in the defaults and refuses what cannot be. */
export function resolveOptions({ limits, ...options }: BrokerOptions): Settings {
  return {
    scheduler: asyncScheduler,
    authority: {},
    protocolVersions: [4, 5],
    maximumQoS: 2,
    retainAvailable: true,
    willAvailable: true,
    wildcardSubscriptions: true,
    sharedSubscriptions: true,
    assignsClientIds: true,
    queuePolicy: 'drop-new',
    sharedOffline: 'skip',
    checksPayloadFormat: false,
    authenticationMethods: [],
    closeTimeout: 1_000,
    statsPeriod: 10_000,
    ...options,
    limits: resolveLimits(limits ?? {}),
  }
}
