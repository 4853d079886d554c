import { BehaviorSubject, filter, ignoreElements, take, type Observable } from 'rxjs'
import { fields } from './metl-case.js'

/** The countdown events of a case. */
export interface CountdownEvents {
  readonly signal: (name: string) => void
  /** Completes when the event has been signalled as often as its initial value. */
  readonly reached$: (name: string) => Observable<never>
}

/** Returns the countdown events with the initial values of a prologue. */
export function countdownEvents(initial: unknown): CountdownEvents {
  const events = new Map(
    Object.entries(fields(initial)).map(([name, value]) => [name, new BehaviorSubject(Number(value))]),
  )
  const event = (name: string): BehaviorSubject<number> => {
    const found = events.get(name)
    if (found === undefined) throw new Error(`there is no countdown event "${name}"`)
    return found
  }
  return {
    signal: (name) => event(name).next(event(name).value - 1),
    reached$: (name) =>
      event(name).pipe(
        filter((count) => count <= 0),
        take(1),
        ignoreElements(),
      ),
  }
}
