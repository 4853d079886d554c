import { describe, expect, it } from 'vitest'
import type { RowResult } from '../src/result.js'
import { run } from '../src/runner.js'
import type { Scenario } from '../src/scenario.js'

interface TestRun {
  readonly log: readonly string[]
  readonly results: readonly RowResult[]
}

/** Runs a scenario of contestants A, B, C; a measurement for which `fails` returns true throws. */
async function runScenario(
  options: Partial<Scenario<string>>,
  titles: readonly string[],
  fails: (measurement: string) => boolean = () => false,
): Promise<TestRun> {
  const log: string[] = []
  const results: RowResult[] = []
  const scenario: Scenario<string> = {
    section: 'test',
    about: '',
    contestants: ['A', 'B', 'C'],
    start: async (name) => {
      log.push(`+${name}`)
      return name
    },
    stop: async (name) => void log.push(`-${name}`),
    rows: titles.map((title) => ({
      title,
      facts: {},
      seconds: 0,
      measure: async (setup) => {
        const measurement = `${title}${setup}`
        log.push(measurement)
        if (fails(measurement)) throw new Error('0x97')
        return { rate: log.length }
      },
    })),
    ...options,
  }
  await run(scenario as Scenario<unknown>, 3, {
    measuring: () => undefined,
    measured: (_, result) => void results.push(result),
  })
  return { log, results }
}

describe('run', () => {
  it('rotates the order of the contestants in each round', async () => {
    const { log } = await runScenario({}, ['x'])
    expect(log.join(' ')).toBe('+A +B +C xB xC xA xC xA xB xA xB xC -A -B -C')
  })

  it('interleaves the rows of a scenario with isInterleaved', async () => {
    const { log } = await runScenario({ isInterleaved: true, contestants: ['A'] }, ['x', 'y'])
    expect(log.join(' ')).toBe('+A xA yA xA yA xA yA -A')
  })

  it('records why a contestant failed, keeps its samples, and starts it again for the next row', async () => {
    let turns = 0
    const { log, results } = await runScenario(
      { contestants: ['A', 'B'] },
      ['x', 'y'],
      (measurement) => measurement === 'xA' && ++turns === 2,
    )
    expect(results[0]?.outcomes.map(({ died, samples }) => [died, samples.length])).toEqual([
      ['0x97', 1],
      [undefined, 3],
    ])
    expect(log.filter((entry) => entry.endsWith('A'))).toEqual([
      '+A',
      'xA',
      'xA',
      '-A',
      '+A',
      'yA',
      'yA',
      'yA',
      '-A',
    ])
  })

  it('continues without a contestant that cannot be started', async () => {
    const start = async (name: string): Promise<string> => {
      if (name === 'B') throw new Error('not installed')
      return name
    }
    const { results } = await runScenario({ start }, ['x'])
    expect(results[0]?.outcomes.map(({ died }) => died)).toEqual([undefined, 'not installed', undefined])
  })
})
