import { parseArgs } from 'node:util'
import type { Limits } from './limits.js'
import { scenarios } from './scenarios/index.js'
import type { Scenario } from './scenarios/scenario.js'

/** The settings of a command line. */
export interface Settings {
  readonly scenarios: readonly Scenario[]
  readonly devices: number
  readonly requestsPerSecond: number
  readonly seeds: readonly number[]
  /** Whether to run on a real Mosquitto. */
  readonly isReal: boolean
  /** Whether to write the report that is kept with the sources. */
  readonly isSaving: boolean
  /** What the simulation may cost; beyond that it fails. */
  readonly limits: Limits
}

const usage = `pnpm simulate [scenario ...] [options]
  --devices <n>   number of devices (10 000)
  --rate <n>      requests a second of all requesters together (1 000)
  --seeds <n>     number of runs of each scenario, each with another seed (3)
  --real          run on a Mosquitto, in real time, with at most 500 devices
  --save          write the report to docs/simulation
  --max-memory <MiB>, --max-cpu <s>  fail if the simulation takes more
  --help          print this text

Scenarios:
${scenarios.map(({ name, title }) => `  ${name.padEnd(15)} ${title}`).join('\n')}`

/** The most clients of a run on a real broker: all of them share this machine. */
const REAL_DEVICES = 500

/** Parses a command line. Returns `help` if the usage was printed instead. */
export function readSettings(args: readonly string[]): Settings | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      devices: { type: 'string' },
      rate: { type: 'string' },
      seeds: { type: 'string' },
      real: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      'max-memory': { type: 'string' },
      'max-cpu': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    return 'help'
  }
  const { real: isReal, save: isSaving } = values
  const devices = readCount('--devices', values.devices, isReal ? REAL_DEVICES : 10_000)
  if (isReal && devices > REAL_DEVICES)
    throw new Error(`--devices is ${devices}: with --real it must be at most ${REAL_DEVICES}`)
  return {
    scenarios: select(positionals, isReal),
    devices,
    requestsPerSecond: readCount('--rate', values.rate, isReal ? 200 : 1_000),
    seeds: Array.from(
      { length: readCount('--seeds', values.seeds, isReal ? 1 : 3) },
      (_, index) => index + 1,
    ),
    isReal,
    isSaving,
    limits: {
      memory: readCount('--max-memory', values['max-memory'], Infinity),
      cpu: readCount('--max-cpu', values['max-cpu'], Infinity),
    },
  }
}

function readCount(name: string, value: string | undefined, usual: number): number {
  if (value === undefined) return usual
  const count = Number(value)
  if (!Number.isInteger(count) || count < 1)
    throw new Error(`${name} is ${value}: it must be a whole number above 0`)
  return count
}

function select(names: readonly string[], isReal: boolean): readonly Scenario[] {
  const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name === name))
  if (unknown !== undefined) {
    const known = scenarios.map(({ name }) => name).join(', ')
    throw new Error(`there is no scenario ${unknown}: it must be one of ${known}`)
  }
  return scenarios.filter(
    ({ name, needsRegions = false }) =>
      (names.length === 0 || names.includes(name)) && !(isReal && needsRegions),
  )
}
