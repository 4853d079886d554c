import { describe, expect, it } from 'vitest'
import { ExchangeLog } from '../../src/record/exchange-log.js'
import { resultOf } from '../../src/record/result.js'
import { timelineOf } from '../../src/record/timeline.js'

const sample = { attempts: 0, connects: 0, sent: 0, pending: 0, jobsAtWorkers: 0 }

/** Offers a request in each second and settles those that succeed 100 ms later. */
function logOf(successes: readonly boolean[]): ExchangeLog {
  const log = new ExchangeLog()
  successes.forEach((isSuccess, second) => {
    const number = log.offer(1_000 * second + 500)
    if (isSuccess) log.settle(number, 'responded', 1_000 * second + 600)
  })
  return log
}

describe('timelineOf', () => {
  it('counts what happened in each second', () => {
    const log = new ExchangeLog()
    log.settle(log.offer(100), 'responded', 1_200)
    log.settle(log.offer(200), 'timeout', 1_900)
    const samples = [
      { ...sample, attempts: 9, connects: 7, sent: 12 },
      { ...sample, attempts: 9, connects: 7, sent: 15, pending: 3, jobsAtWorkers: 2 },
    ]
    expect(timelineOf(0, { ...sample, attempts: 5, connects: 5, sent: 10 }, samples, log)).toEqual([
      {
        at: 0,
        attempts: 4,
        connects: 2,
        offered: 2,
        sent: 2,
        responded: 0,
        failed: 0,
        success: 0.5,
        pending: 0,
        jobsAtWorkers: 0,
      },
      {
        at: 1,
        attempts: 0,
        connects: 0,
        offered: 0,
        sent: 3,
        responded: 1,
        failed: 1,
        success: 1,
        pending: 3,
        jobsAtWorkers: 2,
      },
    ])
  })
})

describe('resultOf', () => {
  const disturbance = { start: 1, end: 2 }
  const recoveryAfter = (successes: readonly boolean[]): number | undefined => {
    const log = logOf(successes)
    const samples = successes.map(() => sample)
    return resultOf(1, timelineOf(0, sample, samples, log), log, disturbance).recovery
  }

  it('returns the seconds until three seconds in a row succeed', () => {
    expect(recoveryAfter([true, false, true, true, true])).toBe(0)
    expect(recoveryAfter([true, false, false, true, false, true, true, true])).toBe(3)
    expect(recoveryAfter([true, false, true, true, false])).toBe(undefined)
  })

  it('counts each request once by its outcome, and those that several handlers started', () => {
    const log = new ExchangeLog()
    const [first, second, third] = [log.offer(0), log.offer(1), log.offer(2)]
    log.handle(first)
    log.handle(first)
    log.handle(second)
    log.settle(first, 'responded', 10)
    log.settle(first, 'timeout', 20)
    log.settle(second, 'busy', 20)
    const result = resultOf(1, timelineOf(0, sample, [{ ...sample, sent: 6 }], log), log, disturbance)
    expect(third).toBe(2)
    expect(result).toMatchObject({
      offered: 3,
      responded: 1,
      busy: 1,
      timedOut: 1,
      handledTwice: 1,
      amplification: 2,
    })
  })
})
