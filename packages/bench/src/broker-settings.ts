import { parseArgs } from 'node:util'

/** The settings of the broker benchmark. */
export interface BrokerSettings {
  readonly rounds: number
  /** The duration of a slice. */
  readonly milliseconds: number
  /** The number of connections and sessions for the measurement of memory. */
  readonly idle: number
  /** A text that the names of the rows to run contain. */
  readonly only: string
  /** Node options for the embedded broker. */
  readonly nodeOptions: readonly string[]
}

/** The text that `--help` prints. */
const usage = `pnpm --filter @antiphon/bench broker [options]
  --full           run longer slices, more rounds, more connections
  --only <text>    run only rows whose name contains the text
  --profile <dir>  write a CPU profile of the embedded broker to a folder
  --help           print this text`

/** Parses the command line of the broker benchmark. */
export function brokerSettingsFrom(args: readonly string[]): BrokerSettings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    process.exit()
  }
  return {
    ...(values.full
      ? { rounds: 11, milliseconds: 2_000, idle: 10_000 }
      : { rounds: 9, milliseconds: 200, idle: 2_000 }),
    only: values.only,
    nodeOptions: values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`],
  }
}
