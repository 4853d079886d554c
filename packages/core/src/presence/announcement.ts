import { isLeft, right, type Either } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { Codec, DecodeError } from '../codec/codec.js'
import { decodeFailure } from '../codec/decode-failure.js'
import { decodeWith } from '../codec/guard.js'
import { json } from '../codec/json.js'
import type { Message } from '../message.js'
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

const announcementType: t.Type<Announcement> = t.intersection([
  t.type({
    version: t.literal(1),
    clientId: t.string,
    instanceId: t.string,
    startedAt: t.number,
  }),
  t.partial({
    groups: t.readonlyArray(t.type({ name: t.string, topic: t.string })),
    controlTopic: t.string,
    metadata: t.UnknownRecord,
    ttl: t.number,
  }),
])

/** Creates the codec of announcements. */
export function announcementCodec(maximumBytes: number): Codec<Announcement> {
  return json(announcementType, { maximumBytes })
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
