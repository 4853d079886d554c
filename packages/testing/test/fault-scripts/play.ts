import { readable } from '../../src/compare/readable.js'
import { promisesOfExchanges } from './exchanges.js'
import { promisesOfMessages } from './messages.js'
import type { Broken, Promised } from './promised.js'

/** All that must hold through any fault script. */
export const promises: readonly Promised[] = [...promisesOfMessages, ...promisesOfExchanges]

/** Which scripts to play. */
export interface Playing {
  /** The first seed; every script has one of its own, the next number. */
  readonly seed: number
  readonly scripts: number
  /** What to hold the scripts to, one after the other. @defaultValue all promises */
  readonly held?: readonly Promised[]
  readonly onProgress?: (played: number) => void
}

/** Plays random fault scripts; says of the first that breaks its promise how it does, and how to play it again. */
export function playScripts({
  seed,
  scripts,
  held = promises,
  onProgress = () => undefined,
}: Playing): string | undefined {
  for (let played = 0; played < scripts; played += 1) {
    const own = (seed + played) % SEEDS
    const promise = held[own % held.length]
    const broken = promise?.play(own)
    if (promise !== undefined && broken !== undefined) return told(promise, own, broken)
    onProgress(played + 1)
  }
  return undefined
}

/** Seeds are whole numbers below this. */
export const SEEDS = 2 ** 31

function told({ name }: Promised, seed: number, { script, error }: Broken): string {
  return [
    `the fault script of seed ${seed} breaks a promise: ${name}`,
    error instanceof Error ? error.message : String(error),
    'it is, in its simplest form:',
    readable(script).replaceAll(/^/gm, '  '),
    'to play it again:',
    `  pnpm faults --seed ${seed} --scripts 1`,
  ].join('\n')
}
