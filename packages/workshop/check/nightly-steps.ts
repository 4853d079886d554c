import { readFileSync } from 'node:fs'
import { checkCommand, allSteps, stepsNamed } from './steps.js'
import type { Step } from './step.js'
import { inRoot } from './workspace.js'

/** The settings for longer runs at night. */
const longRuns = { ANTIPHON_FC_RUNS: '10000', ANTIPHON_FUZZ_PACKETS: '1000000', ANTIPHON_KILLS: '50' }

/** The tests that depend most on time and on other processes. */
const unsteady = ['packages/mqtt/', 'packages/broker/', '.interop.']

/** Returns the steps of the nightly tier, in the order of the summary. */
export function nightlySteps(): readonly Step[] {
  return [
    ...stepsNamed(['programs', 'build'], allSteps()),
    {
      name: 'long-runs',
      about: 'all tests, with more runs, fuzzed packets and kills',
      command: checkCommand('tests', 'nightly'),
      env: longRuns,
      tier: 'nightly',
      needs: ['programs', 'build'],
    },
    {
      name: 'flakes',
      about: '50 runs of the tests with connections and foreign programs, on busy cores',
      command: script('flakes', ...unsteady, '--runs', '50', '--load'),
      needs: ['programs', 'build'],
    },
    {
      name: 'flakes-rest',
      about: '5 runs of all other tests, on busy cores',
      command: script('flakes', ...unsteady.flatMap((path) => ['--except', path]), '--runs', '5', '--load'),
    },
    {
      name: 'simulation',
      about: '10 000 devices in all scenarios',
      command: script('simulate', '--seeds', '2'),
    },
    {
      name: 'simulation-large',
      about:
        '100 000 devices that reconnect to a broker without their sessions, within limits of memory and CPU time',
      command: script(
        'simulate',
        'broker-lost',
        ...['--devices', '100000', '--seeds', '1'],
        ...['--max-memory', '8192', '--max-cpu', '900'],
      ),
    },
    {
      name: 'contract-page',
      about: 'the contract of example 07 in the HTML template of AsyncAPI, which is installed for it',
      command: [
        process.execPath,
        ...['--import', 'tsx', inRoot('examples', '07-contract-first', 'render.ts')],
        inRoot('.cache', 'contract.html'),
      ],
    },
    { name: 'faults', about: '10 000 random fault scripts', command: script('faults') },
    ...(hasScript('mutants')
      ? [{ name: 'mutants', about: 'mutation testing', command: script('mutants') }]
      : []),
    {
      name: 'acceptance',
      about: 'the whole system under faults, load and attack',
      command: script('acceptance'),
      needs: ['programs'],
    },
    {
      name: 'bench',
      about: 'the short benchmark',
      command: script('bench', '--short'),
      needs: ['programs'],
    },
  ]
}

/** Returns the command of a script in the repository's `package.json`. */
function script(name: string, ...args: readonly string[]): Step['command'] {
  return ['npm', '--silent', 'run', name, '--', ...args]
}

function hasScript(name: string): boolean {
  const { scripts } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')) as { readonly scripts: object }
  return name in scripts
}
