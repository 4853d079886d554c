import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Section } from '../frame/section.js'
import { page, type SuiteRecord } from './page.js'
import { summary } from './summary.js'

const cache = fileURLToPath(new URL('../../../../.cache/acceptance/', import.meta.url))
const docs = fileURLToPath(new URL('../../../../docs/acceptance/', import.meta.url))

/** The command whose report is kept in the repository: everything, with its usual numbers. */
export const whole = 'pnpm acceptance'

/** Keeps what came of a run, so that its report can be drawn again. */
export async function keepRecord(record: SuiteRecord): Promise<void> {
  await mkdir(cache, { recursive: true })
  await writeFile(`${cache}${nameOf(record)}.json`, `${JSON.stringify(record, undefined, 1)}\n`)
}

/** Draws the report of a run; tells where the page is. */
export async function writeReport(record: SuiteRecord, sections: readonly Section[]): Promise<string> {
  const drawn = page(record, sections)
  const name = nameOf(record)
  await writeFile(`${cache}${name}.html`, drawn)
  if (record.command !== whole) return `.cache/acceptance/${name}.html`
  await mkdir(docs, { recursive: true })
  await writeFile(`${docs}report.html`, drawn)
  await writeFile(`${docs}README.md`, summary(record, sections))
  return 'docs/acceptance/report.html'
}

/** What came of the last run. */
export async function lastRecord(): Promise<SuiteRecord> {
  const file = `${cache}report.json`
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(`there is no ${file} to draw a report from: run ${whole} first`)
  })
  return JSON.parse(text) as SuiteRecord
}

function nameOf({ isSmoke }: SuiteRecord): string {
  return isSmoke ? 'smoke' : 'report'
}
