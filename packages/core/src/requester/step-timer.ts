import type { AwaitedStep } from '../errors.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import type { StepTimeouts } from './options.js'

const MISSING: Readonly<Record<AwaitedStep, string>> = {
  connection: 'the link was not connected',
  subscription: 'the response subscription was not granted',
  acknowledgement: 'no acknowledgement from the broker',
  response: 'no answer',
}

/** What a time-out says of the step that took too long. */
export function describeTimeout(step: AwaitedStep, milliseconds: number): string {
  return `${MISSING[step]} within ${milliseconds} ms`
}

/** Holds a question to the time that the step it stands at may take. */
export class StepTimer {
  readonly #deadlines: Deadlines
  readonly #timeouts: StepTimeouts
  readonly #timedOut: (milliseconds: number) => void
  #step: AwaitedStep | undefined
  #deadline: Deadline | undefined

  constructor(deadlines: Deadlines, timeouts: StepTimeouts, timedOut: (milliseconds: number) => void) {
    this.#deadlines = deadlines
    this.#timeouts = timeouts
    this.#timedOut = timedOut
  }

  /** What is awaited now; its time begins when that changes. */
  enter(step: AwaitedStep): void {
    if (step === this.#step) return
    this.#step = step
    this.#deadline?.cancel()
    const milliseconds = this.#timeouts[step]
    this.#deadline =
      milliseconds === undefined
        ? undefined
        : this.#deadlines.add(milliseconds, () => this.#timedOut(milliseconds))
  }

  /** An answer has begun, or all is over. */
  clear(): void {
    this.#deadline?.cancel()
  }
}
