import { expect, it } from 'vitest'
import { nightlySteps } from '../../check/nightly-steps.js'
import { stepsNamed } from '../../check/steps.js'

const names = (steps: readonly { readonly name: string }[]): readonly string[] =>
  steps.map(({ name }) => name)

it('repeats every test at night with many more runs', () => {
  const [long] = nightlySteps().filter(({ name }) => name === 'long-runs')
  expect(long).toMatchObject({ tier: 'nightly', env: { ANTIPHON_FC_RUNS: '10000' } })
})

it('runs the programs that take too long for a check, each as a step', () => {
  expect(names(nightlySteps())).toEqual(expect.arrayContaining(['faults', 'acceptance', 'bench']))
  expect(names(stepsNamed(['bench'], nightlySteps()))).toEqual(['programs', 'bench'])
})
