import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Result } from '../record/result.js'
import { estimate } from './figures.js'
import type { ScenarioResults, Subject } from './report.js'

/** The runs of the same scenarios on a real broker and in simulation. */
export interface Compared {
  readonly real: readonly ScenarioResults[]
  readonly simulated: readonly ScenarioResults[]
}

/** The name of the file with a comparison. */
export const comparisonFile = 'real.md'

/** By how much the two may differ. */
const FACTOR = 2

interface Figure {
  readonly name: string
  readonly valueOf: (result: Result) => number | undefined
  readonly digits: number
  /** What a figure cannot tell from 0. */
  readonly resolution: number
}

const figures: readonly Figure[] = [
  { name: 'recovery, s', valueOf: ({ recovery }) => recovery, digits: 0, resolution: 1 },
  { name: 'sent to offered', valueOf: ({ amplification }) => amplification, digits: 2, resolution: 0 },
]

/** Writes the comparison of a simulation with a real broker. */
export function writeComparison(folder: string, subject: Subject, compared: Compared): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, comparisonFile), comparisonText(subject, compared))
}

/** Returns the comparison in Markdown. */
export function comparisonText(
  { devices, requestsPerSecond, seeds }: Subject,
  { real, simulated }: Compared,
): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const head = ['scenario', ...figures.flatMap(({ name }) => [`${name}: Mosquitto`, 'simulated', 'agree'])]
  return [
    '# The simulation compared with Mosquitto',
    '',
    `${devices} devices and ${requestsPerSecond} requests a second, ${seeds} ${seeds === 1 ? 'run' : 'runs'} of each. ` +
      `Figures count as equal within a factor of ${FACTOR}; a recovery is measured to a second.`,
    '',
    row(head),
    row(head.map(() => '---')),
    ...real.map(({ scenario, results }) => {
      const others = simulated.find((run) => run.scenario.name === scenario.name)?.results ?? []
      return row([scenario.name, ...figures.flatMap((figure) => cellsOf(figure, results, others))])
    }),
    '',
  ].join('\n')
}

function cellsOf(figure: Figure, real: readonly Result[], simulated: readonly Result[]): readonly string[] {
  const [one, other] = [meanOf(figure, real), meanOf(figure, simulated)]
  const textOf = (value: number | undefined): string => value?.toFixed(figure.digits) ?? 'none'
  return [textOf(one), textOf(other), doAgree(one, other, figure.resolution) ? 'yes' : 'no']
}

function meanOf({ valueOf }: Figure, results: readonly Result[]): number | undefined {
  const values = results.map(valueOf)
  return values.length > 0 && values.every((value) => value !== undefined) ? estimate(values).mean : undefined
}

/** Whether two figures lie within the factor of each other, apart from their resolution. */
export function doAgree(one: number | undefined, other: number | undefined, resolution: number): boolean {
  if (one === undefined || other === undefined) return one === other
  const [least, most] = [Math.min(one, other), Math.max(one, other)]
  return most - resolution <= FACTOR * (least + resolution)
}
