import { describe, expect, it } from 'vitest'
import { HandlerTime } from '../../src/responder/handler-time.js'

/** Returns the average after runs, each with its time and whether it has ended by itself. */
function averageOf(runs: readonly (readonly [duration: number, isWhole: boolean])[]): number {
  const time = new HandlerTime()
  for (const [duration, isWhole] of runs) time.add(duration, isWhole)
  return time.average
}

describe('HandlerTime', () => {
  it('is 0 before the first run, and then that of the first run', () => {
    expect(averageOf([])).toBe(0)
    expect(averageOf([[400, true]])).toBe(400)
  })

  it('follows later runs, with a tenth for the latest', () => {
    expect(
      averageOf([
        [400, true],
        [400, true],
        [400, true],
        [1_400, true],
      ]),
    ).toBeCloseTo(500)
    expect(averageOf(Array.from({ length: 100 }, (_, index) => [index < 50 ? 400 : 10, true]))).toBeCloseTo(
      12,
      0,
    )
  })

  it('counts the time of stopped runs, but not their number', () => {
    const half = Array.from({ length: 100 }, (_, index) => [100, index % 2 === 0] as const)
    expect(averageOf(half)).toBeGreaterThan(180)
    expect(averageOf(half)).toBeLessThan(230)
  })

  it('stays finite if every run is stopped', () => {
    expect(averageOf([[1_000, false]])).toBe(100_000)
  })
})
