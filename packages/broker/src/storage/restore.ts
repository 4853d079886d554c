import type { Engine } from '../engine.js'
import type { Publication } from '../packet/publication.js'
import type { SessionHost } from '../session/session-host.js'
import { Session } from '../session/session.js'
import type { Journal } from './journal.js'
import { decodeDelivery, decodePublication, decodeSession, fromWillRecord, keys } from './records.js'
import type { DeliveryRecord, SessionRecord } from './records.js'
import type { Storage } from './storage.js'

/** The rooms that get back what they held. */
type Rooms = Pick<Engine, 'retained' | 'router' | 'sessions' | 'wills' | 'now'>

/** What a storage held, sorted out. */
interface Contents {
  readonly sessions: Map<number, SessionRecord>
  readonly messages: Map<number, Publication>
  /** By session, then by number. */
  readonly deliveries: Map<number, [storedAs: number, record: DeliveryRecord][]>
  readonly inbound: Map<number, number[]>
  readonly retained: Publication[]
}

/** Brings back what the storage kept: sessions with their subscriptions and queues, retained messages. */
export async function restore(
  engine: Rooms,
  host: SessionHost,
  storage: Storage,
  journal: Journal,
): Promise<void> {
  const contents = await read(storage)
  const { sessions, messages, deliveries } = contents
  journal.continueAfter({
    session: highest(sessions.keys()),
    message: highest(messages.keys()),
    delivery: highest([...deliveries.values()].flat().map(([storedAs]) => storedAs)),
  })
  for (const [id, message] of messages) message.storedAs = id
  for (const publication of contents.retained) engine.retained.restore(publication)
  for (const [id, record] of sessions) {
    const session = new Session(record.clientId, host)
    session.storedAs = id
    session.expiry = record.expiry ?? Infinity
    // Whoever was connected when the broker died has been away since now.
    session.leftAt = record.leftAt ?? engine.now()
    for (const { identifiers, ...line } of record.subscriptions) {
      engine.router.subscribe(session, { ...line, retainHandling: 0 }, line.qos, identifiers?.[0])
    }
    for (const packetId of contents.inbound.get(id) ?? []) {
      session.inbound.begin(packetId)
      session.inbound.answered(packetId)
    }
    for (const [storedAs, kept] of (deliveries.get(id) ?? []).sort(([left], [right]) => left - right)) {
      restoreDelivery(session, storedAs, kept, messages.get(kept.message))
    }
    if (record.will !== null) engine.wills.restore(session, fromWillRecord(record.will))
    engine.sessions.restore(session)
  }
}

function restoreDelivery(
  session: Session,
  storedAs: number,
  record: DeliveryRecord,
  publication: Publication | undefined,
): void {
  if (publication === undefined) return
  publication.storedReferences++
  const { message: _, share, ...rest } = record
  const group = share === null ? null : (session.subscriptionMap.get(share)?.group ?? null)
  session.downlink.restore({
    ...rest,
    publication,
    group,
    tracker: null,
    storedAs,
    isOutstanding: false,
    isHeld: false,
    isWithdrawn: false,
  })
}

async function read(storage: Storage): Promise<Contents> {
  const contents: Contents = {
    sessions: new Map(),
    messages: new Map(),
    deliveries: new Map(),
    inbound: new Map(),
    retained: [],
  }
  for await (const [key, value] of storage.load()) sort(contents, key, value)
  return contents
}

function sort(contents: Contents, key: string, value: Uint8Array): void {
  const [first = 0, second = 0] = key.slice(2).split(':').map(Number)
  switch (key.slice(0, 2)) {
    case keys.session:
      contents.sessions.set(first, decodeSession(value))
      return
    case keys.message:
      contents.messages.set(first, decodePublication(value))
      return
    case keys.delivery:
      append(contents.deliveries, first, [second, decodeDelivery(value)])
      return
    case keys.inbound:
      append(contents.inbound, first, second)
      return
    case keys.retained:
      contents.retained.push(decodePublication(value))
  }
}

function append<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}

function highest(numbers: Iterable<number>): number {
  let most = 0
  for (const number of numbers) if (number > most) most = number
  return most
}
