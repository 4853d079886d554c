import { inBench } from '../processes/places.js'
import { runCommand } from '../processes/command.js'
import type { Metric, Outcome, RowResult } from '../result.js'

/** The tables of the benchmark of brokers, and the metrics that they are about. */
const metrics: readonly (readonly [title: RegExp, metric: Metric])[] = [
  [/^messages a second/, 'rate'],
  [/percentile/, 'p99'],
  [/^CPU time/, 'broker'],
  [/^resident bytes/, 'bytes'],
]

/** The benchmark of brokers, which is a program of its own and takes its own turns. */
export const brokers = {
  section: 'Brokers',
  about: 'The embedded broker beside aedes and Mosquitto, under a load that speaks raw 3.1.1.',
  /** Runs it and reads its tables; where it fails, one row says why. */
  rows: async (): Promise<RowResult[]> => {
    try {
      return rowsFrom(await runCommand('npm', ['run', '--silent', 'broker'], inBench()))
    } catch (error) {
      const died = error instanceof Error ? error.message : String(error)
      return [
        { title: 'brokers', facts: { kind: 'broker' }, outcomes: [{ contestant: 'all', samples: [], died }] },
      ]
    }
  },
}

/** Reads tables whose columns stand at least two spaces apart, each under a line that names it. */
export function rowsFrom(output: string): RowResult[] {
  const rows = new Map<string, Map<string, Outcome>>()
  let metric: Metric | undefined
  let names: readonly string[] = []
  for (const line of output.split('\n')) {
    const found = metrics.find(([title]) => title.test(line))
    if (found !== undefined) {
      metric = found[1]
      names = []
      continue
    }
    const cells = line.trim().split(/\s{2,}/)
    if (metric === undefined || line.trim() === '') continue
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
      contestant: shown(outcome.contestant),
    })),
  }))
}

function shown(name: string): string {
  return name === 'antiphon' ? 'Antiphon' : name
}
