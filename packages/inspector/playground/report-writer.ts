import type { ExchangeEvent } from '@antiphon/core/events'
import type { RunReport } from './run-report.js'

/** How much a run may report, so that a flood does not fill the page. */
const maxLines = 1_000
const maxEvents = 5_000

/** Writes the reports of a run, up to a limit of lines and of events. */
export class ReportWriter {
  readonly #post: (report: RunReport) => void
  readonly #now: () => number
  #lines = 0
  #events = 0

  constructor(post: (report: RunReport) => void, now: () => number) {
    this.#post = post
    this.#now = now
  }

  /** Reports a line of the program. */
  line(text: string): void {
    if (this.#hasRoom()) this.#post({ kind: 'line', at: this.#now(), text })
  }

  /** Reports an error that the program has not caught. */
  error(text: string, line: number | undefined): void {
    if (this.#hasRoom())
      this.#post({ kind: 'error', at: this.#now(), text, ...(line === undefined ? {} : { line }) })
  }

  /** Reports what happened to an exchange or a link. */
  readonly event = (event: ExchangeEvent): void => {
    if (++this.#events <= maxEvents) this.#post({ kind: 'event', event })
  }

  #hasRoom(): boolean {
    const count = ++this.#lines
    if (count === maxLines + 1)
      this.#post({ kind: 'line', at: this.#now(), text: `Lines after the first ${maxLines} are not shown.` })
    return count <= maxLines
  }
}
