import type { Observable } from 'rxjs'

/**
 * Returns a signal that aborts when the command is interrupted, or when the connection fails; the reason is the
 * interruption or the error.
 */
export function stopSignal(interrupted: AbortSignal, connected$: Observable<never>): AbortSignal {
  const failure = new AbortController()
  connected$.subscribe({ error: (error: unknown) => failure.abort(error) })
  return AbortSignal.any([interrupted, failure.signal])
}
