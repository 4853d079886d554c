// `npm test`: all steps of CI, also in a fresh clone, with only Node and npm.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrap, runTypeScript } from './bootstrap.mjs'
import { readCommandLine } from './command-line.mjs'
import { root } from './pnpm.mjs'

const help = `npm test: installs the dependencies and runs the check

Usage: npm test [-- <step> ...]
Runs these steps and the steps they need (default: all). The table in packages/workshop/README.md explains each step.

Options
  -h, --help  prints this help`

const { positionals: steps } = readCommandLine(help, { allowPositionals: true })
rmSync(join(root, '.cache', 'check', 'tally'), { force: true })
bootstrap()
process.exitCode = await runTypeScript('packages/workshop/check/main.ts', steps)
