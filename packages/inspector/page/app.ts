import { h, type ComponentChild } from 'preact'
import { useState } from 'preact/hooks'
import type { ExchangeLog } from '../src/model/exchange-log.js'
import type { ExchangeRow } from '../src/model/exchange-row.js'
import { toHar, toNdjson } from '../src/model/exports.js'
import { download } from './download.js'
import { ExchangeDetail } from './exchange-detail.js'
import { ExchangeList } from './exchange-list.js'
import type { Feed } from './feed.js'
import { Latency } from './latency.js'
import { Faults } from './faults.js'
import { SendForm } from './send-form.js'
import { TimeLineView } from './time-line-view.js'

const TABS = [
  'Exchanges',
  'Pending',
  'Failed',
  'Retried',
  'Time lines',
  'Latency',
  'Unmatched',
  'Send',
] as const

/** The views that are not a list with the selected exchange beside it. */
const WIDE: ReadonlySet<Tab> = new Set(['Latency', 'Unmatched', 'Send'])

type Tab = (typeof TABS)[number]

const FILTERS: Partial<Readonly<Record<Tab, (row: ExchangeRow) => boolean>>> = {
  Pending: (row) => row.isPending,
  Failed: (row) => !row.isPending && row.outcome !== 'responded',
  Retried: (row) => row.attempts > 1 || row.duplicates > 0,
}

/** The properties of the page. */
export interface AppProps {
  readonly log: ExchangeLog
  readonly feed: Feed
  readonly revision: number
  readonly now: number
  readonly isPaused: boolean
  readonly onPause: () => void
}

/** The page. */
export function App({ log, feed, revision, now, isPaused, onPause }: AppProps): ComponentChild {
  const [tab, setTab] = useState<Tab>('Exchanges')
  const [text, setText] = useState('')
  const [selected, setSelected] = useState<ExchangeRow | undefined>(undefined)
  const isWide = WIDE.has(tab)
  const rows = isWide ? [] : rowsOf(log, tab, text)
  const tabs = TABS.filter((name) => name !== 'Send' || feed.endpoints.length > 0)
  const dropped = log.dropped > 0 ? `, ${log.dropped} events were lost` : ''
  const forgotten = log.forgotten > 0 ? `, ${log.forgotten} older ones are not kept` : ''
  return h(
    'div',
    { style: { display: 'contents' } },
    h(
      'header',
      null,
      h('h1', null, 'Antiphon inspector'),
      h(
        'span',
        { class: 'muted', id: 'status' },
        `${feed.status}: ${log.rows.length} exchanges${forgotten}${dropped}`,
      ),
      h('input', {
        type: 'search',
        placeholder: 'Filter by endpoint, topic, client',
        'aria-label': 'Filter by endpoint, topic, client',
        value: text,
        onInput: (event: Event) => setText((event.target as HTMLInputElement).value),
      }),
      h('button', { type: 'button', 'aria-pressed': isPaused, onClick: onPause }, 'Pause'),
      h(
        'button',
        { type: 'button', onClick: () => download('exchanges.ndjson', toNdjson(log.rows)) },
        'Save all as NDJSON',
      ),
      h(
        'button',
        { type: 'button', onClick: () => download('exchanges.har', toHar(log.rows)) },
        'Save all as HAR',
      ),
    ),
    h(
      'nav',
      { 'aria-label': 'Views' },
      h(
        'div',
        { role: 'tablist', class: 'buttons', 'aria-label': 'Views' },
        tabs.map((name) =>
          h(
            'button',
            {
              type: 'button',
              role: 'tab',
              key: name,
              'aria-selected': name === tab,
              'aria-controls': 'view',
              onClick: () => setTab(name),
            },
            name,
          ),
        ),
      ),
    ),
    h(
      'main',
      { id: 'view', class: isWide ? 'wide' : '' },
      tab === 'Time lines'
        ? h(TimeLineView, { rows, onSelect: setSelected })
        : !isWide && // The latest first.
            h(ExchangeList, { label: tab, rows: rows.reverse(), selected, onSelect: setSelected, now }),
      !isWide &&
        (selected === undefined
          ? h('p', { class: 'detail muted' }, 'Select an exchange.')
          : h(ExchangeDetail, { row: selected, log, feed })),
      tab === 'Latency' && h(Latency, { series: [...log.series.values()], revision }),
      tab === 'Unmatched' && h(Faults, { events: log.faults }),
      tab === 'Send' && h(SendForm, { feed }),
    ),
  )
}

/** Returns the exchanges of a view in the order in which they began. */
function rowsOf(log: ExchangeLog, tab: Tab, text: string): ExchangeRow[] {
  const filter = FILTERS[tab]
  const wanted = text.toLowerCase()
  const isFound = ({ endpoint, topic, requester = '', responder = '' }: ExchangeRow): boolean =>
    [endpoint, topic, requester, responder].some((part) => part.toLowerCase().includes(wanted))
  return log.rows.filter((row) => (filter?.(row) ?? true) && (wanted === '' || isFound(row)))
}
