import type { Outcome } from './exchange.js'
import { shape, type Attributes } from './element.js'

/** An icon path for each outcome, so that colour is not the only difference. Each is 16 by 16. */
const paths: Readonly<Record<Outcome, string>> = {
  pending: 'M4 8h.01M8 8h.01M12 8h.01',
  responded: 'M3.5 8.5l3 3 6-7',
  refused: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
  'timed-out': 'M8 4.2V8l2.8 2',
  failed: 'M8 3.5v5.5M8 12.2v.01',
}

/** Creates the icon of an outcome. */
export function glyph(outcome: Outcome, attributes: Attributes = {}): Element {
  return shape(
    'svg',
    { class: 'glyph', 'data-outcome': outcome, viewBox: '0 0 16 16', 'aria-hidden': 'true', ...attributes },
    shape('circle', { cx: 8, cy: 8, r: 8 }),
    shape('path', { d: paths[outcome] }),
  )
}
