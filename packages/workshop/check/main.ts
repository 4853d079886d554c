import { availableParallelism } from 'node:os'
import { readCommandLine } from '../bin/command-line.mjs'
import { runSteps } from './run-steps.js'
import { allSteps, stepsNamed } from './steps.js'

const help = `pnpm check: runs the steps of CI

Usage: pnpm check [step ...]
Runs these steps and the steps they need (default: all).

Steps
${allSteps()
  .map(({ name, about }) => `  ${name.padEnd(12)}  ${about}`)
  .join('\n')}

Options
  -h, --help    prints this help`

const { positionals } = readCommandLine(help, { allowPositionals: true })
await runSteps(stepsNamed(positionals), availableParallelism())
