import { appendFileSync, existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'
import { installCommands, isFromPyPi, isInstalled, type ForeignProgram } from './foreign.js'

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
 * registered instead, unless the program is from PyPI, which a machine with Debian's packages may not reach. Otherwise a line is appended
 * to `skippedSuitesFile()`, so that the test command can list the suites that did not run.
 */
export function describeForeign(programs: readonly ForeignProgram[], name: string, body: () => void): void {
  const needs = programs.filter((program) => !isInstalled(program))
  if (needs.length === 0) {
    describe(name, body)
  } else if (process.env['CI'] === 'true' && !needs.every(isFromPyPi)) {
    it(name, () => {
      const commands = installCommands(needs).map((words) => words.join(' '))
      throw new Error(`cannot run without ${needs.join(', ')}: ${commands.join(' && ')}`)
    })
  } else {
    listSkipped({ suite: name, needs })
  }
}

/**
 * Registers a suite that reads files which do not belong to this repository. If their folder does not exist, the suite is listed in
 * `skippedSuitesFile()` instead, with where the files can be found.
 */
export function describeWithFiles(
  { folder, source }: { readonly folder: string; readonly source: string },
  name: string,
  body: () => void,
): void {
  if (existsSync(folder)) describe(name, body)
  else
    it(`lists "${name}" as not run, because ${source} is not on this machine`, () => {
      listSkipped({ suite: `${name}: ${source}`, needs: [] })
    })
}

function listSkipped(line: SkippedSuite): void {
  mkdirSync(dirname(skippedSuitesFile()), { recursive: true })
  appendFileSync(skippedSuitesFile(), `${JSON.stringify(line)}\n`)
}
