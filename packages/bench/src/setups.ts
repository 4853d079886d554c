import type { AnyScenario } from './scenario.js'

/** The setups of a scenario's contestants. Each is started when it is first needed, and again after it was dropped. */
export class Setups {
  readonly #scenario: AnyScenario
  readonly #stages = new Map<string, unknown>()

  constructor(scenario: AnyScenario) {
    this.#scenario = scenario
  }

  /** Returns the setup of a contestant, started and warmed up. */
  async get(contestant: string): Promise<unknown> {
    if (this.#stages.has(contestant)) return this.#stages.get(contestant)
    const setup = await this.#scenario.start(contestant)
    this.#stages.set(contestant, setup)
    await this.#scenario.warm?.(setup)
    return setup
  }

  /** Stops the setup of a contestant. */
  async drop(contestant: string): Promise<void> {
    if (!this.#stages.has(contestant)) return
    const setup = this.#stages.get(contestant)
    this.#stages.delete(contestant)
    // The setup may have failed already.
    await this.#scenario.stop(setup).catch(() => undefined)
  }

  /** Stops all setups. */
  async close(): Promise<void> {
    await Promise.all([...this.#stages.keys()].map((contestant) => this.drop(contestant)))
  }
}
