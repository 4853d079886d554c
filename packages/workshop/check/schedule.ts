import type { Step, StepResult } from './step.js'

/** Options of a schedule. */
export interface ScheduleOptions {
  /** The number of steps that run at once. */
  readonly slots: number
  readonly run: (step: Step) => Promise<StepResult>
}

/**
 * Runs steps, each as soon as the steps it needs have passed and a slot is free, in the order of the list.
 *
 * A step may need only steps before it in the list. If one of these fails, the step is not reached.
 */
export async function schedule(
  steps: readonly Step[],
  { slots, run }: ScheduleOptions,
): Promise<readonly StepResult[]> {
  const names = steps.map(({ name }) => name)
  for (const [index, { name, needs = [] }] of steps.entries()) {
    const missing = needs.find((need) => !names.slice(0, index).includes(need))
    if (missing !== undefined)
      throw new Error(`step ${name} needs ${missing}: it must be before ${name} in the list`)
  }

  const results = new Map<string, StepResult>()
  const waiting = new Set(steps)
  const running = new Set<Promise<void>>()

  const verdictsOf = ({ needs = [] }: Step): readonly (StepResult['verdict'] | undefined)[] =>
    needs.map((name) => results.get(name)?.verdict)

  while (waiting.size > 0 || running.size > 0) {
    for (const step of waiting) {
      const verdicts = verdictsOf(step)
      if (verdicts.some((verdict) => verdict === 'failed' || verdict === 'not reached')) {
        waiting.delete(step)
        const output = `needs ${step.needs?.join(', ') ?? ''}`
        results.set(step.name, { step, verdict: 'not reached', milliseconds: 0, output, note: output })
      } else if (running.size < slots && verdicts.every((verdict) => verdict === 'passed')) {
        waiting.delete(step)
        const work = run(step).then((result) => void results.set(step.name, result))
        const slot = work.finally(() => running.delete(slot))
        running.add(slot)
      }
    }
    if (running.size > 0) await Promise.race(running)
  }
  return steps.flatMap((step) => results.get(step.name) ?? [])
}
