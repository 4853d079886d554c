import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectThat } from '../../src/compare/expectation.js'
import { faults, help } from './command.js'
import { playScripts, promises, SEEDS } from './play.js'
import { promised, scriptOf } from './promised.js'

const scripts = Number(process.env['ANTIPHON_FC_RUNS'] ?? 200)
const anySeed = Math.floor(Math.random() * SEEDS)

/** A promise that no life keeps in which a connection is cut. */
const unharmed = promised('nothing is cut', scriptOf('xr'), (script) =>
  expectThat(!script.includes('x'), `no cut in ${script}`),
)

/** What the command says, and its exit code. */
function said(...args: readonly string[]): readonly string[] {
  const lines: string[] = []
  const code = faults(args, (line) => lines.push(line))
  return [...lines, `exit ${code}`]
}

describe('random fault scripts', () => {
  it(
    `break no promise, ${scripts} of them from seed ${anySeed} on`,
    () => expect(playScripts({ seed: anySeed, scripts })).toBeUndefined(),
    20_000 + scripts * 40,
  )

  it('come to every promise', () => {
    const played: string[] = []
    const held = promises.map(({ name }) => ({ name, play: () => void played.push(name) }))
    playScripts({ seed: 5, scripts: held.length, held })
    expect(new Set(played).size).toBe(promises.length)
  })

  it('that break a promise tell their seed, their simplest form and how to play them again', () => {
    const told = playScripts({ seed: 1, scripts: 100, held: [unharmed] })
    expect(told).toMatch(
      /^the fault script of seed \d+ breaks a promise: nothing is cut\nno cut in [-xr]+h\n/,
    )
    expect(told).toMatch(/in its simplest form:\n {2}"-*x-*h"\n/)
    const [, seed] = /pnpm faults --seed (\d+) --scripts 1$/.exec(told ?? '') ?? []
    expect(playScripts({ seed: Number(seed), scripts: 1, held: [unharmed] })).toBe(told)
    const others = [1, 2, 3].map((more) =>
      playScripts({ seed: Number(seed) + more, scripts: 1, held: [unharmed] }),
    )
    expect(others).not.toContain(told)
  })

  it('of one seed are the same', () => {
    const drawnBy = (seed: number): readonly string[] => {
      const drawn: string[] = []
      const noting = promised('', fc.record({ script: scriptOf('xrdu'), seed: fc.nat() }), (life) => {
        drawn.push(JSON.stringify(life))
      })
      playScripts({ seed, scripts: 50, held: [noting] })
      return drawn
    }
    expect(drawnBy(7)).toEqual(drawnBy(7))
    expect(new Set([...drawnBy(7), ...drawnBy(100)]).size).toBe(100)
  })
})

describe('pnpm faults', () => {
  it('says from which seed it plays, and how it went', () => {
    expect(said('--scripts', '16', '--seed', '7')).toEqual([
      '16 random fault scripts from seed 7 on',
      'every promise held',
      'exit 0',
    ])
  })

  it('prints its help', () => {
    expect([said('--help'), said('-h')]).toEqual([
      [help, 'exit 0'],
      [help, 'exit 0'],
    ])
  })

  it.each([
    ['--seed', 'seven'],
    ['--scripts', '-1'],
    ['--faults', '1'],
    ['--seed', '2147483648'],
  ])('refuses %s %s', (...args) => {
    expect(() => faults(args, () => undefined)).toThrow(args[0])
    expect(() => faults(args, () => undefined)).toThrow(/^.*[^.]; see --help$/)
  })
})
