import { readCommandLine } from '../bin/command-line.mjs'
import { nightlySteps } from './nightly-steps.js'
import { runSteps } from './run-steps.js'
import { stepsNamed } from './steps.js'

const help = `pnpm nightly: runs the steps that take too long for every change

Usage: pnpm nightly [step ...]
Runs these steps and the steps they need, one at a time (default: all).

Steps
${nightlySteps()
  .map(({ name, about }) => `  ${name.padEnd(12)}  ${about}`)
  .join('\n')}

Options
  -h, --help    prints this help`

const { positionals } = readCommandLine(help, { allowPositionals: true })
// One step at a time, because some of them measure the speed of the system.
await runSteps(stepsNamed(positionals, nightlySteps()), 1)
