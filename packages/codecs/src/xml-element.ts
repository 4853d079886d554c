import { parseXml, XmlDeclaration, XmlElement, XmlText } from '@rgrove/parse-xml'

/** The outermost element of a document; throws where it is not the one, or the document is not in UTF-8. */
export function parseRoot(document: string, name: string): XmlElement {
  const { children, root } = parseXml(document, { preserveXmlDeclaration: true })
  const [declaration] = children
  const encoding = declaration instanceof XmlDeclaration ? declaration.encoding : null
  if (encoding !== null && !/^(utf-8|us-ascii)$/i.test(encoding)) {
    throw new SyntaxError(`the document is declared to be in ${encoding}: only UTF-8 is read`)
  }
  if (root?.name === name) return root
  throw new SyntaxError(`the root element is ${root?.name ?? 'missing'}: expected ${name}`)
}

/** An element as plain data. */
export function fromElement(element: XmlElement): unknown {
  const { attributes } = element
  const elements = element.children.filter((child) => child instanceof XmlElement)
  // Comments and processing instructions are not kept, so that what is left is text, CDATA sections included.
  const text = element.children.map((child) => (child instanceof XmlText ? child.text : '')).join('')
  const names = Object.keys(attributes)
  if (elements.length === 0 && names.length === 0) return text
  if (elements.length > 0 && /[^ \t\n]/.test(text)) {
    throw new SyntaxError(`the element ${element.name} has text beside its elements`)
  }

  const parts = new Map<string, unknown>(names.map((name) => [`@${name}`, attributes[name]]))
  if (elements.length === 0 && text !== '') parts.set('#text', text)
  for (const [name, contents] of byName(elements))
    parts.set(name, contents.length === 1 ? contents[0] : contents)
  // Unlike an assignment this makes `__proto__` a property like any other, for the codec to find and refuse.
  return Object.fromEntries(parts)
}

function byName(elements: readonly XmlElement[]): ReadonlyMap<string, readonly unknown[]> {
  const groups = new Map<string, unknown[]>()
  for (const element of elements) {
    const group = groups.get(element.name)
    if (group === undefined) groups.set(element.name, [fromElement(element)])
    else group.push(fromElement(element))
  }
  return groups
}
