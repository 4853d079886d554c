import type { QoS } from '@antiphon/core'
import type { ClientInfo } from '../authority/authority.js'
import type { WillRequest } from '../packet/connect.js'
import { Publication } from '../packet/publication.js'
import type { OutboundMessage } from '../session/outbound-message.js'
import type { Session } from '../session/session.js'
import type { Will } from '../will/wills.js'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The prefixes of the storage's keys. */
export const keys = { session: 's:', message: 'm:', outbound: 'q:', inbound: 'i:', retained: 'r:' } as const

/** Returns the key of an outbound message of a session. */
export function outboundKey(session: number, message: number): string {
  return `${keys.outbound}${session}:${message}`
}

/** Returns the key of an inbound QoS 2 message of a session. */
export function inboundKey(session: number, packetId: number): string {
  return `${keys.inbound}${session}:${packetId}`
}

/** The record of a Will; its bytes are base64. */
export interface WillRecord {
  readonly client: ClientInfo
  readonly request: Omit<WillRequest, 'payload' | 'properties'> & {
    readonly payload: string
    readonly properties: string
  }
}

/** The record of a session. */
export interface SessionRecord {
  readonly clientId: string
  /** Seconds; `null` for a session that does not expire. */
  readonly sessionExpiryInterval: number | null
  /** When its connection ended; `null` if the client was connected. */
  readonly disconnectedAt: number | null
  readonly subscriptions: readonly SubscriptionRecord[]
  /** The Will that is to be published if the client does not reconnect in time. */
  readonly will: WillRecord | null
}

/** The record of a subscription. */
export interface SubscriptionRecord {
  readonly filter: string
  readonly qos: QoS
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly retainHandling: 0 | 1 | 2
  readonly identifiers: readonly number[] | null
}

/** The record of an outbound message; its publication has a record of its own, shared by all receivers. */
export interface OutboundRecord {
  readonly message: number
  readonly qos: QoS
  readonly retain: boolean
  readonly identifiers: readonly number[] | null
  /** The Topic Filter of the shared subscription that picked the session. */
  readonly share: string | null
  readonly packetId: number
  /** Whether it has been sent, or may have been when the broker died. */
  readonly wasSent: boolean
  readonly isReceived: boolean
}

/** Encodes the record of a session. */
export function encodeSession(session: Session, will: Will | undefined): Uint8Array {
  const { clientId, sessionExpiryInterval, disconnectedAt } = session
  const record: SessionRecord = {
    clientId,
    sessionExpiryInterval: sessionExpiryInterval === Infinity ? null : sessionExpiryInterval,
    disconnectedAt,
    subscriptions: [...session.subscriptionMap.values()].map(
      ({ filter, qos, noLocal, retainAsPublished, retainHandling, identifiers }) => ({
        filter,
        qos,
        noLocal,
        retainAsPublished,
        retainHandling,
        identifiers,
      }),
    ),
    will: will === undefined ? null : toWillRecord(will),
  }
  return toBytes(record)
}

/** A subscription of format 1. */
type EarlierSubscriptionRecord = Omit<SubscriptionRecord, 'retainHandling'> & Partial<SubscriptionRecord>

/** Decodes the record of a session, also of an earlier format. */
export function decodeSession(bytes: Uint8Array): SessionRecord {
  const record = fromBytes<
    Omit<SessionRecord, 'subscriptions'> & { readonly subscriptions: readonly EarlierSubscriptionRecord[] }
  >(bytes)
  const subscriptions = record.subscriptions.map((subscription) => ({
    retainHandling: 0 as const,
    ...subscription,
  }))
  return { ...record, subscriptions }
}

/** Returns the Will of a record. */
export function fromWillRecord({ client, request }: WillRecord): Will {
  const { payload, properties, ...rest } = request
  return {
    client,
    request: {
      ...rest,
      payload: fromBase64(payload),
      properties: fromBase64(properties),
    },
  }
}

/**
 * Returns the record of a Will, without the principal, which may not be serializable, and the certificate, which may
 * expire.
 */
function toWillRecord({ client, request }: Will): WillRecord {
  const { certificate: _certificate, principal: _principal, ...identity } = client
  const { payload, properties, ...rest } = request
  return {
    client: identity,
    request: { ...rest, payload: toBase64(payload), properties: toBase64(properties) },
  }
}

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

/** Encodes the record of an outbound message. */
export function encodeOutbound(message: OutboundMessage): Uint8Array {
  const { publication, qos, retain, identifiers, group, packetId, isReceived } = message
  const shareFilter = group === null ? null : group.filter
  const record: OutboundRecord = {
    message: publication.storageId,
    qos,
    retain,
    identifiers,
    share: shareFilter,
    packetId,
    wasSent: message.wasSent || message.isStoredAsSent,
    isReceived,
  }
  return toBytes(record)
}

/** Decodes the record of an outbound message. */
export function decodeOutbound(bytes: Uint8Array): OutboundRecord {
  return fromBytes<OutboundRecord>(bytes)
}

interface PublicationHead {
  readonly topic: string
  readonly qos: QoS
  readonly retain: boolean
  readonly expiryOffset: number
  readonly expiresAt: number | null
  readonly publisherId: string
  readonly propertyLength: number
}

/** Encodes a publication: the length of the head, the head as JSON, the property bytes, the payload. */
export function encodePublication(publication: Publication): Uint8Array {
  const { topic, qos, retain, expiryOffset, expiresAt, publisherId, properties, payload } = publication
  const head: PublicationHead = {
    topic,
    qos,
    retain,
    expiryOffset,
    expiresAt: expiresAt === Infinity ? null : expiresAt,
    publisherId,
    propertyLength: properties.length,
  }
  const headBytes = toBytes(head)
  const propertiesAt = 4 + headBytes.length
  const payloadAt = propertiesAt + properties.length
  const bytes = new Uint8Array(payloadAt + payload.length)
  new DataView(bytes.buffer).setUint32(0, headBytes.length)
  bytes.set(headBytes, 4)
  bytes.set(properties, propertiesAt)
  bytes.set(payload, payloadAt)
  return bytes
}

/** Decodes a publication. */
export function decodePublication(bytes: Uint8Array): Publication {
  const headEnd = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  const { propertyLength, expiresAt, ...head } = fromBytes<PublicationHead>(bytes.subarray(4, headEnd))
  const payloadAt = headEnd + propertyLength
  return new Publication({
    ...head,
    expiresAt: expiresAt ?? Infinity,
    properties: bytes.subarray(headEnd, payloadAt),
    payload: bytes.subarray(payloadAt),
  })
}

function toBytes(record: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(record))
}

function fromBytes<T>(bytes: Uint8Array): T {
  return JSON.parse(decoder.decode(bytes)) as T
}
