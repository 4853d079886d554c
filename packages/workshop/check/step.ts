/** One named thing that a check does: a command whose exit code is the verdict. */
export interface Step {
  readonly name: string
  /** What it makes sure of, in a few words. */
  readonly about: string
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]]
  /** Steps that must have passed before. */
  readonly needs?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** How a step ended. */
export interface StepResult {
  readonly step: Step
  readonly verdict: 'passed' | 'failed' | 'not reached'
  readonly milliseconds: number
  readonly output: string
  /** The figure worth a place in the summary: what a check of ours prints last. */
  readonly note: string
}

/** A check of ours ends its output with `note: …` to have it shown in the summary. */
export const noteMark = 'note: '

/** The note in a step's output. */
export function noteIn(output: string): string {
  const last = output.trimEnd().split('\n').at(-1) ?? ''
  return last.startsWith(noteMark) ? last.slice(noteMark.length) : ''
}
