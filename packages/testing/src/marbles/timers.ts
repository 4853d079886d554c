import type { SchedulerAction, SchedulerLike, Subscription } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import { ExpectationError } from '../compare/expectation.js'
import { frameOf } from './frames.js'

/** A scheduler that tells its own timers from those of the diagrams around them. */
export interface TimerCount {
  readonly scheduler: SchedulerLike
  /** When the pending timers are due. */
  readonly due: () => readonly number[]
}

/** Counts what is scheduled through it on `inner`. */
export function timerCount(inner: TestScheduler): TimerCount {
  const own = new WeakSet<object>()
  const schedule = <T>(
    work: (this: SchedulerAction<T>, state?: T) => void,
    delay?: number,
    state?: T,
  ): Subscription => {
    own.add(work)
    return inner.schedule(work, delay, state)
  }
  return {
    scheduler: { now: () => inner.now(), schedule },
    due: () =>
      inner.actions.flatMap((action) => {
        const work: unknown = Reflect.get(action, 'work')
        return typeof work === 'function' && own.has(work) ? [action.delay] : []
      }),
  }
}

/** An expectation on the timers of a link and all that runs on its scheduler. */
export interface TimersExpectation {
  /** So many are pending once everything at that millisecond has happened. */
  readonly toBe: (count: number) => void
}

/** Looks at the timers at `at`, such as `'---|'` or `'2s |'`; the verdict is given by `check`. */
export function expectTimers(
  { due }: TimerCount,
  scheduler: TestScheduler,
  at: string,
): TimersExpectation & { readonly check: () => void } {
  const frame = frameOf(at)
  let seen: readonly number[] | undefined
  let check = (): void => undefined
  // Between this millisecond and the next, when all that belongs to it is done.
  scheduler.schedule(() => {
    seen = due()
  }, frame + 0.5)
  return {
    toBe: (count) => {
      check = () => {
        if (seen?.length === count) return
        const pending = (seen ?? []).map((when) => `${when}ms`).join(', ')
        const title = `timers pending at ${frame}ms: expected ${count}, but saw ${seen?.length ?? 'nothing'}`
        throw new ExpectationError(
          `${title}${pending === '' ? '' : `, due at ${pending}`}`,
          seen?.length,
          count,
        )
      }
    },
    check: () => check(),
  }
}
