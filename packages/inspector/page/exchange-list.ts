import { h, type ComponentChild } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ExchangeRow } from '../src/model/exchange-row.js'
import { formatDuration, formatTime, outcomeOf, toneOf } from './format.js'

const ROW_HEIGHT = 28

const COLUMNS = [
  'Time',
  'Endpoint',
  'Requester',
  'Responder',
  'Outcome',
  'Duration',
  'Tries',
  'Error or status',
]

/** The properties of the list. */
export interface ExchangeListProps {
  readonly label: string
  readonly rows: readonly ExchangeRow[]
  readonly selected: ExchangeRow | undefined
  readonly onSelect: (row: ExchangeRow) => void
  /** The time by which pending exchanges show their age. */
  readonly now: number
}

/** A list of exchanges, of which only the visible rows are in the document. */
export function ExchangeList({ label, rows, selected, onSelect, now }: ExchangeListProps): ComponentChild {
  const element = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [height, setHeight] = useState(600)
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setHeight(entry?.contentRect.height ?? 600))
    if (element.current !== null) observer.observe(element.current)
    return () => observer.disconnect()
  }, [])
  const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - 5)
  const visible = rows.slice(first, first + Math.ceil(height / ROW_HEIGHT) + 10)
  const move = (step: number): void => {
    const index = selected === undefined ? (step > 0 ? -1 : rows.length) : rows.indexOf(selected)
    const target = Math.max(0, Math.min(rows.length - 1, index + step))
    const row = rows[target]
    if (row === undefined || element.current === null) return
    onSelect(row)
    const { scrollTop, clientHeight } = element.current
    const position = target * ROW_HEIGHT
    if (position < scrollTop) element.current.scrollTop = position
    else if (position + 2 * ROW_HEIGHT > scrollTop + clientHeight)
      element.current.scrollTop = position + 2 * ROW_HEIGHT - clientHeight
  }
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: 20,
    PageUp: -20,
    Home: -Infinity,
    End: Infinity,
  }
  return h(
    'div',
    {
      ref: element,
      class: 'list scroll',
      role: 'grid',
      tabIndex: 0,
      'aria-label': label,
      'aria-rowcount': rows.length + 1,
      'aria-activedescendant': selected === undefined ? undefined : `row-${selected.id}`,
      onScroll: () => setTop(element.current?.scrollTop ?? 0),
      onKeyDown: (event: KeyboardEvent) => {
        const step = steps[event.key]
        if (step === undefined) return
        event.preventDefault()
        move(step)
      },
    },
    h(
      'div',
      { class: 'row head', role: 'row', 'aria-rowindex': 1 },
      COLUMNS.map((name) => h('span', { role: 'columnheader', key: name }, name)),
    ),
    h(
      'div',
      { class: 'rows', role: 'rowgroup', style: { height: `${rows.length * ROW_HEIGHT}px` } },
      visible.map((row, index) =>
        h(
          'div',
          {
            key: row.id,
            id: `row-${row.id}`,
            class: 'row',
            role: 'row',
            'aria-rowindex': first + index + 2,
            'aria-selected': row === selected,
            style: { top: `${(first + index) * ROW_HEIGHT}px` },
            onClick: () => onSelect(row),
          },
          cellsOf(row, now).map(([text, tone], column) =>
            h('span', { key: column, role: 'gridcell', class: tone, title: text }, text),
          ),
        ),
      ),
    ),
  )
}

function cellsOf(row: ExchangeRow, now: number): readonly (readonly [text: string, tone?: string])[] {
  const { duration, duplicates, attempts, items } = row
  const left = row.deadline === undefined ? '' : `, ${formatDuration(Math.max(0, row.deadline - now))} left`
  const tries = [attempts > 1 ? `${attempts}×` : '1×', duplicates > 0 ? `+${duplicates} dup` : '']
  return [
    [formatTime(row.startedAt)],
    [row.endpoint === row.topic ? row.topic : `${row.endpoint} · ${row.topic}`],
    [row.requester ?? '?'],
    [row.group === undefined ? (row.responder ?? '?') : `${row.responder ?? '?'} in ${row.group}`],
    [outcomeOf(row), toneOf(row)],
    [
      duration === undefined ? formatDuration(Math.max(0, now - row.startedAt)) : formatDuration(duration),
      'number',
    ],
    [tries.join(' ').trim(), attempts > 1 || duplicates > 0 ? 'warn' : 'muted'],
    [
      row.error?.message ?? (row.isPending ? `waiting${left}` : items > 1 ? `${items} items` : ''),
      row.error ? 'bad' : 'muted',
    ],
  ]
}
