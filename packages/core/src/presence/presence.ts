import { isLeft } from 'fp-ts/lib/Either.js'
import { v4 } from 'uuid'
import { requireArgument } from '../argument.js'
import { encodeWith } from '../codec/guard.js'
import type { Link, LinkMiddleware } from '../link/link.js'
import type { QoS } from '../message.js'
import {
  numberRule,
  violationOf,
  wholeNumberRule,
  withValue,
  type OptionRule,
  type OptionRules,
} from '../option-rules.js'
import { validateString } from '../topic/mqtt-string.js'
import { validateTopicName } from '../topic/topic-name.js'
import {
  announcementCodec,
  MAX_ANNOUNCEMENT_BYTES,
  presenceTopic,
  type Announcement,
} from './announcement.js'
import { Announcer } from './announcer.js'
import type { MemberDetails, MemberGroup } from './member.js'

/** The options of `presence`. */
export interface PresenceOptions extends MemberDetails {
  /** The client id of the link that is announced. */
  readonly clientId: string
  /** Distinguishes the runs of a program under the same client id. @defaultValue a random UUID */
  readonly instanceId?: string
  /** The announcement is published to `<prefix>/<clientId>`. @defaultValue 'presence' */
  readonly prefix?: string
  /**
   * Seconds that the broker waits for a reconnect before it removes the announcement. 0 shows a crash at once, but also
   * each lost connection. Above 0 it needs MQTT 5. @defaultValue 0
   */
  readonly willDelayInterval?: number
  /**
   * Milliseconds after which the announcement is published again. Readers then remove a member that they have not heard of
   * for three periods. It is for brokers that may lose a will, for example in a crash, and for those that send no retained
   * messages to a subscription with a wildcard, such as RabbitMQ. @defaultValue Infinity
   */
  readonly refreshPeriod?: number
}

/** The Will Message that removes the announcement. */
export interface PresenceWill {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly retain: true
  readonly willDelayInterval?: number
}

/** The announcement of one client. */
export interface Presence {
  /** The client id, for the transport. */
  readonly clientId: string
  /** Distinguishes the runs of a program under the same client id. */
  readonly instanceId: string
  /** The topic of the announcement. */
  readonly topic: string
  /** Pass it to the transport as the will of the client. */
  readonly will: PresenceWill
  /**
   * Announces a link: connects it, publishes the announcement on each connection, and removes it when the returned link is
   * closed. If the announcement is removed by another client, for example by a late will, it is published again. What the
   * broker refuses is reported on `incidents$` as `refused`.
   */
  readonly announce: LinkMiddleware
  /** Announces a further group, until the returned function is called. */
  readonly join: (group: MemberGroup) => () => void
  /** Changes what is announced. Details that are left out stay as they are. */
  readonly update: (details: MemberDetails) => void
}

const groupParts: OptionRules<MemberGroup> = {
  name: (value) => validateString(value as string),
  topic: (value) => validateString(value as string),
}

const groupRule: OptionRule = (value) => {
  const violation = violationOf(groupParts, value, undefined)
  if (violation !== undefined) return violation
  const { name, topic } = value as Partial<MemberGroup>
  return name === undefined || topic === undefined ? 'it must have a name and a topic' : undefined
}

const detailRules: OptionRules<MemberDetails> = {
  groups: (value) => {
    if (!Array.isArray(value)) return 'it must be an array'
    for (const [index, group] of value.entries()) {
      const violation = violationOf(groupRule, group, undefined)
      if (violation !== undefined) return `[${index}]${withValue(group, violation)}`
    }
    return undefined
  },
  controlTopic: (value) => validateTopicName(value as string),
  metadata: 'object',
}

const presenceOptionRules: OptionRules<PresenceOptions> = {
  ...detailRules,
  clientId: (value) => (value === '' ? 'it must not be empty' : validateString(value as string)),
  instanceId: 'string',
  prefix: (value) => validateTopicName(value as string),
  willDelayInterval: wholeNumberRule(0, 4_294_967_295),
  refreshPeriod: numberRule(1_000),
}

/**
 * Creates the announcement of a client, by which `members$` of other clients lists it while it is connected.
 *
 * The announcement is a retained message. The will removes it when the connection is lost, and `close()` when the link is
 * closed. Throws `invalid-argument` if an option is invalid, and `encode` if the announcement takes more than 16 KiB.
 *
 * @example
 * ```ts
 * const self = presence({ clientId: 'worker-1', metadata: { version: '1.2.0' } })
 * const link = self.announce(connect('mqtt://localhost', { clientId: self.clientId, will: self.will }))
 * ```
 */
export function presence(options: PresenceOptions): Presence {
  requireArgument('options', { ...options, clientId: options.clientId ?? '' }, presenceOptionRules)
  const {
    clientId,
    instanceId = v4(),
    prefix = 'presence',
    willDelayInterval = 0,
    refreshPeriod = Infinity,
  } = options
  const topic = presenceTopic(prefix, clientId)
  const ttl = refreshPeriod === Infinity ? undefined : Math.ceil((3 * refreshPeriod) / 1_000)
  let { groups, controlTopic, metadata }: MemberDetails = options
  const announcers = new Set<Announcer>()
  const joined = new Set<MemberGroup>()
  const publish = (): void => {
    for (const announcer of announcers) announcer.publish()
  }

  const toPayload = (startedAt: number): Uint8Array => {
    const allGroups = joined.size === 0 ? groups : [...(groups ?? []), ...joined]
    const own = { version: 1, clientId, instanceId, startedAt } as const
    return encodeAnnouncement({
      ...own,
      ...(allGroups === undefined ? {} : { groups: allGroups }),
      ...(controlTopic === undefined ? {} : { controlTopic }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(ttl === undefined ? {} : { ttl }),
    })
  }
  toPayload(0)

  return {
    clientId,
    instanceId,
    topic,
    will: {
      topic,
      payload: new Uint8Array(),
      qos: 1,
      retain: true,
      ...(willDelayInterval === 0 ? {} : { willDelayInterval }),
    },
    announce: (link: Link): Link => {
      const announcer = new Announcer({ link, clientId, topic, toPayload, refreshPeriod, ttl })
      announcers.add(announcer)
      announcer.start(() => announcers.delete(announcer))
      return {
        ...link,
        close: () => {
          announcer.stop()
          return link.close()
        },
      }
    },
    join: (group) => {
      requireArgument('group', group, groupRule)
      const own = { ...group }
      joined.add(own)
      try {
        toPayload(0)
      } catch (error) {
        joined.delete(own)
        throw error
      }
      publish()
      return () => {
        if (joined.delete(own)) publish()
      }
    },
    update: (details) => {
      requireArgument('details', details, detailRules)
      const before = { groups, controlTopic, metadata }
      ;({ groups = groups, controlTopic = controlTopic, metadata = metadata } = details)
      try {
        toPayload(0)
      } catch (error) {
        ;({ groups, controlTopic, metadata } = before)
        throw error
      }
      publish()
    },
  }
}

const codec = announcementCodec(MAX_ANNOUNCEMENT_BYTES)

function encodeAnnouncement(announcement: Announcement): Uint8Array {
  const encoded = encodeWith(codec, announcement)
  if (isLeft(encoded)) throw encoded.left
  return encoded.right
}
