import { DOMParser, type Element } from '@xmldom/xmldom'
import type { Html } from '../src/index.js'

/** Parses a chart as strictly as a browser parses a file of its own. */
export function drawingOf({ markup }: Html): Element {
  const parser = new DOMParser({
    onError: (level, message) => {
      if (level !== 'warning') throw new Error(message)
    },
  })
  const root = parser.parseFromString(markup, 'image/svg+xml').documentElement
  if (root === null) throw new Error('the chart has no root element')
  return root
}

/** Returns the elements of a name. */
export function elements(root: Element, name: string): Element[] {
  return [...root.getElementsByTagName(name)]
}

/** Returns the elements of a mark, which Plot labels by its kind. */
export function marks(root: Element, kind: string, name: string): Element[] {
  return elements(root, 'g')
    .filter((group) => group.getAttribute('aria-label') === kind)
    .flatMap((group) => elements(group, name))
}

/** Returns every text of a chart. */
export function texts(root: Element): string[] {
  return elements(root, 'text').map(({ textContent }) => textContent ?? '')
}

/** Returns a number from an attribute. */
export function numberOf(element: Element | undefined, attribute: string): number {
  return Number(element?.getAttribute(attribute))
}

/** Returns the place of an element that is moved as a whole. */
export function placeOf(element: Element | undefined): readonly [x: number, y: number] {
  const [, x, y] = /^translate\((.+),(.+)\)$/.exec(element?.getAttribute('transform') ?? '') ?? []
  return [Number(x), Number(y)]
}

/** Returns the text elements with a text. */
export function textsOf(root: Element, text: string): Element[] {
  return elements(root, 'text').filter(({ textContent }) => textContent === text)
}
