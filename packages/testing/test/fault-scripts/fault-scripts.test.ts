import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectThat } from '../../src/compare/expectation.js'
import { faults, help } from './command.js'
import { playScripts, faultProperties, SEEDS } from './play-scripts.js'
import { faultProperty, scriptOf } from './fault-property.js'

const scripts = Number(process.env['ANTIPHON_FC_RUNS'] ?? 200)
const randomSeed = Math.floor(Math.random() * SEEDS)

/** A property that every script with a cut violates. */
const neverCut = faultProperty('the connection is never cut', scriptOf('xr'), (script) =>
  expectThat(!script.includes('x'), `expected no cut in ${script}`),
)

/** Runs the command and returns its output and exit code. */
function runCommand(...args: readonly string[]): readonly string[] {
  const lines: string[] = []
  const code = faults(args, (line) => lines.push(line))
  return [...lines, `exit ${code}`]
}

describe('random fault scripts', () => {
  it(
    `finds no violation in ${scripts} random fault scripts, starting with seed ${randomSeed}`,
    () => expect(playScripts({ seed: randomSeed, scripts })).toBeUndefined(),
    20_000 + scripts * 40,
  )

  it('checks every property of fault scripts in turn', () => {
    const played: string[] = []
    const properties = faultProperties.map(({ name }) => ({ name, play: () => void played.push(name) }))
    playScripts({ seed: 5, scripts: properties.length, properties })
    expect(new Set(played).size).toBe(faultProperties.length)
  })

  it('reports a violation with seed, shrunk script and replay command', () => {
    const report = playScripts({ seed: 1, scripts: 100, properties: [neverCut] })
    expect(report).toMatch(
      /^the fault script of seed \d+ violates the property: the connection is never cut\nexpected no cut in [-xr]+h\n/,
    )
    expect(report).toMatch(/shrunk script:\n {2}"-*x-*h"\n/)
    const [, seed] = /pnpm faults --seed (\d+) --scripts 1$/.exec(report ?? '') ?? []
    expect(playScripts({ seed: Number(seed), scripts: 1, properties: [neverCut] })).toBe(report)
    const others = [1, 2, 3].map((more) =>
      playScripts({ seed: Number(seed) + more, scripts: 1, properties: [neverCut] }),
    )
    expect(others).not.toContain(report)
  })

  it('generates the same fault scripts from the same seed', () => {
    const scenariosOf = (seed: number): readonly string[] => {
      const scenarios: string[] = []
      const recording = faultProperty(
        '',
        fc.record({ script: scriptOf('xrdu'), seed: fc.nat() }),
        (scenario) => {
          scenarios.push(JSON.stringify(scenario))
        },
      )
      playScripts({ seed, scripts: 50, properties: [recording] })
      return scenarios
    }
    expect(scenariosOf(7)).toEqual(scenariosOf(7))
    expect(new Set([...scenariosOf(7), ...scenariosOf(100)]).size).toBe(100)
  })
})

describe('pnpm faults', () => {
  it('prints the first seed and the result', () => {
    expect(runCommand('--scripts', '16', '--seed', '7')).toEqual([
      '16 random fault scripts, starting with seed 7',
      'no script violates a property',
      'exit 0',
    ])
  })

  it('prints the help for --help and -h', () => {
    expect([runCommand('--help'), runCommand('-h')]).toEqual([
      [help, 'exit 0'],
      [help, 'exit 0'],
    ])
  })

  it.each([
    ['--seed', 'seven'],
    ['--scripts', '-1'],
    ['--faults', '1'],
    ['--seed', '2147483648'],
  ])('rejects %s %s with a hint to --help', (...args) => {
    expect(() => faults(args, () => undefined)).toThrow(args[0])
    expect(() => faults(args, () => undefined)).toThrow(/^.*[^.]; see --help$/)
  })
})
