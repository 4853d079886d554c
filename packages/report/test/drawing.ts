import { DOMParser, type Element } from '@xmldom/xmldom'
import type { Html } from '../src/index.js'

/** Parses a chart as strictly as a browser parses an SVG file; throws on any error. */
export function drawingOf({ markup }: Html): Element {
  const parser = new DOMParser({
    onError: (level, message) => {
      if (level !== 'warning') throw new Error(message)
    },
  })
  const root = parser.parseFromString(markup, 'image/svg+xml').documentElement
  if (root === null) throw new Error('cannot parse the chart: it has no root element')
  return root
}

/** Returns the elements with a tag name. */
export function elements(root: Element, name: string): Element[] {
  return [...root.getElementsByTagName(name)]
}

/** Returns the elements of a kind of mark, which Plot writes to `aria-label`. */
export function marks(root: Element, kind: string, name: string): Element[] {
  return elements(root, 'g')
    .filter((group) => group.getAttribute('aria-label') === kind)
    .flatMap((group) => elements(group, name))
}

/** Returns every text of a chart. */
export function texts(root: Element): string[] {
  return elements(root, 'text').map(({ textContent }) => textContent ?? '')
}

/** Returns the value of an attribute as a number. */
export function numberOf(element: Element | undefined, attribute: string): number {
  return Number(element?.getAttribute(attribute))
}

/** Returns the translation of an element. */
export function placeOf(element: Element | undefined): readonly [x: number, y: number] {
  const [, x, y] = /^translate\((.+),(.+)\)$/.exec(element?.getAttribute('transform') ?? '') ?? []
  return [Number(x), Number(y)]
}

/** Returns the text elements with the given text. */
export function textsOf(root: Element, text: string): Element[] {
  return elements(root, 'text').filter(({ textContent }) => textContent === text)
}
