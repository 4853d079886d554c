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

// Returns a runner whose steps end when `finish` is called.
function manualRunner(): {
  readonly run: (step: Step) => Promise<StepResult>
  readonly running: string[]
  readonly finish: (name: string, verdict?: StepResult['verdict']) => Promise<void>
} {
  const running: string[] = []
  const ends = new Map<string, (verdict: StepResult['verdict']) => void>()
  return {
    running,
    run: (started) =>
      new Promise((resolve) => {
        running.push(started.name)
        ends.set(started.name, (verdict) => {
          resolve({ step: started, verdict, milliseconds: 1, output: '', note: '' })
        })
      }),
    finish: async (name, verdict = 'passed') => {
      running.splice(running.indexOf(name), 1)
      ends.get(name)?.(verdict)
      await new Promise(setImmediate)
    },
  }
}

describe('schedule', () => {
  it('runs as many steps at once as there are slots, in the order of the list', async () => {
    const { run, running, finish } = manualRunner()
    const done = schedule([step('a'), step('b'), step('c')], { slots: 2, run })
    expect(running).toEqual(['a', 'b'])
    await finish('b')
    expect(running).toEqual(['a', 'c'])
    await finish('a')
    await finish('c')
    expect((await done).map((result) => result.step.name)).toEqual(['a', 'b', 'c'])
  })

  it('runs a step only after the steps it needs have passed', async () => {
    const { run, running, finish } = manualRunner()
    const done = schedule([step('build'), step('pack', 'build')], { slots: 2, run })
    expect(running).toEqual(['build'])
    await finish('build')
    expect(running).toEqual(['pack'])
    await finish('pack')
    expect((await done).map(({ verdict }) => verdict)).toEqual(['passed', 'passed'])
  })

  it('does not run steps that directly or indirectly need a failed step', async () => {
    const { run, finish } = manualRunner()
    const done = schedule([step('build'), step('pack', 'build'), step('install', 'pack')], { slots: 2, run })
    await finish('build', 'failed')
    expect((await done).map(({ verdict }) => verdict)).toEqual(['failed', 'not reached', 'not reached'])
  })

  it('rejects a step that needs a later step', async () => {
    const { run } = manualRunner()
    await expect(schedule([step('pack', 'build'), step('build')], { slots: 1, run })).rejects.toThrow(
      'step pack needs build',
    )
  })
})

describe('the steps of a check', () => {
  it('are selected by name, with the steps they need, in order', () => {
    expect(stepsNamed(['install']).map(({ name }) => name)).toEqual(['build', 'pack', 'install'])
    expect(stepsNamed([])).toEqual(allSteps())
  })

  it('are listed in the error for an unknown name', () => {
    expect(() => stepsNamed(['lind'])).toThrow(
      /lind: it must be one of programs, build, tests, docs, interop, coverage, format, lint/,
    )
  })

  it('provide a note by the last line of their output', () => {
    expect(noteIn('much\nnote: 5 tarballs\n')).toBe('5 tarballs')
    expect(noteIn('note: early\nlate\n')).toBe('')
  })
})
