import { parseArgs } from 'node:util'
import { isInstalled } from '@antiphon/workshop'
import type { BrokerKind } from './processes/broker.js'

/** The settings of a run. */
export interface Settings {
  readonly isShort: boolean
  /** Whether to draw the reports again without measuring. */
  readonly isReportOnly: boolean
  readonly rounds: number
  /** The duration of a slice of single requests. */
  readonly milliseconds: number
  readonly includesForeign: boolean
  /** The broker of all rows that do not name another. */
  readonly broker: BrokerKind
  /** Selects rows whose section and title contain all these words. */
  readonly only: readonly string[]
  /** The folder for CPU profiles, as an option of a pair. */
  readonly profile: { readonly profile?: string }
}

/** The text that `--help` prints. */
const usage = `pnpm bench [options]
  --short          run a small part without contestants from npm, in less than a minute
  --only <words>   run only rows whose section and title contain all of these words
  --rounds <n>     number of rounds per row
  --no-foreign     leave out the contestants from npm
  --profile <dir>  write CPU profiles of the pairs to a folder
  --report         draw the reports again, measure nothing
  --help           print this text`

/** Parses the command line. */
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
    includesForeign: values.foreign && !values.short,
    // The short run compares nothing, so it can use the embedded broker if Mosquitto is not installed.
    broker: values.short && !isInstalled('mosquitto') ? 'embedded' : 'mosquitto',
    only: values.only
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== ''),
    profile: values.profile === undefined ? {} : { profile: values.profile },
  }
}
