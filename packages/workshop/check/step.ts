import type { TestCounts } from './tests/counts.js'
import type { Tier } from './tests/tiers.js'

/** One named part of a check: a command whose exit code is the verdict. */
export interface Step {
  readonly name: string
  /** What it makes sure of, in a few words. */
  readonly about: string
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]]
  /** Steps that must have passed before. */
  readonly needs?: readonly string[]
  /** What is added to the environment. */
  readonly env?: NodeJS.ProcessEnv
  /** The tier of the tests that it runs, if it runs tests. */
  readonly tier?: Tier
}

/** How a step ended. */
export interface StepResult {
  readonly step: Step
  readonly verdict: 'passed' | 'failed' | 'not reached'
  readonly milliseconds: number
  readonly output: string
  /** The figure for the summary: what a check of ours prints last. */
  readonly note: string
  /** How its tests ended, if it runs tests. */
  readonly tests?: TestCounts
}

/** A check of ours ends its output with `note: …` to have it shown in the summary. */
export const noteMark = 'note: '

/** Returns the note in a step's output. */
export function noteIn(output: string): string {
  const last = output.trimEnd().split('\n').at(-1) ?? ''
  return last.startsWith(noteMark) ? last.slice(noteMark.length) : ''
}
