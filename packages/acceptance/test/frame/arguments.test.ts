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
  const request = readArguments(args, sections)
  if (request === 'help') throw new Error('it is the help that was asked for')
  return request
}

describe('the command line', () => {
  it('runs every section in the order of the suite with its usual numbers', () => {
    const request = read()
    expect(request.sections.map(({ name }) => name)).toEqual(['faults', 'soak'])
    expect(request.number('faults-runs')).toBe(200)
    expect(request).toMatchObject({ seed: 1, isSmoke: false })
  })

  it('runs the sections that are named, with the numbers that are given', () => {
    const request = read('soak', '--soak-runs', '7', '--seed', '42')
    expect(request.sections.map(({ name }) => name)).toEqual(['soak'])
    expect(request.number('soak-runs')).toBe(7)
    expect(request.seed).toBe(42)
  })

  it('takes the small numbers for the smoke part', () => {
    expect(read('--smoke').number('faults-runs')).toBe(2)
    expect(read('--smoke', '--faults-runs', '5').number('faults-runs')).toBe(5)
  })

  it('may ask for the report alone', () => {
    expect([read().isReportOnly, read('--report').isReportOnly]).toEqual([false, true])
  })

  it.each([
    [['weather'], 'no section is named weather: there are faults, soak'],
    [['--faults-runs', 'many'], "--faults-runs is 'many': it takes a number from 0 on"],
    [['--faults-runs', ''], "--faults-runs is '': it takes a number from 0 on"],
    [['--what'], "Unknown option '--what'"],
  ])('refuses %j', (args, message) => {
    expect(() => read(...args).number('faults-runs')).toThrow(message)
  })

  it('tells what there is', () => {
    expect(readArguments(['--help'], sections)).toBe('help')
    expect(help(sections)).toMatch(/faults +The faults\n +--faults-runs <n> +how many \(200\)/)
  })
})
