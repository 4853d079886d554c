import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cachePath, rootPath } from './processes/paths.js'
import { resultText } from './report/result-text.js'
import { verdictTable } from './report/verdict-table.js'
import { writeReport } from './report/write.js'
import type { Result } from './result.js'

/** The folder of the report that is committed with the sources. */
const committed = rootPath('docs', 'bench')
const modes = ['short', 'partial', 'full'] as const

const fileOf = (mode: Result['mode']): string => cachePath(`${mode}.json`)
const folderOf = (mode: Result['mode']): string => cachePath(`report-${mode}`)

/** Saves the result so far, so that an interrupted run keeps its complete rows. */
export function saveResult(result: Result): void {
  mkdirSync(cachePath(), { recursive: true })
  const file = fileOf(result.mode)
  writeFileSync(`${file}.new`, resultText(result))
  renameSync(`${file}.new`, file)
}

/** Draws the report of a complete run and prints its verdicts. The report of a full run goes to `docs/bench`. */
export function finish(result: Result): void {
  const folder = result.mode === 'full' ? committed : folderOf(result.mode)
  writeReport(folder, result)
  console.log(verdictTable(result))
  printAddress(folder)
}

/** Draws all reports again: the committed one, and those of the last runs on this machine, complete or not. */
export function redraw(): void {
  const sources = [
    [join(committed, 'result.json'), committed],
    ...modes.map((mode) => [fileOf(mode), folderOf(mode)]),
  ] as const
  for (const [file, folder] of sources) {
    if (file === undefined || folder === undefined || !existsSync(file)) continue
    writeReport(folder, JSON.parse(readFileSync(file, 'utf8')) as Result)
    printAddress(folder)
  }
}

function printAddress(folder: string): void {
  console.log(pathToFileURL(join(folder, 'report.html')).href)
}
