/** Attributes by name. */
export type Attributes = Readonly<Record<string, string | number>>

/** Creates an HTML element. */
export function element(name: string, attributes: Attributes = {}, ...children: (Node | string)[]): Element {
  return fill(document.createElement(name), attributes, children)
}

/** Creates an SVG element. */
export function shape(name: string, attributes: Attributes = {}, ...children: (Node | string)[]): Element {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)
}

/** Returns the element with this id. */
export function byId(id: string): HTMLElement {
  const node = document.getElementById(id)
  if (node === null) throw new Error(`cannot find #${id}: the page has no such element`)
  return node
}

function fill(node: Element, attributes: Attributes, children: readonly (Node | string)[]): Element {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value))
  node.append(...children)
  return node
}
