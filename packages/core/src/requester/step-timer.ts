import type { AwaitedStep } from '../errors.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import type { StepTimeouts } from './options.js'

/** The deadline of the step that an exchange is in. */
export class StepTimer {
  readonly #deadlines: Deadlines
  readonly #timeouts: StepTimeouts
  readonly #onTimeout: (milliseconds: number) => void
  #step: AwaitedStep | undefined
  #deadline: Deadline | undefined

  constructor(deadlines: Deadlines, timeouts: StepTimeouts, onTimeout: (milliseconds: number) => void) {
    this.#deadlines = deadlines
    this.#timeouts = timeouts
    this.#onTimeout = onTimeout
  }

  /** Enters a step, and starts its timeout unless the exchange is already in that step. */
  enter(step: AwaitedStep): void {
    if (step === this.#step) return
    this.#step = step
    this.#deadline?.cancel()
    const milliseconds = this.#timeouts[step]
    this.#deadline =
      milliseconds === undefined
        ? undefined
        : this.#deadlines.add(milliseconds, () => this.#onTimeout(milliseconds))
  }

  /** Cancels the deadline: the first response has arrived, or the exchange has settled. */
  clear(): void {
    this.#deadline?.cancel()
  }
}
