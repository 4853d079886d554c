import { parseArgs } from 'node:util'
import { invalidArgument } from '@antiphon/core/link'
import { playScripts, SEEDS } from './play.js'

/** How many scripts are played without `--scripts`. */
const SCRIPTS = 10_000

/** What `--help` prints. */
export const help = `pnpm faults: plays random fault scripts against links and exchanges

Usage: pnpm faults [options]

Options
  --scripts <n>  how many scripts to play (default: ${SCRIPTS})
  --seed <n>     the seed of the first (default: a random one)
  -h, --help     prints this help`

/** `pnpm faults`: plays random fault scripts, says how it went and returns the exit code. Throws `invalid-argument`. */
export function faults(args: readonly string[], say: (line: string) => void): 0 | 1 {
  const values = parse(args)
  if (values.help === true) {
    say(help)
    return 0
  }
  const scripts = wholeNumber('scripts', values.scripts) ?? SCRIPTS
  const seed = wholeNumber('seed', values.seed) ?? Math.floor(Math.random() * SEEDS)
  say(`${scripts} random fault scripts from seed ${seed} on`)
  const broken = playScripts({
    seed,
    scripts,
    onProgress: (played) => {
      if (played % 1_000 === 0 && played < scripts) say(`  ${played} played`)
    },
  })
  say(broken ?? 'every promise held')
  return broken === undefined ? 0 : 1
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const options = { scripts: text, seed: text, help: { type: 'boolean', short: 'h' } } as const
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw refused(error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error))
  }
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text) && Number(text) < SEEDS) return Number(text)
  throw refused(`--${name} is '${text}': it must be a whole number from 0 to ${SEEDS - 1}`)
}

function refused(why: string): Error {
  return invalidArgument(`${why.replace(/\.$/, '')}; see --help`)
}
