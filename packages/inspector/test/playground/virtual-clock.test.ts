import { describe, expect, it, vi } from 'vitest'
import { driveClock } from '../../playground/drive-clock.js'
import { VirtualClock } from '../../playground/virtual-clock.js'

const settle = async () => undefined
const onError = (error: unknown) => {
  throw error
}
const limits = { time: 1_000, steps: 100 }

describe('VirtualClock', () => {
  it('runs timers by their time, and those of the same time in the order in which they were set', () => {
    const clock = new VirtualClock()
    const calls: string[] = []
    clock.setTimeout(() => calls.push(`late at ${clock.now}`), 20)
    clock.setTimeout((name: unknown) => calls.push(`${String(name)} at ${clock.now}`), 10, 'first')
    clock.setTimeout(() => calls.push(`second at ${clock.now}`), 10)
    clock.setTimeout(() => calls.push(`now at ${clock.now}`), Number.NaN)
    while (clock.next !== undefined) clock.step()
    expect(calls).toEqual(['now at 0', 'first at 10', 'second at 10', 'late at 20'])
  })

  it('repeats an interval until it is cleared, at most once a millisecond', () => {
    const clock = new VirtualClock()
    const times: number[] = []
    const id = clock.setInterval(() => {
      times.push(clock.now)
      if (times.length === 3) clock.clear(id)
    }, 0)
    while (clock.next !== undefined) clock.step()
    expect(times).toEqual([0, 1, 2])
  })

  it('ignores the clearing of an unknown timer, and a step without timers', () => {
    const clock = new VirtualClock()
    clock.clear(undefined)
    clock.step()
    expect(clock.now).toBe(0)
  })
})

describe('driveClock', () => {
  it('calls back promises before the next timer', async () => {
    const clock = new VirtualClock()
    const calls: string[] = []
    clock.setTimeout(() => void Promise.resolve().then(() => calls.push('promise')), 1)
    clock.setTimeout(() => calls.push('timer'), 1)
    expect(await driveClock(clock, limits, { settle, onError })).toBe('idle')
    expect(calls).toEqual(['promise', 'timer'])
  })

  it('stops before a timer beyond the limit of time', async () => {
    const clock = new VirtualClock()
    const late = vi.fn()
    clock.setTimeout(late, 1_001)
    clock.setTimeout(() => undefined, 1_000)
    expect(await driveClock(clock, limits, { settle, onError })).toBe('time')
    expect([clock.now, late.mock.calls.length]).toEqual([1_000, 0])
  })

  it('stops a program that sets timers for ever', async () => {
    const clock = new VirtualClock()
    let count = 0
    const again = () => {
      count++
      clock.setTimeout(again)
    }
    again()
    expect(await driveClock(clock, limits, { settle, onError })).toBe('steps')
    expect(count).toBe(1 + limits.steps)
  })

  it('reports what a timer throws, and goes on', async () => {
    const clock = new VirtualClock()
    const errors: unknown[] = []
    clock.setTimeout(() => {
      throw new Error('broken')
    }, 1)
    clock.setTimeout(() => undefined, 2)
    const end = await driveClock(clock, limits, { settle, onError: (error) => errors.push(error) })
    expect([end, clock.now, errors]).toEqual(['idle', 2, [new Error('broken')]])
  })
})
