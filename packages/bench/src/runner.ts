import type { Outcome, RowResult, Sample } from './result.js'
import { entrantsOf, type AnyScenario, type Row } from './scenario.js'
import { Stages } from './stages.js'

/** What the runner tells while it runs. */
export interface Watcher {
  /** Round 0 is getting ready. */
  readonly measuring: (row: Row<unknown>, contestant: string, round: number) => void
  readonly measured: (row: Row<unknown>, result: RowResult) => void
}

/**
 * Runs the rows of a scenario. Contestants take turns in every round (A B C, B C A, …), so that what happens to the
 * machine happens to all. One that dies is started anew for the next row; what it measured before stands.
 */
export async function run(scenario: AnyScenario, rounds: number, watcher: Watcher): Promise<void> {
  const stages = new Stages(scenario)
  const groups = scenario.isWoven === true ? [scenario.rows] : scenario.rows.map((row) => [row])
  try {
    for (const rows of groups) {
      const courses = rows.map((row) => new Course(row, entrantsOf(scenario, row), stages))
      for (let round = 0; round <= rounds; round += 1) {
        for (const course of courses) await course.turn(round, watcher)
      }
      for (const course of courses) watcher.measured(course.row, course.result())
    }
  } finally {
    await stages.close()
  }
}

/** A row under way. */
class Course {
  readonly row: Row<unknown>
  readonly #entrants: readonly string[]
  readonly #stages: Stages
  readonly #samples = new Map<string, Sample[]>()
  readonly #died = new Map<string, string>()

  constructor(row: Row<unknown>, entrants: readonly string[], stages: Stages) {
    this.row = row
    this.#entrants = entrants
    this.#stages = stages
    for (const contestant of entrants) this.#samples.set(contestant, [])
  }

  /** Everybody's turn; in round 0 they only get ready, so that nobody starts while others are measured. */
  async turn(round: number, { measuring }: Watcher): Promise<void> {
    for (let turn = 0; turn < this.#entrants.length; turn += 1) {
      const contestant = this.#entrants[(turn + round) % this.#entrants.length] ?? ''
      if (this.#died.has(contestant)) continue
      measuring(this.row, contestant, round)
      try {
        const stage = await this.#stages.get(contestant)
        if (round > 0) this.#samples.get(contestant)?.push(await this.row.measure(stage, contestant))
      } catch (error) {
        this.#died.set(contestant, error instanceof Error ? error.message : String(error))
        await this.#stages.drop(contestant)
      }
    }
  }

  result(): RowResult {
    const outcomes = this.#entrants.map((contestant): Outcome => {
      const died = this.#died.get(contestant)
      const samples = this.#samples.get(contestant) ?? []
      return { contestant, samples, ...(died === undefined ? {} : { died }) }
    })
    return { title: this.row.title, facts: this.row.facts, outcomes }
  }
}
