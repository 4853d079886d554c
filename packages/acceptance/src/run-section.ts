import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SectionRecord } from './report/page.js'
import type { SuiteArguments } from './frame/arguments.js'
import { progressOf } from './frame/progress.js'
import type { Outcome, Section } from './frame/section.js'

/** Runs one section in its own folder; a section that throws counts as a failure. */
export async function runSection(
  section: Section,
  { seed, isSmoke, number }: SuiteArguments,
): Promise<SectionRecord> {
  const { name } = section
  const folder = await mkdtemp(join(tmpdir(), `antiphon-${name}-`))
  const start = performance.now()
  const progress = progressOf(name)
  const finished = await section
    .run({ seed, isSmoke, folder, number, progress })
    .then((outcome) => ({ outcome, isBroken: false }))
    .catch((error: unknown) => ({ outcome: toFailedOutcome(name, error), isBroken: true }))
  const seconds = (performance.now() - start) / 1_000
  const { figures, failures } = finished.outcome
  for (const figure of figures) console.log(`${name}: ${figure.name}: ${figure.value}`)
  for (const failure of failures) console.log(`${name}: FAILED: ${failure}`)
  if (failures.length === 0) await rm(folder, { recursive: true, force: true })
  else console.log(`${name}: its files are kept in ${folder}`)
  return { name, seconds, ...finished }
}

function toFailedOutcome(name: string, error: unknown): Outcome {
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { figures: [], failures: [`${name} threw: ${cause}`], notRun: [] }
}
