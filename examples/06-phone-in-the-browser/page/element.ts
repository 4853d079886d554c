/** Attributes by name. */
export type Attributes = Readonly<Record<string, string | number>>

/** An HTML element. */
export function element(name: string, attributes: Attributes = {}, ...children: (Node | string)[]): Element {
  return filled(document.createElement(name), attributes, children)
}

/** An SVG element. */
export function shape(name: string, attributes: Attributes = {}, ...children: (Node | string)[]): Element {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)
}

/** The element of the page with this id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no element #${id}`)
  return found
}

function filled(node: Element, attributes: Attributes, children: readonly (Node | string)[]): Element {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value))
  node.append(...children)
  return node
}
