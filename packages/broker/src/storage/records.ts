import type { QoS } from '@antiphon/core'
import type { ClientInfo } from '../authority/authority.js'
import type { WillRequest } from '../packet/connect.js'
import { Publication } from '../packet/publication.js'
import type { OutboundMessage } from '../session/outbound-message.js'
import type { Session } from '../session/session.js'
import type { Will } from '../will/wills.js'

/** What each kind of key begins with. */
export const keys = { session: 's:', message: 'm:', delivery: 'q:', inbound: 'i:', retained: 'r:' } as const

/** Where one delivery of a session is kept. */
export function deliveryKey(session: number, delivery: number): string {
  return `${keys.delivery}${session}:${delivery}`
}

/** Where it is kept that a QoS 2 message of a session's client has come in. */
export function inboundKey(session: number, packetId: number): string {
  return `${keys.inbound}${session}:${packetId}`
}

/** A will as it is kept: its bytes as base64. */
export interface WillRecord {
  readonly client: ClientInfo
  readonly request: Omit<WillRequest, 'payload' | 'properties'> & {
    readonly payload: string
    readonly properties: string
  }
}

/** A session as it is kept. */
export interface SessionRecord {
  readonly clientId: string
  /** Seconds; `null` for ever. */
  readonly expiry: number | null
  /** When its connection ended, or `null` while it had one. */
  readonly leftAt: number | null
  readonly subscriptions: readonly SubscriptionRecord[]
  /** What is published when it does not come back in time. */
  readonly will: WillRecord | null
}

/** A subscription as it is kept. */
export interface SubscriptionRecord {
  readonly filter: string
  readonly qos: QoS
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly identifiers: readonly number[] | null
}

/** A delivery as it is kept: all of it but the publication, which is kept once for all. */
export interface DeliveryRecord {
  readonly message: number
  readonly qos: QoS
  readonly retain: boolean
  readonly identifiers: readonly number[] | null
  /** The shared subscription it came by. */
  readonly share: string | null
  readonly packetId: number
  readonly wasSent: boolean
  readonly isReceived: boolean
}

/** Writes a session's own record. */
export function encodeSession(session: Session, will: Will | undefined): Uint8Array {
  const { clientId, expiry, leftAt } = session
  const record: SessionRecord = {
    clientId,
    expiry: expiry === Infinity ? null : expiry,
    leftAt,
    subscriptions: [...session.subscriptionMap.values()].map(
      ({ filter, qos, noLocal, retainAsPublished, identifiers }) => ({
        filter,
        qos,
        noLocal,
        retainAsPublished,
        identifiers,
      }),
    ),
    will: will === undefined ? null : toWillRecord(will),
  }
  return toBytes(record)
}

/** Reads a session's own record. */
export function decodeSession(bytes: Uint8Array): SessionRecord {
  return fromBytes<SessionRecord>(bytes)
}

/** The will that a record keeps. */
export function fromWillRecord({ client, request }: WillRecord): Will {
  const { payload, properties, ...rest } = request
  return {
    client,
    request: {
      ...rest,
      payload: Buffer.from(payload, 'base64'),
      properties: Buffer.from(properties, 'base64'),
    },
  }
}

/** What a hook attached to the client is not ours to keep, and its certificate would only grow old. */
function toWillRecord({ client, request }: Will): WillRecord {
  const { certificate: _certificate, principal: _principal, ...known } = client
  const { payload, properties, ...rest } = request
  return { client: known, request: { ...rest, payload: toBase64(payload), properties: toBase64(properties) } }
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** Writes a delivery. */
export function encodeDelivery(delivery: OutboundMessage): Uint8Array {
  const { publication, qos, retain, identifiers, group, packetId, wasSent, isReceived } = delivery
  const share = group === null ? null : group.filter
  const record: DeliveryRecord = {
    message: publication.storedAs,
    qos,
    retain,
    identifiers,
    share,
    packetId,
    wasSent,
    isReceived,
  }
  return toBytes(record)
}

/** Reads a delivery. */
export function decodeDelivery(bytes: Uint8Array): DeliveryRecord {
  return fromBytes<DeliveryRecord>(bytes)
}

interface PublicationHead {
  readonly topic: string
  readonly qos: QoS
  readonly retain: boolean
  readonly expiryAt: number
  readonly expiresAt: number | null
  readonly publisher: string
  readonly propertyLength: number
}

/** Writes a publication: a head that says how long it is itself, the property bytes, the payload. */
export function encodePublication(publication: Publication): Uint8Array {
  const { topic, qos, retain, expiryAt, expiresAt, publisher, properties, payload } = publication
  const head: PublicationHead = {
    topic,
    qos,
    retain,
    expiryAt,
    expiresAt: expiresAt === Infinity ? null : expiresAt,
    publisher,
    propertyLength: properties.length,
  }
  const headBytes = toBytes(head)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(headBytes.length)
  return Buffer.concat([length, headBytes, properties, payload])
}

/** Reads a publication. */
export function decodePublication(bytes: Uint8Array): Publication {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headEnd = 4 + buffer.readUInt32BE(0)
  const { propertyLength, expiresAt, ...head } = fromBytes<PublicationHead>(buffer.subarray(4, headEnd))
  const payloadAt = headEnd + propertyLength
  return new Publication({
    ...head,
    expiresAt: expiresAt ?? Infinity,
    properties: buffer.subarray(headEnd, payloadAt),
    payload: buffer.subarray(payloadAt),
  })
}

function toBytes(record: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(record))
}

function fromBytes<T>(bytes: Uint8Array): T {
  return JSON.parse(Buffer.from(bytes).toString()) as T
}
