import { describe, expect, it } from 'vitest'
import type { RowResult } from '../src/result.js'
import { run } from '../src/runner.js'
import type { Scenario } from '../src/scenario.js'

interface Played {
  readonly log: readonly string[]
  readonly results: readonly RowResult[]
}

/** Plays a scenario of contestants A, B, C; a turn for which `fails` is true ends with an error. */
async function play(
  rules: Partial<Scenario<string>>,
  titles: readonly string[],
  fails: (turn: string) => boolean = () => false,
): Promise<Played> {
  const log: string[] = []
  const results: RowResult[] = []
  const scenario: Scenario<string> = {
    section: 'play',
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
      measure: async (stage) => {
        const turn = `${title}${stage}`
        log.push(turn)
        if (fails(turn)) throw new Error('0x97')
        return { rate: log.length }
      },
    })),
    ...rules,
  }
  await run(scenario as Scenario<unknown>, 3, {
    measuring: () => undefined,
    measured: (_, result) => void results.push(result),
  })
  return { log, results }
}

describe('run', () => {
  it('lets the contestants take turns, another one first in each round', async () => {
    const { log } = await play({}, ['x'])
    expect(log.join(' ')).toBe('+A +B +C xB xC xA xC xA xB xA xB xC -A -B -C')
  })

  it('weaves rows that are compared with each other into the same rounds', async () => {
    const { log } = await play({ isWoven: true, contestants: ['A'] }, ['x', 'y'])
    expect(log.join(' ')).toBe('+A xA yA xA yA xA yA -A')
  })

  it('says why a contestant died, keeps what it measured, and starts it anew for the next row', async () => {
    let turns = 0
    const { log, results } = await play(
      { contestants: ['A', 'B'] },
      ['x', 'y'],
      (turn) => turn === 'xA' && ++turns === 2,
    )
    expect(results[0]?.outcomes.map(({ died, samples }) => [died, samples.length])).toEqual([
      ['0x97', 1],
      [undefined, 3],
    ])
    expect(log.filter((each) => each.endsWith('A'))).toEqual([
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

  it('goes on without one that cannot be started', async () => {
    const start = async (name: string): Promise<string> => {
      if (name === 'B') throw new Error('not installed')
      return name
    }
    const { results } = await play({ start }, ['x'])
    expect(results[0]?.outcomes.map(({ died }) => died)).toEqual([undefined, 'not installed', undefined])
  })
})
