import { describe, expect, it } from 'vitest'
import { schedule } from '../../check/schedule.js'
import { noteIn, type Step, type StepResult } from '../../check/step.js'
import { allSteps, stepsNamed } from '../../check/steps.js'

const step = (name: string, ...needs: readonly string[]): Step => ({
  name,
  about: '',
  command: ['true'],
  needs,
})

// Runs steps by hand: `finish` ends one.
function byHand(): {
  readonly run: (step: Step) => Promise<StepResult>
  readonly running: string[]
  readonly finish: (name: string, verdict?: StepResult['verdict']) => Promise<void>
} {
  const running: string[] = []
  const ends = new Map<string, (verdict: StepResult['verdict']) => void>()
  return {
    running,
    run: (each) =>
      new Promise((resolve) => {
        running.push(each.name)
        ends.set(each.name, (verdict) => {
          resolve({ step: each, verdict, milliseconds: 1, output: '', note: '' })
        })
      }),
    finish: async (name, verdict = 'passed') => {
      running.splice(running.indexOf(name), 1)
      ends.get(name)?.(verdict)
      await new Promise(setImmediate)
    },
  }
}

describe('a schedule', () => {
  it('runs as many at once as there are slots, in the order of the list', async () => {
    const { run, running, finish } = byHand()
    const done = schedule([step('a'), step('b'), step('c')], { slots: 2, run })
    expect(running).toEqual(['a', 'b'])
    await finish('b')
    expect(running).toEqual(['a', 'c'])
    await finish('a')
    await finish('c')
    expect((await done).map((result) => result.step.name)).toEqual(['a', 'b', 'c'])
  })

  it('runs a step only when those it needs have passed', async () => {
    const { run, running, finish } = byHand()
    const done = schedule([step('build'), step('pack', 'build')], { slots: 2, run })
    expect(running).toEqual(['build'])
    await finish('build')
    expect(running).toEqual(['pack'])
    await finish('pack')
    expect((await done).map(({ verdict }) => verdict)).toEqual(['passed', 'passed'])
  })

  it('does not reach what needs a failed step, near or far', async () => {
    const { run, finish } = byHand()
    const done = schedule([step('build'), step('pack', 'build'), step('install', 'pack')], { slots: 2, run })
    await finish('build', 'failed')
    expect((await done).map(({ verdict }) => verdict)).toEqual(['failed', 'not reached', 'not reached'])
  })

  it('refuses a step that needs what does not stand before it', async () => {
    const { run } = byHand()
    await expect(schedule([step('pack', 'build'), step('build')], { slots: 1, run })).rejects.toThrow(
      'step pack needs build',
    )
  })
})

describe('the steps', () => {
  it('can be chosen by name and bring those they need, in order', () => {
    expect(stepsNamed(['install']).map(({ name }) => name)).toEqual(['build', 'pack', 'install'])
    expect(stepsNamed([])).toEqual(allSteps())
  })

  it('name those there are when one is asked for that is not', () => {
    expect(() => stepsNamed(['lind'])).toThrow(
      /lind: there are programs, build, tests, interop, coverage, format, lint/,
    )
  })

  it('may end with a note for the summary', () => {
    expect(noteIn('much\nnote: 5 tarballs\n')).toBe('5 tarballs')
    expect(noteIn('note: early\nlate\n')).toBe('')
  })
})
