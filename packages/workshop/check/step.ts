import type { TestCounts } from './tests/counts.js'
import type { Tier } from './tests/tiers.js'

/** A named step of a check: a command whose exit code is the verdict. */
export interface Step {
  readonly name: string
  /** A short description. */
  readonly about: string
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]]
  /** Steps that must pass first. */
  readonly needs?: readonly string[]
  /** Additional environment variables. */
  readonly env?: NodeJS.ProcessEnv
  /** The tier of its tests, if it runs tests. */
  readonly tier?: Tier
}

/** The result of a step. */
export interface StepResult {
  readonly step: Step
  readonly verdict: 'passed' | 'failed' | 'not reached'
  readonly milliseconds: number
  readonly output: string
  /** The figure for the summary, from the last line of the output. */
  readonly note: string
  /** The counts of its tests, if it runs tests. */
  readonly tests?: TestCounts
}

/** The prefix of the last line of output that the summary shows. */
export const noteMark = 'note: '

/** Returns the note in a step's output. */
export function noteIn(output: string): string {
  const last = output.trimEnd().split('\n').at(-1) ?? ''
  return last.startsWith(noteMark) ? last.slice(noteMark.length) : ''
}
