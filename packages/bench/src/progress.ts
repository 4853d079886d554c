import { contestantsOf, type AnyScenario } from './scenario.js'

/** Prints the progress of a run. */
export interface Progress {
  readonly measuring: (title: string, contestant: string, round: number) => void
  /** Marks a row as complete. */
  readonly advance: (seconds: number) => void
  /** Clears the progress line, so that other output can be printed. */
  readonly clear: () => void
}

/** Seconds until a contestant has started and warmed up. */
const startSeconds = 3

/** Returns the estimated seconds of a row; the first row of a scenario includes starting all contestants. */
export function secondsOf(scenario: AnyScenario, row: AnyScenario['rows'][number], rounds: number): number {
  const isFirst = row === scenario.rows[0]
  return (row.seconds * rounds + (isFirst ? startSeconds : 0)) * contestantsOf(scenario, row).length
}

/** Returns the estimated seconds of scenarios. */
export function estimate(scenarios: readonly AnyScenario[], rounds: number): number {
  return scenarios
    .flatMap((scenario) => scenario.rows.map((row) => secondsOf(scenario, row, rounds)))
    .reduce((total, seconds) => total + seconds, 0)
}

/** Starts the output of progress: one line that is overwritten on a terminal, otherwise a line per row. */
export function startProgress(rows: number, expected: number): Progress {
  const began = performance.now()
  let row = 1
  let done = 0
  let printed = 0
  const isTerminal = process.stderr.isTTY
  const left = (): string => {
    const elapsed = (performance.now() - began) / 1_000
    // Corrects the estimate by the actual time of the completed rows.
    const pace = done < 5 ? 1 : elapsed / done
    return `${clock(elapsed)} elapsed, about ${clock(Math.max(0, expected - done) * pace)} left`
  }
  return {
    measuring: (title, contestant, round) => {
      const line = `[${row}/${rows}] ${title} · ${round === 0 ? 'starting' : `round ${round}`} · ${contestant} · ${left()}`
      if (isTerminal) process.stderr.write(`\r\u001b[K${line.slice(0, process.stderr.columns)}`)
      else if (printed !== row) console.error(`[${row}/${rows}] ${title} · ${left()}`)
      printed = row
    },
    advance: (seconds) => {
      row += 1
      done += seconds
    },
    clear: () => void (isTerminal && process.stderr.write('\r\u001b[K')),
  }
}

function clock(seconds: number): string {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
