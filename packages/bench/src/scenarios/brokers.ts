import { benchPath } from '../processes/paths.js'
import { runCommand } from '../processes/command.js'
import type { Metric, Outcome, RowResult } from '../result.js'

/** The tables of the broker benchmark with their metrics. */
const metrics: readonly (readonly [title: RegExp, metric: Metric])[] = [
  [/^messages a second/, 'rate'],
  [/percentile/, 'p99'],
  [/^CPU time/, 'broker'],
  [/^resident bytes/, 'bytes'],
]

/** The broker benchmark, a separate program that interleaves its own rounds. */
export const brokers = {
  section: 'Brokers',
  about: 'The embedded broker, aedes and Mosquitto under the load of minimal MQTT 3.1.1 clients.',
  /** Runs the program and reads its tables. If it fails, a single row has the reason. */
  rows: async (): Promise<RowResult[]> => {
    try {
      return rowsFrom(await runCommand('npm', ['run', '--silent', 'broker'], benchPath()))
    } catch (error) {
      const died = error instanceof Error ? error.message : String(error)
      return [
        { title: 'brokers', facts: { kind: 'broker' }, outcomes: [{ contestant: 'all', samples: [], died }] },
      ]
    }
  },
}

/** Reads tables with columns at least two spaces apart, each between a line with its title and an empty line. */
export function rowsFrom(output: string): RowResult[] {
  const rows = new Map<string, Map<string, Outcome>>()
  let metric: Metric | undefined
  let names: readonly string[] = []
  for (const line of output.split('\n')) {
    const table = metrics.find(([title]) => title.test(line))
    if (table !== undefined) {
      metric = table[1]
      names = []
      continue
    }
    if (line.trim() === '') metric = undefined
    if (metric === undefined) continue
    const cells = line.trim().split(/\s{2,}/)
    if (names.length === 0) {
      names = cells.filter((cell) => !cell.startsWith('to '))
      continue
    }
    const [title = '', ...values] = cells
    const outcomes = rows.get(title) ?? new Map<string, Outcome>()
    rows.set(title, outcomes)
    for (const [index, contestant] of names.entries()) {
      const value = Number(values[index]?.replaceAll(',', ''))
      const sample = { ...outcomes.get(contestant)?.samples[0], [metric]: value }
      outcomes.set(contestant, { contestant, samples: [sample] })
    }
  }
  return [...rows].map(([title, outcomes]) => ({
    title,
    facts: { kind: 'broker' },
    outcomes: [...outcomes.values()].map((outcome) => ({
      ...outcome,
      contestant: displayName(outcome.contestant),
    })),
  }))
}

function displayName(name: string): string {
  return name === 'antiphon' ? 'Antiphon' : name
}
