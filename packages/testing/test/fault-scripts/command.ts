import { parseArgs } from 'node:util'
import { invalidArgument } from '@antiphon/core/link'
import { playScripts, SEEDS } from './play.js'

/** How many scripts are played where nobody says. */
const SCRIPTS = 10_000

/**
 * `pnpm faults [--scripts n] [--seed n]`: plays random fault scripts and says how it went; gives the exit code. Without
 * a seed the scripts are new ones each time.
 */
export function faults(args: readonly string[], say: (line: string) => void): 0 | 1 {
  const { values } = parseArgs({
    args: [...args],
    options: { scripts: { type: 'string' }, seed: { type: 'string' } },
  })
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

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text) && Number(text) < SEEDS) return Number(text)
  throw invalidArgument(`--${name} ${text} is no whole number from 0 to ${SEEDS - 1}`)
}
