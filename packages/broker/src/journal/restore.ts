import { AntiphonError } from '@antiphon/core'
import type { Publication } from '../packet/publication.js'
import type { SessionHost } from '../session/session-host.js'
import type { RetainedMessages } from '../retained/retained-messages.js'
import type { Router } from '../routing/router.js'
import { Session } from '../session/session.js'
import type { Sessions } from '../session/sessions.js'
import type { Wills } from '../will/wills.js'
import type { Journal } from './journal.js'
import { currentFormat, decodeFormat, formatFault, formatKey } from './format.js'
import { decodeOutbound, decodePublication, decodeSession, fromWillRecord, keys } from './records.js'
import type { OutboundRecord, SessionRecord } from './records.js'
import type { Storage } from '../storage/storage.js'

/** The components whose state is restored. */
interface RestoreTargets {
  readonly retained: RetainedMessages
  readonly router: Router
  readonly sessions: Sessions
  readonly wills: Wills<Session>
  readonly now: () => number
}

/** The decoded contents of a storage. */
interface StoredState {
  /** The format of the records; 1 if there is no format record. */
  format: number
  readonly sessions: Map<number, SessionRecord>
  readonly messages: Map<number, Publication>
  /** The outbound messages of each session, with their numbers. */
  readonly outbound: Map<number, [storageId: number, record: OutboundRecord][]>
  readonly inbound: Map<number, number[]>
  readonly retained: Publication[]
}

/** Restores sessions with their subscriptions and queues, and retained messages, from the storage. */
export async function restore(
  targets: RestoreTargets,
  host: SessionHost,
  storage: Storage,
  journal: Journal,
): Promise<void> {
  const stored = await read(storage)
  const { sessions, messages, outbound } = stored
  journal.continueAfter({
    session: highest(sessions.keys()),
    message: highest(messages.keys()),
    outbound: highest([...outbound.values()].flat().map(([storageId]) => storageId)),
  })
  for (const [id, message] of messages) message.storageId = id
  for (const publication of stored.retained) targets.retained.restore(publication)
  const restored: Session[] = []
  for (const [id, record] of sessions) {
    const session = new Session(record.clientId, host)
    restored.push(session)
    session.storageId = id
    session.sessionExpiryInterval = record.sessionExpiryInterval ?? Infinity
    // A client that was connected when the broker died counts as disconnected since now.
    session.disconnectedAt = record.disconnectedAt ?? targets.now()
    for (const { identifiers, ...requested } of record.subscriptions)
      targets.router.subscribe(session, requested, requested.qos, identifiers?.[0])
    for (const packetId of stored.inbound.get(id) ?? []) {
      session.inbound.begin(packetId)
      session.inbound.pubrecSent(packetId)
    }
    for (const [storageId, outboundRecord] of (outbound.get(id) ?? []).sort(
      ([left], [right]) => left - right,
    )) {
      restoreOutbound(session, storageId, outboundRecord, messages.get(outboundRecord.message))
    }
    if (record.will !== null) targets.wills.restore(session, fromWillRecord(record.will))
    targets.sessions.restore(session)
  }
  if (stored.format === currentFormat) journal.formatFound()
  else for (const session of restored) journal.session(session)
  // Last: a session that has expired publishes its Will to all others.
  for (const session of restored) targets.sessions.resumeExpiry(session)
}

function restoreOutbound(
  session: Session,
  storageId: number,
  record: OutboundRecord,
  publication: Publication | undefined,
): void {
  if (publication === undefined) return
  publication.storageReferences++
  const { message: _, share, ...rest } = record
  const group = share === null ? null : (session.subscriptionMap.get(share)?.group ?? null)
  session.outbound.restore({
    ...rest,
    publication,
    group,
    tracker: null,
    storageId,
    isStoredAsSent: record.wasSent,
    isOutstanding: false,
    isAwaitingStorage: false,
    isWithdrawn: false,
  })
}

async function read(storage: Storage): Promise<StoredState> {
  const stored: StoredState = {
    format: 1,
    sessions: new Map(),
    messages: new Map(),
    outbound: new Map(),
    inbound: new Map(),
    retained: [],
  }
  let corruption: AntiphonError | undefined
  for await (const [key, value] of storage.load()) {
    try {
      sort(stored, key, value)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      const text = `cannot restore the entry ${key} of the storage: it is corrupt (${reason}); restore a backup, or remove it`
      corruption ??= new AntiphonError('invalid-argument', text, { cause })
    }
  }
  // First: a record of a later format may look corrupt. The entries have no order.
  const fault = formatFault(stored.format) ?? corruption
  if (fault !== undefined) throw fault
  return stored
}

function sort(stored: StoredState, key: string, value: Uint8Array): void {
  if (key === formatKey) {
    stored.format = decodeFormat(value)
    return
  }
  const [first = 0, second = 0] = key.slice(2).split(':').map(Number)
  switch (key.slice(0, 2)) {
    case keys.session:
      stored.sessions.set(first, decodeSession(value))
      return
    case keys.message:
      stored.messages.set(first, decodePublication(value))
      return
    case keys.outbound:
      append(stored.outbound, first, [second, decodeOutbound(value)])
      return
    case keys.inbound:
      append(stored.inbound, first, second)
      return
    case keys.retained:
      stored.retained.push(decodePublication(value))
  }
}

function append<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}

function highest(numbers: Iterable<number>): number {
  let maximum = 0
  for (const number of numbers) if (number > maximum) maximum = number
  return maximum
}
