import { isLeft, right, type Either } from 'fp-ts/lib/Either.js'
import type { Codec, DecodeError } from '../codec/codec.js'
import { decodeFailure } from '../codec/decode-failure.js'
import { decodeWith } from '../codec/guard.js'
import { json } from '../codec/json.js'
import type { StandardSchema } from '../codec/standard-schema.js'
import type { Message } from '../message.js'
import { renderValue } from '../rendering.js'
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

const isText = (value: unknown): boolean => typeof value === 'string'
const isNumber = (value: unknown): boolean => typeof value === 'number'
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isGroup = (value: unknown): boolean =>
  isObject(value) && isText(value['name']) && isText(value['topic'])
const isOptional =
  (isValid: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || isValid(value)

/** What each property must be. */
const rules: Readonly<
  Record<keyof Announcement, { readonly expected: string; readonly isValid: (value: unknown) => boolean }>
> = {
  version: { expected: '1', isValid: (value) => value === 1 },
  clientId: { expected: 'string', isValid: isText },
  instanceId: { expected: 'string', isValid: isText },
  startedAt: { expected: 'number', isValid: isNumber },
  groups: {
    expected: 'groups with name and topic',
    isValid: isOptional((value) => Array.isArray(value) && value.every(isGroup)),
  },
  controlTopic: { expected: 'string', isValid: isOptional(isText) },
  metadata: { expected: 'object', isValid: isOptional(isObject) },
  ttl: { expected: 'number', isValid: isOptional(isNumber) },
}

// Core has no schema library of its own.
const announcementSchema: StandardSchema<Announcement> = {
  '~standard': {
    version: 1,
    vendor: 'antiphon',
    validate: (value) => {
      if (!isObject(value)) return { issues: [{ message: `expected object, found ${renderValue(value)}` }] }
      const issues = Object.entries(rules)
        .filter(([name, { isValid }]) => !isValid(value[name]))
        .map(([name, { expected }]) => ({
          message: `expected ${expected}, found ${renderValue(value[name])}`,
          path: [name],
        }))
      return issues.length > 0 ? { issues } : { value: value as unknown as Announcement }
    },
  },
}

/** Creates the codec of announcements. */
export function announcementCodec(maximumBytes: number): Codec<Announcement> {
  return json(announcementSchema, { maximumBytes })
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
