import type { Html } from '@antiphon/report'

/** One part of the acceptance suite: a test of the whole system, and the rendering of its outcome. */
export interface Section<R extends Outcome = Outcome> {
  /** The name on the command line, in the report's links and in the progress. */
  readonly name: string
  /** The heading in the report. */
  readonly title: string
  /** Numbers that the command line can set: `--<name> <number>`. No two sections may use the same option name. */
  readonly options: Readonly<Record<string, NumberOption>>
  /** Runs the test. A misbehaving system is part of the outcome; a rejection means that the section itself is broken. */
  run(setting: SectionContext): Promise<R>
  /** Renders the outcome: a pure function of the parsed JSON. The page renders figures and failures itself. */
  render(outcome: R): Html
}

/** A numeric option of the command line. */
export interface NumberOption {
  /** The description for `--help`. */
  readonly about: string
  /** The default value in `pnpm acceptance`, which has 25 minutes for all sections. */
  readonly usual: number
  /** The value in the smoke part, which has 25 seconds for all sections; 0 if the section does not take part. */
  readonly smoke: number
}

/** The inputs of a section's run. */
export interface SectionContext {
  /** The seed of all randomness: the same seed repeats the same run. */
  readonly seed: number
  /** Whether only the smoke part runs. */
  readonly isSmoke: boolean
  /** An empty folder for the section's files, removed afterwards unless the section failed. */
  readonly folder: string
  /** Returns the value of one of the section's options. */
  readonly number: (option: string) => number
  /** Reports the progress, a share from 0 to 1. It may be called at any rate. */
  readonly progress: (share: number, text: string) => void
}

/** The part of a section's result that all sections have, as plain JSON. Sections add their own data. */
export interface Outcome {
  /** The few figures at the top of the report. */
  readonly figures: readonly KeyFigure[]
  /** Faults of the system, each with how to reproduce it. */
  readonly failures: readonly string[]
  /** Tests that cannot run on this machine. */
  readonly notRun: readonly NotRun[]
}

/** A figure at the top of the report. */
export interface KeyFigure {
  readonly name: string
  readonly value: string
}

/** A test that cannot run on this machine. */
export interface NotRun {
  readonly what: string
  /** How to make the test run. */
  readonly remedy: string
}
