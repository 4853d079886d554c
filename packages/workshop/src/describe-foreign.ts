import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'
import { installCommands, isInstalled, type ForeignProgram } from './foreign.js'

/** A suite that did not run, and its missing programs. */
export interface SkippedSuite {
  readonly suite: string
  readonly needs: readonly ForeignProgram[]
}

/**
 * Returns the file that lists the skipped suites, one JSON object (`SkippedSuite`) a line: `ANTIPHON_SKIPPED_SUITES`, or
 * `.cache/skipped-suites.jsonl` of the repository.
 */
export function skippedSuitesFile(): string {
  return (
    process.env['ANTIPHON_SKIPPED_SUITES'] ??
    fileURLToPath(new URL('../../../.cache/skipped-suites.jsonl', import.meta.url))
  )
}

/**
 * Registers a suite that needs foreign programs; its file belongs to the interop tier (`*.interop.test.ts`).
 *
 * If a program is not installed, the suite is not registered. With `CI=true`, a failing test with the install command is
 * registered instead. Otherwise a line is appended to `skippedSuitesFile()`, so that the test command can list the suites
 * that did not run.
 */
export function describeForeign(programs: readonly ForeignProgram[], name: string, body: () => void): void {
  const needs = programs.filter((program) => !isInstalled(program))
  if (needs.length === 0) {
    describe(name, body)
  } else if (process.env['CI'] === 'true') {
    it(name, () => {
      const commands = installCommands(needs).map((words) => words.join(' '))
      throw new Error(`cannot run without ${needs.join(', ')}: ${commands.join(' && ')}`)
    })
  } else {
    const line: SkippedSuite = { suite: name, needs }
    mkdirSync(dirname(skippedSuitesFile()), { recursive: true })
    appendFileSync(skippedSuitesFile(), `${JSON.stringify(line)}\n`)
  }
}
