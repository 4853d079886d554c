import type { OutputStream } from '../host.js'

const period = 100

/** A line on a terminal that shows how many requests have been answered; nothing elsewhere. */
export class Progress {
  readonly #stream: OutputStream
  readonly #total: number | undefined
  #shownAt = 0
  #isShown = false

  constructor(stream: OutputStream, total: number | undefined) {
    this.#stream = stream
    this.#total = total
  }

  /** Shows the counts, at most ten times a second. */
  async show(settled: number, failed: number): Promise<void> {
    const now = performance.now()
    if (!this.#stream.isTerminal || now - this.#shownAt < period) return
    this.#shownAt = now
    this.#isShown = true
    await this.#stream.write(`\r\u001b[K${this.#line(settled, failed)}`)
  }

  /** Removes the line, so that something else can be printed. */
  async clear(): Promise<void> {
    if (!this.#isShown) return
    this.#isShown = false
    await this.#stream.write('\r\u001b[K')
  }

  #line(settled: number, failed: number): string {
    const failures = failed === 0 ? '' : `, ${failed} failed`
    if (this.#total === undefined) return `${settled} requests${failures}`.slice(0, this.#stream.columns - 1)
    const counts = ` ${settled}/${this.#total}${failures}`
    const width = Math.max(0, Math.min(40, this.#stream.columns - counts.length - 3))
    const done = Math.floor((settled / this.#total) * width)
    const bar = width < 5 ? '' : `[${'#'.repeat(done)}${'.'.repeat(width - done)}]`
    return `${bar}${counts}`.slice(0, this.#stream.columns - 1)
  }
}
