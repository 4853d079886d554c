import type { QoS } from '@antiphon/core'
import {
  numberRule,
  requireArgument,
  violationOf,
  type OptionRule,
  type OptionRules,
  unrefScheduler,
} from '@antiphon/core/link'
import { asyncScheduler } from 'rxjs'
import type { SchedulerLike } from 'rxjs'
import type { ProtocolVersion } from '@antiphon/packet'
import type { Authority, ClientInfo, HookName } from './authority/authority.js'
import type { Storage } from './storage/storage.js'
import { limitRules, resolveLimits } from './limits.js'
import type { Limits } from './limits.js'
import { rateRules } from './rates/rate-limits.js'
import type { RateLimits } from './rates/rate-limits.js'

/** What the broker does with a message if the queue of a receiving session is full. */
export type QueuePolicy =
  /** Does not queue the message. If no other session accepted it, its publisher gets 0x97 Quota exceeded. */
  | 'drop-new'
  /** Drops the oldest queued message, although the broker has acknowledged it to its publisher. */
  | 'drop-oldest'
  /** Drops the message and disconnects the slow client with 0x97. */
  | 'disconnect'

/** What the broker does with a client that needs a new session if there are `limits.sessions`. */
export type SessionPolicy =
  /** Ends the session that has been disconnected longest; those without subscriptions first. */
  | 'end-oldest'
  /** Refuses the client with 0x97. */
  | 'refuse-new'

/** What the broker does if the sessions hold `limits.totalBytes`. */
export type MemoryPolicy =
  /**
   * Drops the oldest queued messages of the session that holds most, although the broker has acknowledged them. If no
   * message is queued, ends the disconnected session that holds most.
   */
  | 'drop-largest'
  /** Does not queue the new message and refuses the new subscription or session, with 0x97. */
  | 'refuse-new'

/** Options of `createBroker`; each has a default. */
export interface BrokerOptions {
  /** The scheduler of the broker's clock and timers. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
  /**
   * Lets the process end although the broker is open: its listeners, connections and timers do not keep it alive. What clients have
   * sent last may be lost. For scripts and tests. @defaultValue false
   */
  readonly unref?: boolean
  /** The hooks that authenticate and authorize clients. @defaultValue every client may do everything */
  readonly authority?: Authority
  /** The store of sessions, queues and retained messages. @defaultValue none: they are lost with the process */
  readonly storage?: Storage
  /** The broker's limits; each has a default. */
  readonly limits?: Partial<Limits>
  /** The rates at which clients may use the broker. @defaultValue they are not limited */
  readonly rates?: RateLimits
  /** The accepted protocol versions; 4 is MQTT 3.1.1. @defaultValue [4, 5] */
  readonly protocolVersions?: readonly ProtocolVersion[]
  /**
   * Whether clients of MQTT 3.1 (`MQIsdp`, version 3) are accepted. They are served as those of MQTT 3.1.1.
   * @defaultValue false
   */
  readonly acceptsMqtt31?: boolean
  /** The highest QoS that clients may publish with, and that subscriptions are granted. @defaultValue 2 */
  readonly maximumQoS?: QoS
  /** Whether messages may be retained. @defaultValue true */
  readonly retainAvailable?: boolean
  /** Whether clients may have a Will. @defaultValue true */
  readonly willAvailable?: boolean
  /** Whether filters may have wildcards. @defaultValue true */
  readonly wildcardSubscriptions?: boolean
  /** Whether subscriptions may be shared. @defaultValue true */
  readonly sharedSubscriptions?: boolean
  /** Whether the broker assigns a Client Identifier to a client that sends an empty one. @defaultValue true */
  readonly assignsClientIds?: boolean
  /** What happens when the queue of a client is full. @defaultValue 'drop-new' */
  readonly queuePolicy?: QueuePolicy
  /** What happens when there are as many sessions as the limit allows. @defaultValue 'end-oldest' */
  readonly sessionPolicy?: SessionPolicy
  /** What happens when all clients together exceed the limit of memory. @defaultValue 'drop-largest' */
  readonly memoryPolicy?: MemoryPolicy
  /**
   * What a shared subscription does with a QoS 1 or 2 message while none of its members is connected: `queue` queues it
   * for a member with a persistent session, `skip` ignores the subscription, so that the message is lost.
   * @defaultValue 'queue'
   */
  readonly sharedOffline?: 'skip' | 'queue'
  /** Whether a payload with Payload Format Indicator 1 that is not UTF-8 is refused with 0x99. @defaultValue false */
  readonly checksPayloadFormat?: boolean
  /** Returns the Response Information for a client that requests it: the prefix of its response topics. */
  readonly responseInformation?: (client: ClientInfo) => string | undefined
  /** The Authentication Methods that `authority.authenticate` supports; any other is refused with 0x8C. */
  readonly authenticationMethods?: readonly string[]
  /**
   * Milliseconds that a hook with a Promise or an Observable may take. Then it counts as failed, and `events$` emits
   * `hook-failed`. The handling of a message that `authorizePublish` takes is not limited.
   * @defaultValue 5 000
   */
  readonly hookTimeout?: number
  /** Milliseconds that `close()` waits for acknowledgements. @defaultValue 1 000 */
  readonly closeTimeout?: number
  /** Milliseconds between two emissions of `stats$`. @defaultValue 10 000 */
  readonly statsPeriod?: number
}

/** The options with all defaults filled in. */
export type Settings = Required<
  Omit<BrokerOptions, 'limits' | 'rates' | 'storage' | 'responseInformation' | 'authority'>
> &
  Pick<BrokerOptions, 'rates' | 'storage' | 'responseInformation'> & {
    readonly limits: Limits
    readonly authority: Authority
  }

/** The rules of `Authority`. */
const authorityRules: OptionRules<Authority> = {
  authenticate: 'function',
  authorizePublish: 'function',
  authorizeSubscribe: 'function',
  authorizeUnsubscribe: 'function',
  authorizeDelivery: 'function',
  onPublish: 'function',
  onDisconnect: 'function',
}

/**
 * Accepts an object without unknown properties, since a misspelt hook allows everything. An object of a class may have
 * other properties.
 */
const authorityRule: OptionRule = (authority) =>
  violationOf(authorityRules, isOfClass(authority) ? toHooks(authority) : authority, undefined)

function isOfClass(authority: unknown): authority is Authority {
  if (typeof authority !== 'object' || authority === null) return false
  const prototype = Object.getPrototypeOf(authority) as unknown
  return prototype !== Object.prototype && prototype !== null
}

/** Returns the hooks of an object of a class, bound to it. */
function toHooks(authority: Authority): Authority {
  const hooks = (Object.keys(authorityRules) as HookName[]).map((name) => {
    const hook: unknown = authority[name]
    return [name, typeof hook === 'function' ? (hook.bind(authority) as unknown) : hook]
  })
  return Object.fromEntries(hooks) as Authority
}

const switchRule = [true, false] as const

/** The rules of `BrokerOptions`. */
export const brokerOptionRules: OptionRules<BrokerOptions> = {
  scheduler: 'object',
  unref: switchRule,
  authority: authorityRule,
  storage: 'object',
  limits: limitRules,
  rates: rateRules,
  protocolVersions: (versions) =>
    Array.isArray(versions) &&
    versions.length > 0 &&
    versions.every((version) => version === 4 || version === 5)
      ? undefined
      : 'it must be an array of 4 and 5',
  acceptsMqtt31: switchRule,
  maximumQoS: [0, 1, 2],
  retainAvailable: switchRule,
  willAvailable: switchRule,
  wildcardSubscriptions: switchRule,
  sharedSubscriptions: switchRule,
  assignsClientIds: switchRule,
  queuePolicy: ['drop-new', 'drop-oldest', 'disconnect'],
  sessionPolicy: ['end-oldest', 'refuse-new'],
  memoryPolicy: ['drop-largest', 'refuse-new'],
  sharedOffline: ['skip', 'queue'],
  checksPayloadFormat: switchRule,
  responseInformation: 'function',
  authenticationMethods: (methods) =>
    Array.isArray(methods) && methods.every((method) => typeof method === 'string')
      ? undefined
      : 'it must be an array of strings',
  hookTimeout: numberRule(1),
  closeTimeout: numberRule(0),
  statsPeriod: numberRule(1),
}

/** Fills in the defaults; throws `invalid-argument` for an unknown option or an invalid value. */
export function resolveOptions(given: BrokerOptions): Settings {
  requireArgument('options', given, brokerOptionRules)
  const { limits, authority = {}, ...options } = pickDefined(given)
  return {
    scheduler: options.unref === true ? unrefScheduler : asyncScheduler,
    unref: false,
    protocolVersions: [4, 5],
    acceptsMqtt31: false,
    maximumQoS: 2,
    retainAvailable: true,
    willAvailable: true,
    wildcardSubscriptions: true,
    sharedSubscriptions: true,
    assignsClientIds: true,
    queuePolicy: 'drop-new',
    sessionPolicy: 'end-oldest',
    memoryPolicy: 'drop-largest',
    sharedOffline: 'queue',
    checksPayloadFormat: false,
    authenticationMethods: [],
    hookTimeout: 5_000,
    closeTimeout: 1_000,
    statsPeriod: 10_000,
    ...options,
    authority: isOfClass(authority) ? toHooks(authority) : authority,
    limits: resolveLimits(limits ?? {}),
  }
}

/** Returns the options without those that are `undefined`, which must not replace a default. */
function pickDefined(options: BrokerOptions): BrokerOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
