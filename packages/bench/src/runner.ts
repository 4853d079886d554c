import type { Outcome, RowResult, Sample } from './result.js'
import { contestantsOf, type AnyScenario, type Row } from './scenario.js'
import { Setups } from './setups.js'

/** The callbacks of a run. */
export interface RunCallbacks {
  /** Called before a measurement; round 0 only starts the contestants. */
  readonly measuring: (row: Row<unknown>, contestant: string, round: number) => void
  readonly measured: (row: Row<unknown>, result: RowResult) => void
}

/**
 * Runs the rows of a scenario.
 *
 * The order of the contestants rotates in every round (A B C, B C A, …), so that a change of the machine's load concerns
 * all of them. A contestant that fails is started again for the next row; its earlier samples are kept.
 */
export async function run(scenario: AnyScenario, rounds: number, callbacks: RunCallbacks): Promise<void> {
  const setups = new Setups(scenario)
  const groups = scenario.isInterleaved === true ? [scenario.rows] : scenario.rows.map((row) => [row])
  try {
    for (const rows of groups) {
      const rowRuns = rows.map((row) => new RowRun(row, contestantsOf(scenario, row), setups))
      for (let round = 0; round <= rounds; round += 1) {
        for (const rowRun of rowRuns) await rowRun.turn(round, callbacks)
      }
      for (const rowRun of rowRuns) callbacks.measured(rowRun.row, rowRun.result())
    }
  } finally {
    await setups.close()
  }
}

/** The measurements of a row. */
class RowRun {
  readonly row: Row<unknown>
  readonly #contestants: readonly string[]
  readonly #stages: Setups
  readonly #samples = new Map<string, Sample[]>()
  readonly #died = new Map<string, string>()

  constructor(row: Row<unknown>, contestants: readonly string[], setups: Setups) {
    this.row = row
    this.#contestants = contestants
    this.#stages = setups
    for (const contestant of contestants) this.#samples.set(contestant, [])
  }

  /** Measures all contestants once. In round 0 they are only started, so that no start disturbs a measurement. */
  async turn(round: number, { measuring }: RunCallbacks): Promise<void> {
    for (let turn = 0; turn < this.#contestants.length; turn += 1) {
      const contestant = this.#contestants[(turn + round) % this.#contestants.length] ?? ''
      if (this.#died.has(contestant)) continue
      measuring(this.row, contestant, round)
      try {
        const setup = await this.#stages.get(contestant)
        if (round > 0) this.#samples.get(contestant)?.push(await this.row.measure(setup, contestant))
      } catch (error) {
        this.#died.set(contestant, error instanceof Error ? error.message : String(error))
        await this.#stages.drop(contestant)
      }
    }
  }

  result(): RowResult {
    const outcomes = this.#contestants.map((contestant): Outcome => {
      const died = this.#died.get(contestant)
      const samples = this.#samples.get(contestant) ?? []
      return { contestant, samples, ...(died === undefined ? {} : { died }) }
    })
    return { title: this.row.title, facts: this.row.facts, outcomes }
  }
}
