import { readFile } from 'node:fs/promises'
import { installCommands, skippedSuitesFile, type SkippedSuite } from '@antiphon/workshop'

/** Reads the suites that did not run in the last run of the interop tier, sorted by name. */
export async function readSkippedSuites(): Promise<readonly SkippedSuite[]> {
  const lines = await readFile(skippedSuitesFile(), 'utf8').catch(() => '')
  const suites = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SkippedSuite)
  return [...suites].sort((a, b) => a.suite.localeCompare(b.suite))
}

/** Returns a text with the suites that did not run and the commands that install their programs; empty if all ran. */
export function skippedSuitesNotice(skipped: readonly SkippedSuite[]): string {
  if (skipped.length === 0) return ''
  const needs = [...new Set(skipped.flatMap((suite) => suite.needs))].sort()
  return [
    `\n${skipped.length} ${skipped.length === 1 ? 'suite' : 'suites'} did not run, because programs or files are missing:`,
    ...skipped.map(({ suite, needs }) => `  ${suite}${needs.length === 0 ? '' : ` (${needs.join(', ')})`}`),
    ...(needs.length === 0
      ? ['', '']
      : ['To run them too, install the programs and run the command again:', commands(needs)]),
  ].join('\n')
}

function commands(needs: SkippedSuite['needs']): string {
  return `${installCommands(needs)
    .map((words) => `  sudo ${words.join(' ')}`)
    .join('\n')}\n\n`
}
