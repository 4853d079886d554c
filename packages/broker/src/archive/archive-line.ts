import { AntiphonError } from '@antiphon/core'
import { numberRule, violationOf, wholeNumberRule } from '@antiphon/core/link'
import type { OptionRule } from '@antiphon/core/link'
import { validateTopicFilter, validateTopicName } from '@antiphon/core/topic'
import { currentFormat } from '../journal/format.js'
import {
  decodeOutbound,
  decodePublication,
  decodeSession,
  encodePublication,
  inboundKey,
  keys,
  outboundKey,
} from '../journal/records.js'
import { Publication } from '../packet/publication.js'

/** An entry of a storage. */
export interface StorageEntry {
  readonly key: string
  readonly value: Uint8Array
}

/** The first line of an archive. */
export const header: { readonly type: 'storage'; readonly format: number } = {
  type: 'storage',
  format: currentFormat,
}

/** Returns the line of an entry, as an object. */
export function toLine(key: string, value: Uint8Array): object {
  const [first = '', second = ''] = key.slice(2).split(':')
  switch (key.slice(0, 2)) {
    case keys.session:
      return { type: 'session', id: Number(first), ...decodeSession(value) }
    case keys.message:
      return { type: 'message', id: Number(first), ...fromPublication(value) }
    case keys.outbound:
      return { type: 'queued', session: Number(first), id: Number(second), ...decodeOutbound(value) }
    case keys.inbound:
      return { type: 'received', session: Number(first), packetId: Number(second) }
    case keys.retained:
      return { type: 'retained', ...fromPublication(value) }
    default:
      throw new AntiphonError('invalid-argument', `the storage has an entry of an unknown kind: ${key}`)
  }
}

/** Returns the entry of a line. Throws `invalid-argument` if the line has a fault. */
export function fromLine(line: unknown): StorageEntry {
  const { type } = (line ?? {}) as { readonly type?: unknown }
  const kind =
    typeof type === 'string' && Object.hasOwn(kinds, type) ? kinds[type as keyof typeof kinds] : undefined
  if (kind === undefined)
    throw new AntiphonError(
      'invalid-argument',
      `type is ${JSON.stringify(type)}: it must be ${Object.keys(kinds).join(' or ')}`,
    )
  const rules: OptionRule = { ...kind.rules, type: 'any' }
  const violation = violationOf(rules, line, undefined)
  if (violation !== undefined) throw new AntiphonError('invalid-argument', violation.replace(/^\./, ''))
  for (const name of Object.keys(kind.rules))
    if (!Object.hasOwn(line as object, name))
      throw new AntiphonError('invalid-argument', `${name} is missing`)
  // The rules have checked the types.
  return kind.toEntry(line as never)
}

const idRule = wholeNumberRule(1, Number.MAX_SAFE_INTEGER)
const qosRule = [0, 1, 2] as const
const switchRule = [true, false] as const

const orNull =
  (rule: OptionRule): OptionRule =>
  (value) =>
    value === null ? undefined : violationOf(rule, value, undefined)

const listOf =
  (rule: OptionRule): OptionRule =>
  (value) =>
    Array.isArray(value)
      ? value.map((item) => violationOf(rule, item, undefined)).find((violation) => violation !== undefined)
      : 'it must be a list'

const base64Rule: OptionRule = (value) =>
  typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value
    ? undefined
    : 'it must be base64'

const identifiersRule = orNull(listOf(wholeNumberRule(1, 268_435_455)))

const publicationRules = {
  topic: (value) => (typeof value === 'string' ? validateTopicName(value) : 'it must be a string'),
  qos: qosRule,
  retain: switchRule,
  expiryOffset: wholeNumberRule(-1, 268_435_455),
  expiresAt: orNull(numberRule(0)),
  publisherId: 'string',
  properties: base64Rule,
  payload: base64Rule,
} satisfies Record<string, OptionRule>

const subscriptionRule: OptionRule = {
  filter: (value) => (typeof value === 'string' ? validateTopicFilter(value) : 'it must be a string'),
  qos: qosRule,
  noLocal: switchRule,
  retainAsPublished: switchRule,
  retainHandling: [0, 1, 2],
  identifiers: identifiersRule,
}

interface Kind {
  readonly rules: Readonly<Record<string, OptionRule>>
  readonly toEntry: (line: never) => StorageEntry
}

const kinds = {
  session: {
    rules: {
      id: idRule,
      clientId: 'string',
      sessionExpiryInterval: orNull(numberRule(0)),
      disconnectedAt: orNull(numberRule(0)),
      subscriptions: listOf(subscriptionRule),
      will: orNull({ client: 'object', request: 'object' }),
    },
    toEntry: ({ type: _, id, ...record }: { readonly type: string; readonly id: number }) => ({
      key: `${keys.session}${id}`,
      value: toBytes(record),
    }),
  },
  message: {
    rules: { id: idRule, ...publicationRules },
    toEntry: ({
      type: _,
      id,
      ...record
    }: PublicationLine & { readonly type: string; readonly id: number }) => ({
      key: `${keys.message}${id}`,
      value: encodePublication(toPublication(record)),
    }),
  },
  queued: {
    rules: {
      session: idRule,
      id: idRule,
      message: idRule,
      qos: qosRule,
      retain: switchRule,
      identifiers: identifiersRule,
      share: orNull('string'),
      packetId: wholeNumberRule(0, 65_535),
      wasSent: switchRule,
      isReceived: switchRule,
    },
    toEntry: ({
      type: _,
      session,
      id,
      ...record
    }: {
      readonly type: string
      readonly session: number
      readonly id: number
    }) => ({ key: outboundKey(session, id), value: toBytes(record) }),
  },
  received: {
    rules: { session: idRule, packetId: wholeNumberRule(1, 65_535) },
    toEntry: ({ session, packetId }: { readonly session: number; readonly packetId: number }) => ({
      key: inboundKey(session, packetId),
      value: new Uint8Array(),
    }),
  },
  retained: {
    rules: publicationRules,
    toEntry: ({ type: _, ...record }: PublicationLine & { readonly type: string }) => ({
      key: keys.retained + record.topic,
      value: encodePublication(toPublication(record)),
    }),
  },
} satisfies Record<string, Kind>

/** A publication of an archive; its bytes are base64. */
type PublicationLine = Pick<Publication, 'topic' | 'qos' | 'retain' | 'expiryOffset' | 'publisherId'> & {
  readonly expiresAt: number | null
  readonly properties: string
  readonly payload: string
}

function fromPublication(value: Uint8Array): PublicationLine {
  const { topic, qos, retain, expiryOffset, expiresAt, publisherId, properties, payload } =
    decodePublication(value)
  return {
    ...{ topic, qos, retain, expiryOffset, publisherId },
    expiresAt: expiresAt === Infinity ? null : expiresAt,
    properties: Buffer.from(properties).toString('base64'),
    payload: Buffer.from(payload).toString('base64'),
  }
}

function toPublication({ expiresAt, properties, payload, ...head }: PublicationLine): Publication {
  return new Publication({
    ...head,
    expiresAt: expiresAt ?? Infinity,
    properties: Buffer.from(properties, 'base64'),
    payload: Buffer.from(payload, 'base64'),
  })
}

function toBytes(record: object): Uint8Array {
  return Buffer.from(JSON.stringify(record))
}
