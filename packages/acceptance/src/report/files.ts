import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Section } from '../frame/section.js'
import { page, type SuiteRecord } from './page.js'
import { summary } from './summary.js'

const cache = fileURLToPath(new URL('../../../../.cache/acceptance/', import.meta.url))
const docs = fileURLToPath(new URL('../../../../docs/acceptance/', import.meta.url))

/** The command whose report is kept in the repository: all sections with their default options. */
export const fullRunCommand = 'pnpm acceptance'

/** Saves the record of a run, so that its report can be drawn again. */
export async function saveRecord(record: SuiteRecord): Promise<void> {
  await mkdir(cache, { recursive: true })
  await writeFile(`${cache}${nameOf(record)}.json`, `${JSON.stringify(record, undefined, 1)}\n`)
}

/** Writes the report of a run and returns the path of the page. */
export async function writeReport(record: SuiteRecord, sections: readonly Section[]): Promise<string> {
  const drawn = page(record, sections)
  const name = nameOf(record)
  await writeFile(`${cache}${name}.html`, drawn)
  if (record.command !== fullRunCommand) return `.cache/acceptance/${name}.html`
  await mkdir(docs, { recursive: true })
  await writeFile(`${docs}report.html`, drawn)
  await writeFile(`${docs}README.md`, summary(record, sections))
  return 'docs/acceptance/report.html'
}

/** Reads the record of the last run. */
export async function readLastRecord(): Promise<SuiteRecord> {
  const file = `${cache}report.json`
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(`cannot draw a report: ${file} does not exist; run ${fullRunCommand} first`)
  })
  return JSON.parse(text) as SuiteRecord
}

function nameOf({ isSmoke }: SuiteRecord): string {
  return isSmoke ? 'smoke' : 'report'
}
