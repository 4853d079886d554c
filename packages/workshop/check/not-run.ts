import { readFile } from 'node:fs/promises'
import { installCommands, notRunFile, type NotRun } from '@antiphon/workshop'

/** The suites that did not run in the last run of all tests. */
export async function readNotRun(): Promise<readonly NotRun[]> {
  const lines = await readFile(notRunFile(), 'utf8').catch(() => '')
  const suites = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as NotRun)
  return [...suites].sort((a, b) => a.suite.localeCompare(b.suite))
}

/** Names the suites that did not run and the one command that installs what they need; empty where all ran. */
export function foreignNotice(notRun: readonly NotRun[]): string {
  if (notRun.length === 0) return ''
  const needs = [...new Set(notRun.flatMap((suite) => suite.needs))].sort()
  return [
    `\n${notRun.length} ${notRun.length === 1 ? 'suite' : 'suites'} did not run for want of programs that the repository does not bring:`,
    ...notRun.map((suite) => `  ${suite.suite} (${suite.needs.join(', ')})`),
    'To run them too, install what they need and test again:',
    `${installCommands(needs)
      .map((words) => `  sudo ${words.join(' ')}`)
      .join('\n')}\n\n`,
  ].join('\n')
}
