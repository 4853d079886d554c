import { h, render } from 'preact'
import { ExchangeSequence } from '../page/exchange-sequence.js'
import { TimeLineDiagram } from '../page/time-line-view.js'
import type { ExchangeLog } from '../src/model/exchange-log.js'
import type { ExchangeRow } from '../src/model/exchange-row.js'
import { toTimeLines } from '../src/model/time-lines.js'

/** The width of the time lines: half of a page. */
const width = 640

/** Draws the requests and responses of each endpoint as marbles into an element; nothing if there is no exchange. */
export function drawTimeLines(
  element: Element,
  log: ExchangeLog,
  onSelect: (row: ExchangeRow) => void,
): void {
  const timeLines = toTimeLines(log.rows)
  render(timeLines.lines.length === 0 ? null : h(TimeLineDiagram, { timeLines, onSelect, width }), element)
}

/** Draws the sequence of an exchange into an element; nothing without one. */
export function drawSequence(element: Element, log: ExchangeLog, row: ExchangeRow | undefined): void {
  render(row === undefined ? null : h(ExchangeSequence, { row, log }), element)
}
