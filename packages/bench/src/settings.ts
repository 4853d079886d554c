import { parseArgs } from 'node:util'
import { isInstalled } from '@antiphon/workshop'
import type { BrokerKind } from './processes/broker.js'

/** How thorough a run is, as the command line says. */
export interface Settings {
  readonly isShort: boolean
  /** Draw the reports again, and run nothing. */
  readonly isReportOnly: boolean
  readonly rounds: number
  /** How long a slice of single requests lasts. */
  readonly milliseconds: number
  readonly isForeignWanted: boolean
  /** What everybody talks through, unless a row says otherwise. */
  readonly broker: BrokerKind
  /** Only rows whose section and title have all these words. */
  readonly only: readonly string[]
  /** A folder for CPU profiles, as an option of a pair. */
  readonly profile: { readonly profile?: string }
}

/** How to use the command. */
const usage = `pnpm bench [options]
  --short          what needs no contestants from npm, in less than a minute
  --only <words>   only rows whose section and title have all of these words
  --rounds <n>     how many times everybody takes a turn in each row
  --no-foreign     without the contestants from npm
  --profile <dir>  write CPU profiles of the pairs to a folder
  --report         draw the reports again, and run nothing
  --help           this`

/** Reads the command line. */
export function settingsFrom(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      short: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      foreign: { type: 'boolean', default: true },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    process.exit()
  }
  const rounds = Number(values.rounds ?? (values.short ? 3 : 5))
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds is ${values.rounds}: it must be a whole number above 0`)
  return {
    isShort: values.short,
    isReportOnly: values.report,
    rounds,
    milliseconds: values.short ? 200 : 300,
    isForeignWanted: values.foreign && !values.short,
    // The short run is for every machine, and compares nothing.
    broker: values.short && !isInstalled('mosquitto') ? 'embedded' : 'mosquitto',
    only: values.only
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== ''),
    profile: values.profile === undefined ? {} : { profile: values.profile },
  }
}
