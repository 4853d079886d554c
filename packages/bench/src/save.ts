import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inCache, inRoot } from './processes/places.js'
import { resultText } from './report/result-text.js'
import { verdictTable } from './report/verdict-table.js'
import { writeReport } from './report/write.js'
import type { Result } from './result.js'

/** The report that is kept with the sources. */
const kept = inRoot('docs', 'bench')
const modes = ['short', 'partial', 'full'] as const

const fileOf = (mode: Result['mode']): string => inCache(`${mode}.json`)
const folderOf = (mode: Result['mode']): string => inCache(`report-${mode}`)

/** Keeps what is known so far; a run that is broken off loses no row that it finished. */
export function saveResult(result: Result): void {
  mkdirSync(inCache(), { recursive: true })
  const file = fileOf(result.mode)
  writeFileSync(`${file}.new`, resultText(result))
  renameSync(`${file}.new`, file)
}

/** Draws the report of a run that is done and says what it says: a full run's into `docs/bench`. */
export function finish(result: Result): void {
  const folder = result.mode === 'full' ? kept : folderOf(result.mode)
  writeReport(folder, result)
  console.log(verdictTable(result))
  say(folder)
}

/** Draws all reports again: the kept one, and those of what was measured here last, finished or not. */
export function drawAgain(): void {
  const sources = [
    [join(kept, 'result.json'), kept],
    ...modes.map((mode) => [fileOf(mode), folderOf(mode)]),
  ] as const
  for (const [file, folder] of sources) {
    if (file === undefined || folder === undefined || !existsSync(file)) continue
    writeReport(folder, JSON.parse(readFileSync(file, 'utf8')) as Result)
    say(folder)
  }
}

function say(folder: string): void {
  console.log(pathToFileURL(join(folder, 'report.html')).href)
}
