import type { LinkState } from '@antiphon/core'
import { element } from './element.js'
import type { Exchange } from './exchange.js'
import { glyph } from './glyph.js'
import { duration, exchangeWords } from './words.js'

/** How cars are called. */
export type CarNames = Readonly<Record<string, string>>

/** The exchanges as items of a list. */
export function exchangeItems(
  exchanges: readonly Exchange[],
  status: LinkState['status'],
  names: CarNames,
): readonly Element[] {
  return exchanges.map((exchange) => {
    const { title, detail } = exchangeWords(exchange, status)
    const { car, from, to, outcome } = exchange
    const began = new Date(from)
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
        element('time', { datetime: began.toISOString() }, began.toLocaleTimeString()),
        to === undefined ? '' : ` · ${duration(to - from)}`,
      ),
    )
  })
}
