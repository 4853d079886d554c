import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Result } from '../result.js'
import { chartsOf } from './charts.js'
import { pageOf } from './page.js'
import { resultText } from './result-text.js'
import { summaryOf } from './summary.js'
import { chartStyle, grounds } from './theme.js'

/** Writes the report into a folder: the page, a summary with every chart as a file of its own, and the figures. */
export function writeReport(folder: string, result: Result): void {
  // A chart that there are no figures for any more must not stay.
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'result.json'), resultText(result))
  writeFileSync(join(folder, 'report.html'), pageOf(result))
  writeFileSync(join(folder, 'README.md'), summaryOf(result))
  for (const { name, svg } of chartsOf(result)) writeFileSync(join(folder, `${name}.svg`), `${alone(svg)}\n`)
}

/** A drawing that brings its own colours and its own ground. */
function alone(svg: string): string {
  const ground = '<rect width="100%" height="100%" fill="var(--ground)"/>'
  return svg.replace('>', `><style>${grounds.replaceAll(':root', 'svg')}\n${chartStyle}</style>${ground}`)
}
