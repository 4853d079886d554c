import { parseArgs } from 'node:util'

/** How the brokers are measured, as the command line says. */
export interface BrokerSettings {
  readonly rounds: number
  /** How long a slice lasts. */
  readonly milliseconds: number
  /** How many connections and sessions the memory is measured with. */
  readonly idle: number
  /** Part of the names of the rows to run. */
  readonly only: string
  /** Options of Node for the embedded broker. */
  readonly nodeOptions: readonly string[]
}

/** How to use the command. */
const usage = `pnpm --filter @antiphon/bench broker [options]
  --full           longer slices, more rounds, more connections
  --only <text>    only rows whose name contains the text
  --profile <dir>  write a CPU profile of the embedded broker to a folder
  --help           this`

/** Reads the command line of the benchmark of brokers. */
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
