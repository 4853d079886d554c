import { AntiphonError } from '@antiphon/core'
import { deadlines as deadlinesOn, type Deadlines } from '@antiphon/core/link'
import { HookQueue } from '../authority/hook-queue.js'
import { Hooks } from '../authority/hooks.js'
import { Turn } from '../turn.js'
import type { BrokerEvent } from '../events.js'
import { NotificationQueue } from '../notification-queue.js'
import type { EventSink } from '../notification-queue.js'
import type { Settings } from '../options.js'
import { toMessage } from '../packet/publication.js'
import { isFailure } from '../packet/reason.js'
import type { Publication } from '../packet/publication.js'
import { RetainedMessages } from '../retained/retained-messages.js'
import { DeliveryRights } from '../session/delivery-rights.js'
import { PublishPipeline } from '../routing/publish-pipeline.js'
import type { Outcome } from '../routing/publish-pipeline.js'
import { Router } from '../routing/router.js'
import type { Overlap, SubscriptionChange } from '../routing/router.js'
import { SubscriptionHandler } from '../routing/subscription-handler.js'
import type { Session } from '../session/session.js'
import { ReplayTurns } from '../session/replay-turns.js'
import type { SessionHost } from '../session/session-host.js'
import { SessionMemory } from '../session/session-memory.js'
import { SessionRoom } from '../session/session-room.js'
import { Sessions } from '../session/sessions.js'
import { Rates } from '../rates/rates.js'
import { UnreadBytes } from '../unread-bytes.js'
import { newCounters } from '../counters.js'
import type { Counters } from '../counters.js'
import { Journal } from '../journal/journal.js'
import { restore } from '../journal/restore.js'
import { Wills } from '../will/wills.js'

/** A connection of any kind, also before its client is admitted. */
export interface OpenConnection {
  readonly disconnect: (reasonCode: number, text: string) => void
}

/** The components of a running broker, as its connections use them. */
export interface Engine {
  readonly settings: Settings
  readonly hooks: Hooks
  readonly turn: Turn
  readonly notifications: NotificationQueue
  readonly deadlines: Deadlines
  readonly sessions: Sessions
  readonly sessionRoom: SessionRoom
  readonly memory: SessionMemory
  readonly router: Router
  readonly retained: RetainedMessages
  readonly publishPipeline: PublishPipeline
  readonly subscriptionHandler: SubscriptionHandler
  readonly journal: Journal | undefined
  readonly counters: Counters
  readonly connections: Set<OpenConnection>
  /** Bytes received from all clients that have not been admitted yet. */
  readonly unauthenticated: { bytes: number }
  /** Bytes written to all connections and not sent yet. */
  readonly unread: UnreadBytes
  /** The rates of clients and addresses; `undefined` if they are not limited. */
  readonly rates: Rates | undefined
  readonly wills: Wills<Session>
  /** Resolves when the stored state is restored; `undefined` without a storage. */
  readonly ready: Promise<void> | undefined
  readonly now: () => number
  readonly emit: (event: BrokerEvent) => void
}

/** What the program around an engine may provide. */
export interface EngineHost {
  /** Runs work at the end of the turn of the event loop. @defaultValue by the scheduler */
  readonly atTurnEnd?: (work: () => void) => void
  /** The deadlines at which sessions and retained messages expire. @defaultValue timers of the scheduler */
  readonly expiries?: Deadlines
  readonly overlap?: Overlap
  readonly subscriptionChanged?: (change: SubscriptionChange) => void
  /** Called after a Will was published. */
  readonly willPublished?: (clientId: string, outcome: Outcome) => void
}

/** Creates the components of a broker and connects them. */
export function createEngine(settings: Settings, events: EventSink, engineHost: EngineHost = {}): Engine {
  const { scheduler, limits, authority, queuePolicy, storage } = settings
  const now = (): number => scheduler.now()
  const turn = new Turn(engineHost.atTurnEnd ?? ((work) => void scheduler.schedule(work)))
  const deadlines = deadlinesOn(scheduler)
  const { expiries = deadlines, overlap = 'once', subscriptionChanged: changed } = engineHost
  const atTurnEnd = (work: () => void): void => turn.add({ flush: work })
  const counters = newCounters()
  const notifications = new NotificationQueue(turn, events)
  const emit = (event: BrokerEvent): void => {
    if (events.observed) notifications.post(event)
  }

  const journal =
    storage &&
    new Journal({
      storage,
      atTurnEnd,
      retry: (work) => void deadlines.add(storageRetryDelay, work),
      failed: (error) => emit({ type: 'storage-failed', error: AntiphonError.from(error) }),
      willOf: (session) => wills.of(session),
    })
  const hooks = new Hooks({
    deadlines,
    timeout: settings.hookTimeout,
    failed: (hook, clientId, error) => emit({ type: 'hook-failed', hook, clientId, error }),
  })
  const { authorizeDelivery } = authority
  const rights =
    authorizeDelivery === undefined ? undefined : new DeliveryRights({ authorizeDelivery, hooks, now })
  const memory = new SessionMemory(limits.totalBytes)
  const host: SessionHost = {
    limits,
    queuePolicy,
    now,
    journal,
    dropped: ({ clientId }, { topic }, loss, limit) => {
      counters.dropped++
      if (events.observed)
        emit({ type: 'dropped', clientId, topic, loss, ...(limit === undefined ? {} : { limit }) })
    },
    rights,
    passOn: (group, publication, session) => router.passOn(group, publication, session),
    memory,
    admitMessage: (bytes) => sessionRoom.admitMessage(bytes),
    atTurnEnd,
    retained: () => retained,
    replayTurns: new ReplayTurns(turn),
  }
  const policy =
    rights === undefined
      ? undefined
      : {
          rights,
          refused: (session: Session, publication: Publication) =>
            host.dropped(session, publication, 'not-authorized'),
        }
  const router = new Router({ sharedOffline: settings.sharedOffline, overlap, changed, policy })
  const retained = new RetainedMessages({ limits, deadlines: expiries, now, journal })
  const publishPipeline = new PublishPipeline({
    authority,
    hooks,
    router,
    retained,
    journal,
    now,
    decided: (publication, reasonCode, reason) => {
      const isObserved = isFailure(reasonCode) ? events.observed : (events.isDebugObserved ?? events.observed)
      if (!isObserved) return
      const { qos, retain, publisherId: clientId } = publication
      const at = now()
      emit({
        type: 'published',
        clientId,
        reasonCode,
        ...(reason === undefined ? {} : { reason }),
        get message() {
          return toMessage(publication, { qos, retain, dup: false }, at)
        },
      })
    },
  })
  const wills = new Wills<Session>({
    deadlines,
    now,
    publish: (publication, client) => {
      const publisher = { client, hookQueue: new HookQueue(1, () => undefined), disconnect: () => undefined }
      const outcome = publishPipeline.publish(publication, publisher, true)
      engineHost.willPublished?.(client.clientId, outcome)
    },
    delayEnded: (session) => journal?.session(session),
  })
  const sessions = new Sessions({ host, router, wills, deadlines: expiries, emit })
  const { sessionPolicy, memoryPolicy } = settings
  const sessionRoom = new SessionRoom({ limits, sessionPolicy, memoryPolicy, memory, sessions, atTurnEnd })
  const hasRoom = (bytes: number): boolean => sessionRoom.admitSubscription(bytes)
  const subscriptionHandler = new SubscriptionHandler({ settings, hooks, router, journal, emit, hasRoom })
  const engine = {
    settings,
    hooks,
    turn,
    notifications,
    deadlines,
    sessions,
    sessionRoom,
    memory,
    router,
    retained,
    publishPipeline,
    subscriptionHandler,
    journal,
    counters,
    connections: new Set<OpenConnection>(),
    unauthenticated: { bytes: 0 },
    unread: new UnreadBytes(limits.totalUnreadBytes),
    rates: settings.rates === undefined ? undefined : new Rates(settings.rates, deadlines.now),
    wills,
    now,
    emit,
  }
  const ready = storage && journal && restore(engine, host, storage, journal)
  // Connections and calls that await it report the failure; without any, it must not be an unhandled rejection.
  ready?.catch(() => undefined)
  return { ...engine, ready }
}

/** Milliseconds between a failed commit and the next attempt. */
const storageRetryDelay = 1_000
