import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SectionRecord } from '../report/page.js'
import type { SuiteRequest } from './arguments.js'
import { progressOf } from './progress.js'
import type { Outcome, Section } from './section.js'

/** Runs one section in a folder of its own; a section that breaks off is a failure like any other. */
export async function runSection(
  section: Section,
  { seed, isSmoke, number }: SuiteRequest,
): Promise<SectionRecord> {
  const { name } = section
  const folder = await mkdtemp(join(tmpdir(), `antiphon-${name}-`))
  const start = performance.now()
  const progress = progressOf(name)
  const finished = await section
    .run({ seed, isSmoke, folder, number, progress })
    .then((outcome) => ({ outcome, isBroken: false }))
    .catch((error: unknown) => ({ outcome: brokenOff(name, error), isBroken: true }))
  const seconds = (performance.now() - start) / 1_000
  const { figures, failures } = finished.outcome
  for (const figure of figures) console.log(`${name}: ${figure.name}: ${figure.value}`)
  for (const failure of failures) console.log(`${name}: FAILED: ${failure}`)
  if (failures.length === 0) await rm(folder, { recursive: true, force: true })
  else console.log(`${name}: what it left is in ${folder}`)
  return { name, seconds, ...finished }
}

function brokenOff(name: string, error: unknown): Outcome {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { figures: [], failures: [`${name} broke off: ${why}`], notRun: [] }
}
