import { expect, it } from 'vitest'
import { nightlySteps } from '../../check/nightly-steps.js'
import { stepsNamed } from '../../check/steps.js'

const names = (steps: readonly { readonly name: string }[]): readonly string[] =>
  steps.map(({ name }) => name)

it('runs all tests at night with more runs per property', () => {
  const [long] = nightlySteps().filter(({ name }) => name === 'long-runs')
  expect(long).toMatchObject({ tier: 'nightly', env: { ANTIPHON_FC_RUNS: '10000' } })
})

it('has nightly steps for fault scripts, acceptance and bench', () => {
  expect(names(nightlySteps())).toEqual(expect.arrayContaining(['faults', 'acceptance', 'bench']))
  expect(names(stepsNamed(['bench'], nightlySteps()))).toEqual(['programs', 'bench'])
})
