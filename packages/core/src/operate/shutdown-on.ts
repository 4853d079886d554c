import { Observable, Subscription, type Subscriber } from 'rxjs'
import { invalidArgument, requireArgument } from '../argument.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import type { Link } from '../link/link.js'
import { idle$ } from '../observe.js'
import { durationRule, type OptionRules } from '../option-rules.js'

/** Emits the signals of a process, as Node's `process` does. */
export interface SignalSource {
  readonly on: (signal: string, listener: () => void) => unknown
  readonly off: (signal: string, listener: () => void) => unknown
}

/** Options of `shutdownOn`. */
export interface ShutdownOptions {
  /**
   * Milliseconds for draining and closing. Set it below the grace period of the platform, and `drainTimeout` of `requests$` below
   * it. @defaultValue 25 000
   */
  readonly timeout?: number
  /** Where signals come from. @defaultValue Node's `process` */
  readonly process?: SignalSource
}

const shutdownOptionRules: OptionRules<ShutdownOptions> = { timeout: durationRule, process: 'object' }

/** How a shutdown ended: everything was finished, or `timeout` was over, or a second signal came. */
export type ShutdownOutcome = 'drained' | 'timed-out' | 'interrupted'

/** A shutdown that waits for a signal. */
export interface Shutdown {
  /** Pass it to `requests$` as `drain$`. It emits when the signal comes. */
  readonly drain$: Observable<void>
  /** Resolves when the link is closed after a signal. The process then ends by itself, unless something else keeps it. */
  readonly done: Promise<ShutdownOutcome>
  /** Begins the shutdown without a signal. */
  readonly start: () => void
}

/**
 * Shuts a link down when a signal comes: first its responders drain and its pending requests settle, then it is closed. After
 * `timeout`, or on a second signal, it is closed at once.
 *
 * @example
 * ```ts
 * const { drain$, done } = shutdownOn('SIGTERM', link)
 * requests$(link, unlock, { drain$ }).pipe(serve(handler)).subscribe()
 * console.log(await done)
 * ```
 */
export function shutdownOn(
  signals: string | readonly string[],
  link: Link,
  options: ShutdownOptions = {},
): Shutdown {
  requireArgument('options', options, shutdownOptionRules)
  const names = typeof signals === 'string' ? [signals] : signals
  const source = options.process ?? (globalThis as { readonly process?: SignalSource }).process
  if (source === undefined) throw invalidArgument('options.process is missing: this runtime has no process')
  const responders = new Set<Subscriber<void>>()
  let resolve: (outcome: ShutdownOutcome) => void
  const done = new Promise<ShutdownOutcome>((settle) => (resolve = settle))
  const waiting = new Subscription()
  let state: 'running' | 'draining' | 'closing' = 'running'

  const close = (outcome: ShutdownOutcome): void => {
    if (state === 'closing') return
    state = 'closing'
    waiting.unsubscribe()
    for (const name of names) source.off(name, onSignal)
    void link.close().then(() => resolve(outcome))
  }
  const closeWhenIdle = (): void => {
    if (state !== 'draining' || responders.size > 0) return
    waiting.add(idle$(link).subscribe(() => close('drained')))
  }
  const drain = (): void => {
    if (state !== 'running') return
    state = 'draining'
    const deadline = deadlinesOf(link).add(options.timeout ?? 25_000, () => close('timed-out'))
    waiting.add(() => deadline.cancel())
    for (const responder of [...responders]) responder.next()
    closeWhenIdle()
  }
  const onSignal = (): void => (state === 'running' ? drain() : close('interrupted'))
  for (const name of names) source.on(name, onSignal)

  const drain$ = new Observable<void>((subscriber) => {
    responders.add(subscriber)
    // A responder unsubscribes when it has drained.
    subscriber.add(() => {
      responders.delete(subscriber)
      closeWhenIdle()
    })
    if (state !== 'running') subscriber.next()
  })
  return { drain$, done, start: drain }
}
