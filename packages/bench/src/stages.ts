import type { AnyScenario } from './scenario.js'

/** The contestants of a scenario at work: each is started when it is first needed, and again after it was dropped. */
export class Stages {
  readonly #scenario: AnyScenario
  readonly #stages = new Map<string, unknown>()

  constructor(scenario: AnyScenario) {
    this.#scenario = scenario
  }

  async get(contestant: string): Promise<unknown> {
    if (this.#stages.has(contestant)) return this.#stages.get(contestant)
    const stage = await this.#scenario.start(contestant)
    this.#stages.set(contestant, stage)
    await this.#scenario.warm?.(stage)
    return stage
  }

  async drop(contestant: string): Promise<void> {
    if (!this.#stages.has(contestant)) return
    const stage = this.#stages.get(contestant)
    this.#stages.delete(contestant)
    // It may be what died.
    await this.#scenario.stop(stage).catch(() => undefined)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#stages.keys()].map((contestant) => this.drop(contestant)))
  }
}
