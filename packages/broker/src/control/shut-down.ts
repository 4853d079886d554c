import { filter, firstValueFrom, interval, race, timer } from 'rxjs'
import { Reason } from '@antiphon/packet'
import type { Engine } from '../engine/engine.js'
import type { Attachment } from '../listen/attach.js'
import type { Listener } from '../listen/listen.js'

/** Milliseconds between two checks of whether a closing broker may continue. */
const pollPeriod = 5

/** Milliseconds to wait for connections to close after their DISCONNECT. */
const disconnectTimeout = 5_000

/**
 * Closes a broker: stops listening, waits up to `timeout` for pending hooks and messages in flight, ends all
 * connections, then closes the storage.
 */
export async function shutDown(
  engine: Engine,
  listeners: Iterable<Pick<Listener | Attachment, 'close'>>,
  timeout: number,
): Promise<void> {
  const { connections, sessions, publishPipeline, journal, settings } = engine
  await engine.ready?.catch(() => undefined)
  const closed = [...listeners].map(async (listener) => listener.close())
  const isIdle = (): boolean => {
    if (publishPipeline.pendingCount > 0) return false
    for (const { peer, outbound } of sessions) if (peer !== null && outbound.inFlightCount > 0) return false
    return journal?.isSettled ?? true
  }
  await waitUntil(engine, isIdle, timeout)
  for (const connection of connections)
    connection.disconnect(Reason.serverShuttingDown, 'the broker is shutting down')
  await waitUntil(engine, () => connections.size === 0 && (journal?.isSettled ?? true), disconnectTimeout)
  await Promise.all(closed)
  // The storage is about to close: the results of hooks that are still pending are not written.
  journal?.stop()
  await settings.storage?.close()
  // Stored sessions, Wills and messages expire at the next start; the deadlines of all others are obsolete.
  engine.deadlines.clear()
}

/** Resolves when a condition is met, at the latest after `timeout` milliseconds. */
async function waitUntil(
  { settings: { scheduler } }: Engine,
  isMet: () => boolean,
  timeout: number,
): Promise<void> {
  if (isMet()) return
  const met$ = interval(pollPeriod, scheduler).pipe(filter(isMet))
  await firstValueFrom(race(met$, timer(timeout, scheduler)))
}
