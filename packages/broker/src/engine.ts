import { AntiphonError } from '@antiphon/core'
import { deadlines as deadlinesOn, type Deadlines } from '@antiphon/core/link'
import { asyncScheduler } from 'rxjs'
import type { SchedulerLike } from 'rxjs'
import { HookQueue } from './authority/hook-queue.js'
import { Turn } from './connection/turn.js'
import type { BrokerEvent } from './events.js'
import { NotificationQueue } from './notification-queue.js'
import type { EventSink } from './notification-queue.js'
import type { Settings } from './options.js'
import { toMessage } from './packet/publication.js'
import { Retained } from './retained/retained.js'
import { Intake } from './routing/intake.js'
import { Router } from './routing/router.js'
import { SubscriptionHandler } from './routing/subscription-handler.js'
import type { SessionHost } from './session/session-host.js'
import { Sessions } from './session/sessions.js'
import { newCounters } from './stats.js'
import type { Counters } from './stats.js'
import { Journal } from './storage/journal.js'
import { restore } from './storage/restore.js'
import { Wills } from './will/wills.js'

/** Whoever is connected, or about to be. */
export interface Guest {
  readonly disconnect: (reasonCode: number, text: string) => void
}

/** The rooms of a running broker, as its connections see them. */
export interface Engine {
  readonly settings: Settings
  readonly turn: Turn
  readonly notifications: NotificationQueue
  readonly deadlines: Deadlines
  readonly sessions: Sessions
  readonly router: Router
  readonly retained: Retained
  readonly intake: Intake
  readonly subscriber: SubscriptionHandler
  readonly journal: Journal | undefined
  readonly counters: Counters
  readonly guests: Set<Guest>
  readonly wills: Wills
  /** Resolves when what was stored is back; absent when nothing is stored. */
  readonly ready: Promise<void> | undefined
  readonly now: () => number
  readonly emit: (event: BrokerEvent) => void
}

/** Builds the rooms of a broker and opens the doors between them. */
export function createEngine(settings: Settings, events: EventSink): Engine {
  const { scheduler, limits, authority, queuePolicy, storage } = settings
  const now = (): number => scheduler.now()
  const turn = new Turn(endOfTurn(scheduler))
  const deadlines = deadlinesOn(scheduler)
  const later = (work: () => void): void => turn.add({ flush: work })
  const counters = newCounters()
  const notifications = new NotificationQueue(turn, events)
  const emit = (event: BrokerEvent): void => {
    if (events.observed) notifications.post(event)
  }

  const journal =
    storage &&
    new Journal({
      storage,
      later,
      retry: (work) => void deadlines.add(storageRetry, work),
      failed: (error) => emit({ type: 'storage-failed', error: AntiphonError.from(error) }),
      willOf: (session) => wills.of(session),
    })
  const host: SessionHost = {
    limits,
    queuePolicy,
    now,
    journal,
    dropped: ({ clientId }, { topic }, loss) => {
      counters.dropped++
      if (events.observed) emit({ type: 'dropped', clientId, topic, loss })
    },
    later,
    retained: () => retained,
  }
  const router = new Router(settings.sharedOffline)
  const retained = new Retained({ limits, deadlines, now, journal })
  const intake = new Intake({
    authority,
    router,
    retained,
    journal,
    now,
    decided: (publication, reasonCode) => {
      if (!events.observed) return
      const { qos, retain, publisher: clientId } = publication
      const at = now()
      emit({
        type: 'published',
        clientId,
        reasonCode,
        get message() {
          return toMessage(publication, { qos, retain, dup: false }, at)
        },
      })
    },
  })
  const wills = new Wills({
    deadlines,
    now,
    publish: (publication, client) => {
      const publisher = { client, lane: new HookQueue(1, () => undefined), disconnect: () => undefined }
      void intake.take(publication, publisher, true)
    },
    sent: (session) => journal?.session(session),
  })
  const sessions = new Sessions({ host, router, wills, deadlines, emit })
  const subscriber = new SubscriptionHandler({ settings, router, journal, emit })
  const engine = {
    settings,
    turn,
    notifications,
    deadlines,
    sessions,
    router,
    retained,
    intake,
    subscriber,
    journal,
    counters,
    guests: new Set<Guest>(),
    wills,
    now,
    emit,
  }
  const ready = storage && journal && restore(engine, host, storage, journal)
  // Whoever needs it hears of its failure; nobody else has to.
  ready?.catch(() => undefined)
  return { ...engine, ready }
}

/** How long the storage is left alone after it failed, in milliseconds. */
const storageRetry = 1_000

/** Runs work after what runs now: on real time when the present callback is done, on any other when it says so. */
function endOfTurn(scheduler: SchedulerLike): (work: () => void) => void {
  if (scheduler === asyncScheduler) return (work) => void setImmediate(work)
  return (work) => void scheduler.schedule(work)
}
