import type { Html } from '@antiphon/report'

/** One part of the acceptance suite: something done to the whole system, and how that is shown. */
export interface Section<R extends Outcome = Outcome> {
  /** What it is called on the command line, in the report's addresses and in the progress. */
  readonly name: string
  /** The heading in the report. */
  readonly title: string
  /** Numbers that the command line may set: `--<name> <number>`. No two sections share a name. */
  readonly options: Readonly<Record<string, NumberOption>>
  /** Does it. What went wrong with the system is part of the outcome; a rejection is the section's own failure. */
  run(setting: Setting): Promise<R>
  /** Shows it: a pure function of the outcome, as it came out of JSON. Figures and failures are shown by the frame. */
  render(outcome: R): Html
}

/** A number of the command line. */
export interface NumberOption {
  /** What it says, for `--help`. */
  readonly about: string
  /** What it is in `pnpm acceptance`, which has 20 minutes for all sections. */
  readonly usual: number
  /** What it is in the smoke part, which has 25 seconds for all sections: 0 where the section stays out of it. */
  readonly smoke: number
}

/** What a section works with. */
export interface Setting {
  /** Everything left to chance comes from it: the same seed does the same again. */
  readonly seed: number
  /** The part of the check, which has seconds. */
  readonly isSmoke: boolean
  /** An empty folder of its own, removed afterwards unless something failed. */
  readonly folder: string
  /** The value of one of its options. */
  readonly number: (option: string) => number
  /** Tells how far it is, as often as it likes; a share from 0 to 1. */
  readonly progress: (share: number, text: string) => void
}

/** What every section hands back, as plain JSON; what it measured stands beside it. */
export interface Outcome {
  /** The few figures that belong on top of the report. */
  readonly figures: readonly Figure[]
  /** What is wrong with the system, a sentence each that says how to see it again; empty when all is well. */
  readonly failures: readonly string[]
  /** What could not be tried on this machine. */
  readonly notRun: readonly NotRun[]
}

/** A figure with its name. */
export interface Figure {
  readonly name: string
  readonly value: string
}

/** Something that a machine did not allow. */
export interface NotRun {
  readonly what: string
  /** What would make it run. */
  readonly remedy: string
}
