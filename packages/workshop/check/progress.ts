import { runCommand } from './run-command.js'
import { noteIn, type Step, type StepResult } from './step.js'
import { readTestCounts } from './tests/read-counts.js'
import { inCache } from './workspace.js'

/** Runs steps and prints their progress. */
export interface StepRunner {
  /** Runs a step and prints a line at its start and end. */
  readonly run: (step: Step) => Promise<StepResult>
  /** Stops printing. */
  readonly stop: () => void
}

const period = 15_000

/** Returns a runner for steps that also prints the running steps periodically. */
export function stepRunner(steps: readonly Step[]): StepRunner {
  const start = performance.now()
  const running = new Map<string, { readonly since: number; lastLine: string }>()
  let ended = 0
  const print = (text: string): void => {
    console.log(`[${clock(performance.now() - start)}] ${text}`)
  }
  const timer = setInterval(() => {
    for (const [name, { since, lastLine }] of running) {
      print(`    … ${name} since ${seconds(performance.now() - since)}  ${lastLine.slice(0, 90)}`)
    }
  }, period)

  const run = async (step: Step): Promise<StepResult> => {
    const since = performance.now()
    const state = { since, lastLine: '' }
    running.set(step.name, state)
    print(`start ${step.name}: ${step.about}`)
    const [command, ...args] = step.command
    const { code, output } = await runCommand(command, args, {
      log: inCache('check', `${step.name}.log`),
      ...(step.env !== undefined && { env: step.env }),
      onOutput: (text) => (state.lastLine = text.trimEnd().split('\n').at(-1)?.trim() || state.lastLine),
    })
    const tests = step.tier === undefined ? {} : { tests: await readTestCounts(step.tier) }
    running.delete(step.name)
    ended += 1
    const milliseconds = performance.now() - since
    const verdict = code === 0 ? 'passed' : 'failed'
    print(
      `${verdict === 'passed' ? '✔' : '✘'} ${step.name} ${verdict} in ${seconds(milliseconds)} (${ended} of ${steps.length})`,
    )
    return { step, verdict, milliseconds, output, note: noteIn(output), ...tests }
  }
  return { run, stop: () => clearInterval(timer) }
}

/** Formats a duration, such as `12.3 s`. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

function clock(milliseconds: number): string {
  const total = Math.floor(milliseconds / 1000)
  return `${String(Math.floor(total / 60)).padStart(2)}:${String(total % 60).padStart(2, '0')}`
}
