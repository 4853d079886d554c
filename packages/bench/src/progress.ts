import { entrantsOf, type AnyScenario } from './scenario.js'

/** Tells how far a run is. */
export interface Progress {
  readonly measuring: (title: string, contestant: string, round: number) => void
  /** A row is done. */
  readonly advance: (seconds: number) => void
  /** Clears the line, so that something else can be printed. */
  readonly clear: () => void
}

/** Seconds until a contestant has started and is warm. */
const toStart = 3

/** Seconds that a row takes, as far as it knows; the first of a scenario has everybody start. */
export function secondsOf(scenario: AnyScenario, row: AnyScenario['rows'][number], rounds: number): number {
  const isFirst = row === scenario.rows[0]
  return (row.seconds * rounds + (isFirst ? toStart : 0)) * entrantsOf(scenario, row).length
}

/** Seconds that scenarios take, as far as their rows know. */
export function estimate(scenarios: readonly AnyScenario[], rounds: number): number {
  return scenarios
    .flatMap((scenario) => scenario.rows.map((row) => secondsOf(scenario, row, rounds)))
    .reduce((total, seconds) => total + seconds, 0)
}

/** One line that is written over on a terminal; elsewhere, a line for each row. */
export function startProgress(rows: number, expected: number): Progress {
  const began = performance.now()
  let row = 1
  let done = 0
  let printed = 0
  const isTerminal = process.stderr.isTTY
  const left = (): string => {
    const gone = (performance.now() - began) / 1_000
    // What the rows guessed, corrected by what those that are done took.
    const pace = done < 5 ? 1 : gone / done
    return `${clock(gone)} gone, about ${clock(Math.max(0, expected - done) * pace)} left`
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
