import { outcomeOf } from '../page/format.js'
import { ExchangeLog } from '../src/model/exchange-log.js'
import type { ExchangeRow } from '../src/model/exchange-row.js'
import { drawSequence, drawTimeLines } from './drawings.js'
import type { RunEnd, RunReport, RunRequest } from './run-report.js'
import { startRun } from './start-run.js'

/** A line of the output. */
export type OutputLine = Extract<RunReport, { readonly kind: 'line' | 'error' }>

/** What changes while a program runs. */
export interface RunView {
  readonly line: (line: OutputLine) => void
  /** Called after events, at most once for each frame of the screen. */
  readonly exchanges: () => void
  readonly end: (end: RunEnd | 'stuck' | 'failed') => void
}

/** A program that runs, or has run, with what its links have done. */
export class PlaygroundRun {
  readonly #log = new ExchangeLog()
  readonly #stop: () => void
  #isFrameRequested = false

  constructor(request: RunRequest, view: RunView) {
    this.#stop = startRun(request, {
      report: (report) => {
        if (report.kind !== 'event') return view.line(report)
        this.#log.add(report.event)
        if (this.#isFrameRequested) return
        this.#isFrameRequested = true
        requestAnimationFrame(() => {
          this.#isFrameRequested = false
          view.exchanges()
        })
      },
      end: view.end,
    })
  }

  /** The titles of the exchanges, in their order. */
  get titles(): readonly string[] {
    return this.#log.rows.map(titleOf)
  }

  /** Draws all exchanges as marbles. `onSelect` receives the index of an exchange that is clicked. */
  drawTimeLines(element: Element, onSelect: (index: number) => void): void {
    drawTimeLines(element, this.#log, (row) => onSelect(this.#log.rows.indexOf(row)))
  }

  /** Draws one exchange. */
  drawSequence(element: Element, index: number): void {
    drawSequence(element, this.#log, this.#log.rows[index])
  }

  /** Ends the program, if it still runs. */
  stop(): void {
    this.#stop()
  }
}

function titleOf(row: ExchangeRow, index: number): string {
  const payload = row.request?.payload ?? ''
  const request = payload === '' ? row.endpoint : `${row.endpoint} “${payload.slice(0, 40)}”`
  return `${index + 1}. ${request}: ${outcomeOf(row)}`
}
