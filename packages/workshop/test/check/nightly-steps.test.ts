import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { nightlySteps } from '../../check/nightly-steps.js'
import { stepsNamed } from '../../check/steps.js'
import { inRoot } from '../../check/workspace.js'

const names = (steps: readonly { readonly name: string }[]): readonly string[] =>
  steps.map(({ name }) => name)

it('runs all tests at night with more runs per property', () => {
  const [long] = nightlySteps().filter(({ name }) => name === 'long-runs')
  expect(long).toMatchObject({ tier: 'nightly', env: { ANTIPHON_FC_RUNS: '10000' } })
})

it('has nightly steps for simulations, fault scripts, acceptance and bench', () => {
  expect(names(nightlySteps())).toEqual(
    expect.arrayContaining(['simulation', 'faults', 'acceptance', 'bench']),
  )
  expect(names(stepsNamed(['bench'], nightlySteps()))).toEqual(['programs', 'bench'])
})

it('runs many runs of the tests on busy cores, each test in one of two steps', () => {
  const [unsteady, rest] = ['flakes', 'flakes-rest'].map((name) =>
    nightlySteps()
      .find((step) => step.name === name)
      ?.command.slice(5),
  )
  const paths = unsteady?.slice(0, -3) ?? []
  expect(unsteady?.slice(-3)).toEqual(['--runs', '50', '--load'])
  expect(rest).toEqual([...paths.flatMap((path) => ['--except', path]), '--runs', '5', '--load'])
})

it('runs all nightly steps in the jobs of the workflow', () => {
  const { jobs } = parse(readFileSync(inRoot('.github', 'workflows', 'nightly.yml'), 'utf8')) as {
    readonly jobs: { readonly nightly: { readonly strategy: { readonly matrix: Matrix } } }
  }
  const named = jobs.nightly.strategy.matrix.include.flatMap(({ steps }) => steps.split(' '))
  expect(names(stepsNamed(named, nightlySteps()))).toEqual(names(nightlySteps()))
})

interface Matrix {
  readonly include: readonly { readonly steps: string }[]
}
