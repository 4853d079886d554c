import { unrefScheduler } from '@antiphon/core/link'
import { asyncScheduler, type SchedulerAction, type Subscription } from 'rxjs'
import { expect, it } from 'vitest'
import { elapsedClock } from '../../src/time/elapsed-clock.js'

/** Whether the timer of an action keeps the process alive; `undefined` if it has none. */
const hasRef = (action: Subscription): boolean | undefined =>
  (action as Subscription & { readonly id?: NodeJS.Timeout }).id?.hasRef()

it('schedules by timers that do not keep the process alive, also when the work schedules itself again', async () => {
  const states: number[] = []
  const scheduled = await new Promise<Subscription>((resolve) => {
    const action = unrefScheduler.schedule(
      function (this: SchedulerAction<number>, state = 0) {
        states.push(state)
        if (states.length === 1) this.schedule(state + 1, 60_000)
        // The timer is unreferenced when the work has returned.
        queueMicrotask(() => resolve(action))
      },
      1,
      7,
    )
    expect(hasRef(action)).toBe(false)
    // Only so that the process of a runner with nothing else to do stays alive.
    asyncScheduler.schedule(() => undefined, 100)
  })
  expect([states, hasRef(scheduled)]).toEqual([[7], false])
  scheduled.unsubscribe()
})

it('has the clock of asyncScheduler, so that elapsed time is not the time of day', () => {
  const [now, expected]: readonly unknown[] = [unrefScheduler, asyncScheduler].map((scheduler) =>
    Reflect.get(scheduler, 'now'),
  )
  expect(now).toBe(expected)
  expect(elapsedClock(unrefScheduler)()).toBeLessThan(Date.now() / 2)
})
