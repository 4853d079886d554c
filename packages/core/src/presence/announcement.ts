import { isLeft, right, type Either } from 'fp-ts/lib/Either.js'
import type { Codec, DecodeError } from '../codec/codec.js'
import { decodeFailure } from '../codec/decode-failure.js'
import { decodeWith } from '../codec/guard.js'
import { json } from '../codec/json.js'
import type { Message } from '../message.js'
import { numberRule, pickOptions, violationOf, type OptionRule, type OptionRules } from '../option-rules.js'
import type { Member, MemberGroup } from './member.js'

/** The most bytes of an announcement that is sent, and by default of one that is read. */
export const MAX_ANNOUNCEMENT_BYTES: number = 16_384

/** The retained message by which a member announces itself. A reader ignores further properties. */
export interface Announcement {
  readonly version: 1
  readonly clientId: string
  readonly instanceId: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly groups?: readonly MemberGroup[]
  readonly controlTopic?: string
  readonly metadata?: { readonly [name: string]: unknown }
  /** Seconds after which the announcement is void unless it is repeated. */
  readonly ttl?: number
}

/** The rules of the parts of an object, by name. */
type PartRules = { readonly [name: string]: OptionRule }

const groupRules: OptionRules<MemberGroup> = { name: 'string', topic: 'string' }

const announcementRules: OptionRules<Announcement> = {
  version: [1],
  clientId: 'string',
  instanceId: 'string',
  startedAt: numberRule(-Infinity),
  groups: (value) => {
    const isValid = Array.isArray(value) && value.every((group) => faultOf(group, groupRules) === undefined)
    return isValid ? undefined : 'it must be an array of groups with name and topic'
  },
  controlTopic: 'string',
  metadata: 'object',
  ttl: numberRule(-Infinity),
}

const optionalParts: ReadonlySet<string> = new Set(['groups', 'controlTopic', 'metadata', 'ttl'])

/** Creates the codec of announcements, whose parts `readAnnouncement` checks. */
export function announcementCodec(maximumBytes: number): Codec<Announcement> {
  return json.unchecked<Announcement>({ maximumBytes })
}

/** Returns what is wrong with a part of an announcement, besides unknown properties. */
function faultOf(value: unknown, rules: PartRules): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it must be an object'
  const parts = pickOptions(value, rules)
  const missing = Object.keys(rules).find((name) => !(name in parts) && !optionalParts.has(name))
  return missing === undefined ? violationOf(rules, parts, undefined) : `.${missing} is missing`
}

/** Returns the topic of a member. Characters of the client id that are not allowed in a topic level are escaped. */
export function presenceTopic(prefix: string, clientId: string): string {
  return `${prefix}/${clientId.replace(/[/+#%]/g, encodeURIComponent)}`
}

/** Reads an announcement. A client may announce only itself: its client id must be that of the topic. */
export function readAnnouncement(
  codec: Codec<Announcement>,
  prefix: string,
  { topic, payload, contentType }: Message,
): Either<DecodeError, { readonly member: Member; readonly ttl: number | undefined }> {
  const decoded = decodeWith(codec, payload, contentType)
  if (isLeft(decoded)) return decoded
  const fault = faultOf(decoded.right, announcementRules)
  if (fault !== undefined) return decodeFailure(codec.contentType, `the announcement is not valid: ${fault}`)
  const { clientId, instanceId, startedAt, groups = [], controlTopic, metadata = {}, ttl } = decoded.right
  if (presenceTopic(prefix, clientId) !== topic) {
    return decodeFailure(
      codec.contentType,
      `the client id ${JSON.stringify(clientId)} is not that of the topic`,
    )
  }
  const member = {
    clientId,
    instanceId,
    startedAt,
    groups: groups.map(({ name, topic: groupTopic }) => ({ name, topic: groupTopic })),
    metadata,
    ...(controlTopic === undefined ? {} : { controlTopic }),
  }
  return right({ member, ttl })
}
