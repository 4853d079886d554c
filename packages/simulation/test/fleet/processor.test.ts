import { describe, expect, it } from 'vitest'
import { Processor } from '../../src/fleet/processor.js'
import { simulatedTime } from '../../src/world/simulated-time.js'

/** Starts jobs of some milliseconds at some times, and returns when each was done. */
function run(
  cores: number,
  jobs: readonly (readonly [at: number, milliseconds: number])[],
): readonly number[] {
  const time = simulatedTime()
  const processor = new Processor(time.scheduler, cores)
  const doneAt = jobs.map(() => NaN)
  jobs.forEach(([at, milliseconds], index) => {
    time.scheduler.schedule(() => {
      processor.run$(milliseconds).subscribe(() => (doneAt[index] = Math.round(time.scheduler.now())))
    }, at)
  })
  time.runTo(10_000)
  return doneAt
}

const together = [
  [0, 100],
  [0, 100],
  [0, 200],
] as const

describe('Processor', () => {
  it('does as many jobs at full speed as it has cores', () => {
    expect(run(Infinity, together)).toEqual([100, 100, 200])
    expect(run(3, together)).toEqual([100, 100, 200])
  })

  it('shares its cores equally among more jobs', () => {
    expect(run(1, together)).toEqual([300, 300, 400])
    expect(run(2, together)).toEqual([150, 150, 250])
  })

  it('gives a later job its share from its start', () => {
    expect(
      run(1, [
        [0, 100],
        [50, 10],
      ]),
    ).toEqual([110, 70])
  })

  it('gives the share of a job that is stopped to the others', () => {
    const time = simulatedTime()
    const processor = new Processor(time.scheduler, 1)
    let doneAt = NaN
    const stopped = processor.run$(100).subscribe()
    processor.run$(100).subscribe(() => (doneAt = time.scheduler.now()))
    time.runTo(50)
    stopped.unsubscribe()
    time.runTo(1_000)
    expect(doneAt).toBe(125)
  })
})
