import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toSvgFile } from '@antiphon/report'
import type { Result } from '../result.js'
import { chartsOf } from './charts.js'
import { pageOf } from './page.js'
import { resultText } from './result-text.js'
import { summaryOf } from './summary.js'

/** Writes the report into a folder: the page, the summary, every chart as a file, and the figures. */
export function writeReport(folder: string, measured: Result): void {
  const text = resultText(measured)
  // Drawn from the rounded figures, so that drawing from the file gives the same report.
  const result = JSON.parse(text) as Result
  // Removes charts that are no longer drawn.
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'result.json'), text)
  writeFileSync(join(folder, 'report.html'), pageOf(result))
  writeFileSync(join(folder, 'README.md'), summaryOf(result))
  for (const { name, chart } of chartsOf(result)) writeFileSync(join(folder, `${name}.svg`), toSvgFile(chart))
}
