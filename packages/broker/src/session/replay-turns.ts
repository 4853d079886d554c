import type { Flushable, Turn } from '../turn.js'

/** Steps of all replays in one turn, about 1 ms of work: other clients wait no longer than that. */
const stepsPerTurn = 1_000

/** Steps that one replay may take before another one continues. */
const stepsPerReplay = 100

/** A replay that takes turns with others. */
export interface TurnTaker {
  /** Takes up to `steps` steps; returns how many. Fewer than `steps`: it is complete, or waits for its client. */
  readonly take: (steps: number) => number
}

/**
 * The order in which the replays of all sessions continue, and the number of steps that they may take in one turn. A
 * SUBSCRIBE with hundreds of filters over many retained messages takes seconds of work.
 */
export class ReplayTurns implements Flushable {
  readonly #turn: Turn
  readonly #waiting = new Set<TurnTaker>()
  #stepsLeft = stepsPerTurn
  #isScheduled = false
  /** Whether a replay takes steps: one that requests more meanwhile must not be re-entered. */
  #isRunning = false

  constructor(turn: Turn) {
    this.#turn = turn
  }

  /** Lets a replay take steps, at once if the present turn has any left. */
  request(replay: TurnTaker): void {
    this.#waiting.add(replay)
    if (this.#waiting.size === 1 && !this.#isRunning) this.#run()
    if (this.#stepsLeft < stepsPerTurn || this.#waiting.size > 0) this.#schedule()
  }

  /** Removes a replay. */
  cancel(replay: TurnTaker): void {
    this.#waiting.delete(replay)
  }

  /** Begins a turn. */
  flush(): void {
    this.#isScheduled = false
    this.#stepsLeft = stepsPerTurn
    this.#run()
    if (this.#waiting.size > 0) this.#schedule()
  }

  #run(): void {
    this.#isRunning = true
    while (this.#stepsLeft > 0) {
      const [replay] = this.#waiting
      if (replay === undefined) break
      // Removed first: a replay whose client drains meanwhile adds itself again.
      this.#waiting.delete(replay)
      const steps = Math.min(stepsPerReplay, this.#stepsLeft)
      const taken = replay.take(steps)
      this.#stepsLeft -= taken
      if (taken === steps) this.#waiting.add(replay)
    }
    this.#isRunning = false
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#turn.add(this)
  }
}
