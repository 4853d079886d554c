import { AntiphonError } from '@antiphon/core'
import {
  asyncScheduler,
  concatMap,
  defer,
  endWith,
  from,
  ignoreElements,
  mergeMap,
  take,
  takeUntil,
  timer,
} from 'rxjs'
import type { Observable, SchedulerLike } from 'rxjs'
import type { Broker } from '../broker.js'
import type { BrokerStats } from '../stats.js'

/** Options of `sysTopics$`. */
export interface SysTopicsOptions {
  /** Milliseconds between two updates. @defaultValue 10 000 */
  readonly period?: number
  /** The text of `$SYS/broker/version`. @defaultValue the topic is absent */
  readonly version?: string
  /** The scheduler of the period. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/**
 * Publishes the broker's statistics as retained messages below `$SYS/broker/`, with the names of Mosquitto where they mean
 * the same. Topics whose value has not changed are not published again. They are not stored on the disk.
 * - *on subscribe*: publishes all topics, then those that have changed after every period.
 * - *next*: never. *complete*: the broker was closed.
 * - *error*: `invalid-argument` for a period below 1 ms.
 * - *unsubscribe*: stops; the retained messages stay.
 */
export function sysTopics$(broker: Broker, options: SysTopicsOptions = {}): Observable<never> {
  return defer(() => {
    const { period = 10_000, version, scheduler = asyncScheduler } = options
    if (!(period >= 1))
      throw new AntiphonError('invalid-argument', `period is ${period}: it must be a number from 1`)
    const startedAt = scheduler.now()
    const latest = new Map<string, string>()
    let mostClients = 0
    const changes = (stats: BrokerStats): (readonly [topic: string, text: string])[] => {
      mostClients = Math.max(mostClients, stats.clients)
      const uptime = Math.floor((scheduler.now() - startedAt) / 1_000)
      const topics = {
        ...(version === undefined ? {} : { version }),
        uptime: `${uptime} seconds`,
        'clients/maximum': `${mostClients}`,
        ...topicsOf(stats),
      }
      return Object.entries(topics).filter(([topic, text]) => {
        if (latest.get(topic) === text) return false
        latest.set(topic, text)
        return true
      })
    }
    return timer(0, period, scheduler).pipe(
      concatMap(() => broker.stats$.pipe(take(1))),
      mergeMap((stats) => from(changes(stats))),
      mergeMap(([topic, text]) =>
        broker.publish$({ topic: `$SYS/broker/${topic}`, payload: Buffer.from(text), retain: true }),
      ),
      ignoreElements(),
      takeUntil(closed$(broker)),
    )
  })
}

/** Emits when a broker is closed, at once if it is. */
function closed$({ eventsFrom$ }: Broker): Observable<undefined> {
  return eventsFrom$('error').pipe(ignoreElements(), endWith(undefined))
}

/** Returns the topics below `$SYS/broker/` whose values are numbers of the statistics. */
function topicsOf(stats: BrokerStats): Readonly<Record<string, string>> {
  const numbers = {
    'clients/connected': stats.clients,
    'clients/disconnected': stats.sessions - stats.clients,
    'clients/total': stats.sessions,
    'connections/count': stats.connects,
    'connections/refused': stats.refusals,
    'publish/messages/received': stats.messagesIn,
    'publish/messages/sent': stats.messagesOut,
    'publish/messages/dropped': stats.dropped,
    'bytes/received': stats.bytesIn,
    'bytes/sent': stats.bytesOut,
    'retained messages/count': stats.retained,
    'retained messages/bytes': stats.retainedBytes,
    'subscriptions/count': stats.subscriptions,
    'queues/messages': stats.inFlight + stats.queued,
    'queues/bytes': stats.heldBytes,
    'sessions/bytes': stats.totalBytes,
  }
  return Object.fromEntries(Object.entries(numbers).map(([topic, value]) => [topic, `${value}`]))
}
