import { html } from '@antiphon/report'
import { describe, expect, it } from 'vitest'
import { help, readArguments } from '../../src/frame/arguments.js'
import type { Section } from '../../src/frame/section.js'

const section = (name: string): Section => ({
  name,
  title: `The ${name}`,
  options: { [`${name}-runs`]: { about: 'how many', usual: 200, smoke: 2 } },
  run: async () => ({ figures: [], failures: [], notRun: [] }),
  render: () => html``,
})
const sections = [section('faults'), section('soak')]
const read = (...args: readonly string[]) => {
  const parsed = readArguments(args, sections)
  if (parsed === 'help') throw new Error('expected arguments, not the parsed for help')
  return parsed
}

describe('readArguments', () => {
  it('selects every section in the order of the suite with the default options', () => {
    const parsed = read()
    expect(parsed.sections.map(({ name }) => name)).toEqual(['faults', 'soak'])
    expect(parsed.number('faults-runs')).toBe(200)
    expect(parsed).toMatchObject({ seed: 1, isSmoke: false })
  })

  it('selects the named sections with the options of the command line', () => {
    const parsed = read('soak', '--soak-runs', '7', '--seed', '42')
    expect(parsed.sections.map(({ name }) => name)).toEqual(['soak'])
    expect(parsed.number('soak-runs')).toBe(7)
    expect(parsed.seed).toBe(42)
  })

  it('uses the smoke values of options with --smoke', () => {
    expect(read('--smoke').number('faults-runs')).toBe(2)
    expect(read('--smoke', '--faults-runs', '5').number('faults-runs')).toBe(5)
  })

  it('recognises --report', () => {
    expect([read().isReportOnly, read('--report').isReportOnly]).toEqual([false, true])
  })

  it.each([
    [['weather'], 'unknown section weather: it must be one of faults, soak'],
    [['--faults-runs', 'many'], "--faults-runs is 'many': it must be a number from 0"],
    [['--faults-runs', ''], "--faults-runs is '': it must be a number from 0"],
    [['--what'], "Unknown option '--what'"],
  ])('rejects the arguments %j', (args, message) => {
    expect(() => read(...args).number('faults-runs')).toThrow(message)
  })

  it('lists sections and options with --help', () => {
    expect(readArguments(['--help'], sections)).toBe('help')
    expect(help(sections)).toMatch(/faults +The faults\n +--faults-runs <n> +how many \(200\)/)
  })
})
