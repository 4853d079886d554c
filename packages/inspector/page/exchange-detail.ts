import type { ObservedMessage } from '@antiphon/core/events'
import { h, type ComponentChild } from 'preact'
import type { ExchangeLog } from '../src/model/exchange-log.js'
import type { ExchangeRow } from '../src/model/exchange-row.js'
import { spanOf, spanUrl, toHar, toNdjson, type SpanContext } from '../src/model/exports.js'
import { hasWholePayload } from '../src/model/whole-payload.js'
import { download } from './download.js'
import { ExchangeSequence } from './exchange-sequence.js'
import type { Feed } from './feed.js'
import { formatDuration, formatPayload, formatTime, outcomeOf, toneOf } from './format.js'
import { svgText } from './svg-text.js'

/** The properties of the detail. */
export interface ExchangeDetailProps {
  readonly row: ExchangeRow
  readonly log: ExchangeLog
  readonly feed: Feed
}

/** Shows one exchange: its two sides, its sequence diagram, its messages. */
export function ExchangeDetail({ row, log, feed }: ExchangeDetailProps): ComponentChild {
  const { request, response, credit, items, stalls } = row
  const span = spanOf(row)
  const facts: readonly (readonly [string, ComponentChild, string?])[] = [
    ['Endpoint', row.endpoint],
    ['Topic', row.topic],
    ['Correlation', row.correlation ?? 'not known'],
    ['Requester', row.requester ?? 'not observed'],
    ['Responder', row.responder ?? 'not observed'],
    ['Group', row.group ?? 'none'],
    ['Outcome', outcomeOf(row), toneOf(row)],
    ...(row.error === undefined ? [] : [['Error', row.error.message, 'bad'] as const]),
    [
      'Time',
      `${formatTime(row.startedAt)}${row.duration === undefined ? '' : ` for ${formatDuration(row.duration)}`}`,
    ],
    ['Attempts', `${row.attempts}, duplicates at the responder: ${row.duplicates}`],
    ['Stream', `${items} responses or items, credit: ${credit ?? 'none'}`],
    ...(stalls.count === 0
      ? []
      : [
          [
            'Stalls',
            `${stalls.count} × without credit, ${formatDuration(stalls.milliseconds)} in all`,
          ] as const,
        ]),
    ...(span === undefined ? [] : [['Trace', linked(span.traceId, feed.traceUrl, span)] as const]),
  ]
  return h(
    'section',
    { class: 'detail scroll', 'aria-label': 'Exchange', tabIndex: 0 },
    h(
      'div',
      { class: 'buttons' },
      button(
        'Send again',
        () => replay(request, feed),
        !feed.canSend || request === undefined || !hasWholePayload(request),
      ),
      button('Save as NDJSON', () => download('exchange.ndjson', toNdjson([row]))),
      button('Save as HAR', () => download('exchange.har', toHar([row]))),
      button('Save the diagram', () => download('exchange.svg', svgText('svg.sequence'))),
    ),
    h('p', { role: 'status', class: 'muted' }, feed.result === '' ? '' : `Sent again: ${feed.result}`),
    h(
      'dl',
      null,
      facts.map(([name, text, tone]) => [
        h('dt', { key: name }, name),
        h('dd', { key: `${name} text`, class: tone }, text),
      ]),
    ),
    h('h2', null, 'Sequence'),
    h(ExchangeSequence, { row, log }),
    row.omitted > 0 && h('p', { class: 'muted' }, `${row.omitted} further events are not kept.`),
    messageOf('Request', request),
    messageOf('Response', response),
  )
}

function button(text: string, onClick: () => void, disabled = false): ComponentChild {
  return h('button', { type: 'button', onClick, disabled }, text)
}

function replay(request: ObservedMessage | undefined, feed: Feed): void {
  if (request?.payload === undefined) return
  const { topic, payload, payloadEncoding, contentType } = request
  feed.send({ topic, payload, payloadEncoding, contentType })
}

/** Returns the id of a trace, as a link to the tool that the program has named. */
function linked(text: string, template: string | undefined, span: SpanContext): ComponentChild {
  if (template === undefined) return text
  return h('a', { href: spanUrl(template, span), target: '_blank', rel: 'noreferrer' }, text)
}

function messageOf(name: string, message: ObservedMessage | undefined): ComponentChild {
  if (message === undefined) return h('div', null, h('h2', null, name), h('p', { class: 'muted' }, 'none'))
  const { topic, bytes, qos, payload, payloadEncoding, userProperties = [], ...properties } = message
  const rows: readonly (readonly [string, string])[] = [
    ['topic', topic],
    ['bytes', String(bytes)],
    ['QoS', String(qos ?? 1)],
    ...Object.entries(properties).map(([key, value]) => [key, String(value)] as const),
    ...userProperties,
  ]
  return h(
    'div',
    null,
    h('h2', null, name),
    h(
      'table',
      null,
      h(
        'tbody',
        null,
        rows.map(([key, value], index) =>
          h('tr', { key: index }, h('th', { scope: 'row' }, key), h('td', null, value)),
        ),
      ),
    ),
    payload === undefined
      ? h('p', { class: 'muted' }, 'The payload is not recorded: set payloadBytes.')
      : h(
          'pre',
          { tabIndex: 0, 'aria-label': `${name} payload` },
          payloadEncoding === 'base64' ? `base64: ${payload}` : formatPayload(payload, message.contentType),
        ),
  )
}
