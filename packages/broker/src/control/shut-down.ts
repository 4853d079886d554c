import { filter, firstValueFrom, interval, race, timer } from 'rxjs'
import type { Engine } from '../engine.js'
import type { Listener } from '../listen/listen.js'
import { Reason } from '../packet/reason.js'

/** How often a closing broker looks whether what it waits for has come about, in milliseconds. */
const glance = 5

/** How long connections may take to go once they were told to. */
const patience = 5_000

/** Ends a broker: first what is under way, for a while; then every connection; then the storage. */
export async function shutDown(engine: Engine, listeners: Iterable<Listener>, within: number): Promise<void> {
  const { guests, sessions, intake, journal, settings } = engine
  await engine.ready?.catch(() => undefined)
  const closed = [...listeners].map((listener) => listener.close())
  const isQuiet = (): boolean => {
    if (intake.undecided > 0) return false
    for (const { peer, downlink } of sessions) if (peer !== null && downlink.inFlightCount > 0) return false
    return journal?.isSettled ?? true
  }
  await until(engine, isQuiet, within)
  for (const guest of guests) guest.disconnect(Reason.serverShuttingDown, 'the broker is shutting down')
  await until(engine, () => guests.size === 0 && (journal?.isSettled ?? true), patience)
  await Promise.all(closed)
  // What a hook says only now comes too late to be written.
  journal?.stop()
  await settings.storage?.close()
  // Sessions, wills and messages outlive the broker, if at all, in its storage, and expire there.
  engine.deadlines.clear()
}

/** Waits for a condition, but no longer than that. */
async function until(
  { settings: { scheduler } }: Engine,
  isSo: () => boolean,
  within: number,
): Promise<void> {
  if (isSo()) return
  const so$ = interval(glance, scheduler).pipe(filter(isSo))
  await firstValueFrom(race(so$, timer(within, scheduler)))
}
