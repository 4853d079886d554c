import { parseArgs } from 'node:util'
import { invalidArgument } from '@antiphon/core/link'
import { playScripts, SEEDS } from './play-scripts.js'

/** The default of `--scripts`. */
const SCRIPTS = 10_000

/** The output of `--help`. */
export const help = `pnpm faults: plays random fault scripts against links and exchanges

Usage: pnpm faults [options]

Options
  --scripts <n>  number of scripts to play (default: ${SCRIPTS})
  --seed <n>     seed of the first script (default: random)
  -h, --help     print this help`

/** Runs `pnpm faults`: plays random fault scripts, prints the result and returns the exit code. Throws `invalid-argument`. */
export function faults(args: readonly string[], print: (line: string) => void): 0 | 1 {
  const values = parse(args)
  if (values.help === true) {
    print(help)
    return 0
  }
  const scripts = wholeNumber('scripts', values.scripts) ?? SCRIPTS
  const seed = wholeNumber('seed', values.seed) ?? Math.floor(Math.random() * SEEDS)
  print(`${scripts} random fault scripts, starting with seed ${seed}`)
  const violation = playScripts({
    seed,
    scripts,
    onProgress: (played) => {
      if (played % 1_000 === 0 && played < scripts) print(`  ${played} scripts played`)
    },
  })
  print(violation ?? 'no script violates a property')
  return violation === undefined ? 0 : 1
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const options = { scripts: text, seed: text, help: { type: 'boolean', short: 'h' } } as const
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw invalidUsage(error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error))
  }
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text) && Number(text) < SEEDS) return Number(text)
  throw invalidUsage(`--${name} is '${text}': it must be a whole number from 0 to ${SEEDS - 1}`)
}

function invalidUsage(cause: string): Error {
  return invalidArgument(`${cause.replace(/\.$/, '')}; see --help`)
}
