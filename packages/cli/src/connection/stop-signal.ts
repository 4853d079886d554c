import { setMaxListeners } from 'node:events'
import type { Observable } from 'rxjs'

/**
 * Returns a signal that aborts when the command is interrupted, or when the connection fails; the reason is the
 * interruption or the error.
 */
export function stopSignal(interrupted: AbortSignal, connected$: Observable<never>): AbortSignal {
  const failure = new AbortController()
  connected$.subscribe({ error: (error: unknown) => failure.abort(error) })
  const signal = AbortSignal.any([interrupted, failure.signal])
  // Each request in flight listens; Node would print a warning from the eleventh on.
  setMaxListeners(0, signal)
  return signal
}
