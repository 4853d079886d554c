import { readable } from '../../src/compare/readable.js'
import { exchangeProperties } from './exchanges.js'
import { messageProperties } from './messages.js'
import type { Counterexample, FaultProperty } from './fault-property.js'

/** The properties that hold for every fault script. */
export const faultProperties: readonly FaultProperty[] = [...messageProperties, ...exchangeProperties]

/** The options of `playScripts`. */
export interface PlayScriptsOptions {
  /** The seed of the first script; each later script has the next number. */
  readonly seed: number
  /** The number of scripts. */
  readonly scripts: number
  /** The properties, each checked in turn. @defaultValue all properties */
  readonly properties?: readonly FaultProperty[]
  readonly onProgress?: (played: number) => void
}

/** Plays random fault scripts. Returns a description of the first that violates its property, with the command to replay it. */
export function playScripts({
  seed,
  scripts,
  properties = faultProperties,
  onProgress = () => undefined,
}: PlayScriptsOptions): string | undefined {
  for (let played = 0; played < scripts; played += 1) {
    const scriptSeed = (seed + played) % SEEDS
    const property = properties[scriptSeed % properties.length]
    const violation = property?.play(scriptSeed)
    if (property !== undefined && violation !== undefined)
      return describeCounterexample(property, scriptSeed, violation)
    onProgress(played + 1)
  }
  return undefined
}

/** The exclusive upper bound of seeds. */
export const SEEDS = 2 ** 31

function describeCounterexample(
  { name }: FaultProperty,
  seed: number,
  { script, error }: Counterexample,
): string {
  return [
    `the fault script of seed ${seed} violates the property: ${name}`,
    error instanceof Error ? error.message : String(error),
    'shrunk script:',
    readable(script).replaceAll(/^/gm, '  '),
    'to replay it:',
    `  pnpm faults --seed ${seed} --scripts 1`,
  ].join('\n')
}
