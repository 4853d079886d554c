import type { Facts, Sample } from './result.js'

/** One thing that every contestant does in each round. */
export interface Row<Stage> {
  readonly title: string
  readonly facts: Facts
  /** Does it once and says what it took. */
  readonly measure: (stage: Stage, contestant: string) => Promise<Sample>
  /** Seconds that one measurement takes, as far as one knows; for the time left. */
  readonly seconds: number
  /** Who has no such thing; they are left out of the row. */
  readonly without?: readonly string[]
}

/** Rows that are measured on the same processes, one stage for each contestant. */
export interface Scenario<Stage> {
  readonly section: string
  readonly about: string
  readonly contestants: readonly string[]
  readonly rows: readonly Row<Stage>[]
  /** Rows that are compared with each other are measured in the same rounds. @defaultValue false */
  readonly isWoven?: boolean
  readonly start: (contestant: string) => Promise<Stage>
  /** Lets a stage that has just started come to speed; one that fails at it is stopped. */
  readonly warm?: (stage: Stage) => Promise<unknown>
  readonly stop: (stage: Stage) => Promise<void>
}

/** A scenario whose stage is its own affair. */
export type AnyScenario = Scenario<unknown>

/** Forgets what the stage is. */
export function scenario<Stage>(rules: Scenario<Stage>): AnyScenario {
  return rules as AnyScenario
}

/** Those who take part in a row. */
export function entrantsOf<Stage>({ contestants }: Scenario<Stage>, { without = [] }: Row<Stage>): string[] {
  return contestants.filter((name) => !without.includes(name))
}
