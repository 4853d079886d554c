import type { SchedulerAction, SchedulerLike, Subscription } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import { ExpectationError } from '../compare/expectation.js'
import { frameOf } from '../time/frames.js'

/** A scheduler that distinguishes its own timers from those of marble diagrams. */
export interface TimerCounter {
  readonly scheduler: SchedulerLike
  /** Returns the due times of the pending timers. */
  readonly dueTimes: () => readonly number[]
}

/** Wraps `inner` and counts the timers scheduled through the wrapper. */
export function countTimers(inner: TestScheduler): TimerCounter {
  const ownWork = new WeakSet<object>()
  const schedule = <T>(
    work: (this: SchedulerAction<T>, state?: T) => void,
    delay?: number,
    state?: T,
  ): Subscription => {
    ownWork.add(work)
    return inner.schedule(work, delay, state)
  }
  return {
    scheduler: { now: () => inner.now(), schedule },
    dueTimes: () =>
      inner.actions.flatMap((action) => {
        const work: unknown = Reflect.get(action, 'work')
        return typeof work === 'function' && ownWork.has(work) ? [action.delay] : []
      }),
  }
}

/** An expectation about the timers of links and of other work on their scheduler. */
export interface TimersExpectation {
  /** Compares the number of timers that are pending after all events of that millisecond. */
  readonly toBe: (count: number) => void
}

/** Counts the timers at a time such as `'---|'` or `'2s |'`; `check` throws if the number differs. */
export function expectTimers(
  { dueTimes: due }: TimerCounter,
  scheduler: TestScheduler,
  at: string,
): TimersExpectation & { readonly check: () => void } {
  const frame = frameOf(at)
  let pendingTimes: readonly number[] | undefined
  let check = (): void => undefined
  // Half a frame later, when all events of this millisecond have happened.
  scheduler.schedule(() => {
    pendingTimes = due()
  }, frame + 0.5)
  return {
    toBe: (count) => {
      check = () => {
        if (pendingTimes?.length === count) return
        const pendingText = (pendingTimes ?? []).map((time) => `${time}ms`).join(', ')
        const title = `timers pending at ${frame}ms: expected ${count}, but saw ${pendingTimes?.length ?? 'nothing'}`
        throw new ExpectationError(
          `${title}${pendingText === '' ? '' : `, due at ${pendingText}`}`,
          pendingTimes?.length,
          count,
        )
      }
    },
    check: () => check(),
  }
}
