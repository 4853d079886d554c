import { runCommand } from './run-command.js'
import { noteIn, type Step, type StepResult } from './step.js'
import { inCache } from './workspace.js'

/** Steps whose course is printed. */
export interface Watched {
  /** Runs a step, printing when it starts and how it ends. */
  readonly run: (step: Step) => Promise<StepResult>
  /** Ends the signs of life. */
  readonly stop: () => void
}

const signOfLife = 15_000

/** Prints the course of steps: a line when one starts, one when it ends, and a sign of life while it takes long. */
export function watched(steps: readonly Step[]): Watched {
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
  }, signOfLife)

  const run = async (step: Step): Promise<StepResult> => {
    const since = performance.now()
    const course = { since, lastLine: '' }
    running.set(step.name, course)
    print(`start ${step.name}: ${step.about}`)
    const log = inCache('check', `${step.name}.log`)
    const [command, ...args] = step.command
    const { code, output } = await runCommand(command, args, {
      log,
      onOutput: (text) => (course.lastLine = text.trimEnd().split('\n').at(-1)?.trim() || course.lastLine),
    })
    running.delete(step.name)
    ended += 1
    const milliseconds = performance.now() - since
    const verdict = code === 0 ? 'passed' : 'failed'
    print(
      `${verdict === 'passed' ? '✔' : '✘'} ${step.name} ${verdict} in ${seconds(milliseconds)} (${ended} of ${steps.length})`,
    )
    return { step, verdict, milliseconds, output, note: noteIn(output) }
  }
  return { run, stop: () => clearInterval(timer) }
}

/** `12.3 s` */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

function clock(milliseconds: number): string {
  const total = Math.floor(milliseconds / 1000)
  return `${String(Math.floor(total / 60)).padStart(2)}:${String(total % 60).padStart(2, '0')}`
}
