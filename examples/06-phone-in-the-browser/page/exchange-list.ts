import type { LinkState } from '@antiphon/core'
import { element } from './element.js'
import type { Exchange } from './exchange.js'
import { glyph } from './glyph.js'
import { duration, exchangeLabel } from './labels.js'

/** The names of the cars by id. */
export type CarNames = Readonly<Record<string, string>>

/** Creates a list item for each exchange. */
export function exchangeItems(
  exchanges: readonly Exchange[],
  status: LinkState['status'],
  names: CarNames,
): readonly Element[] {
  return exchanges.map((exchange) => {
    const { title, detail } = exchangeLabel(exchange, status)
    const { car, from, to, outcome } = exchange
    const startedAt = new Date(from)
    return element(
      'li',
      { 'data-outcome': outcome },
      glyph(outcome),
      element('strong', { class: 'outcome' }, title),
      element('span', { class: 'which' }, `${names[car] ?? ''} (${car})`),
      element('span', { class: 'detail' }, detail),
      element(
        'span',
        { class: 'when' },
        element('time', { datetime: startedAt.toISOString() }, startedAt.toLocaleTimeString()),
        to === undefined ? '' : ` · ${duration(to - from)}`,
      ),
    )
  })
}
