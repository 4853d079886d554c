import { readFileSync } from 'node:fs'
import { ours, allSteps, stepsNamed } from './steps.js'
import type { Step } from './step.js'
import { inRoot } from './workspace.js'

/** How much more the tests do at night. */
const longRuns = { ANTIPHON_FC_RUNS: '10000', ANTIPHON_FUZZ_PACKETS: '1000000', ANTIPHON_KILLS: '50' }

/** Returns the steps of the nightly tier, in the order of the summary. */
export function nightlySteps(): readonly Step[] {
  return [
    ...stepsNamed(['programs', 'build'], allSteps()),
    {
      name: 'long-runs',
      about: 'every test, with many more runs, fuzzed packets and kills',
      command: ours('tests', 'nightly'),
      env: longRuns,
      tier: 'nightly',
      needs: ['programs', 'build'],
    },
    { name: 'faults', about: '10 000 random fault scripts', command: script('faults') },
    ...(hasScript('mutants')
      ? [{ name: 'mutants', about: 'tests that fail for faulty code', command: script('mutants') }]
      : []),
    {
      name: 'acceptance',
      about: 'the whole system under faults, load and attack',
      command: script('acceptance'),
      needs: ['programs'],
    },
    {
      name: 'bench',
      about: 'what requests cost, in short',
      command: script('bench', '--short'),
      needs: ['programs'],
    },
  ]
}

/** A script of the repository's `package.json`. */
function script(name: string, ...args: readonly string[]): Step['command'] {
  return ['npm', '--silent', 'run', name, '--', ...args]
}

function hasScript(name: string): boolean {
  const { scripts } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')) as { readonly scripts: object }
  return name in scripts
}
