import { parseXml, XmlDeclaration, XmlElement, XmlText } from '@rgrove/parse-xml'

/** Parses a document and returns its root element; throws if the name is wrong, or the document is not in UTF-8. */
export function parseRoot(document: string, name: string): XmlElement {
  const { children, root } = parseXml(document, { preserveXmlDeclaration: true })
  const [declaration] = children
  const encoding = declaration instanceof XmlDeclaration ? declaration.encoding : null
  if (encoding !== null && !/^(utf-8|us-ascii)$/i.test(encoding)) {
    throw new SyntaxError(`the document declares the encoding ${encoding}: it must be UTF-8`)
  }
  if (root?.name === name) return root
  throw new SyntaxError(`the root element is ${root?.name ?? 'missing'}: expected ${name}`)
}

/** Converts an element to plain data. */
export function fromElement(element: XmlElement): unknown {
  const { attributes } = element
  const elements = element.children.filter((child) => child instanceof XmlElement)
  // The parser drops comments and processing instructions; CDATA sections are `XmlText`.
  const text = element.children.map((child) => (child instanceof XmlText ? child.text : '')).join('')
  const names = Object.keys(attributes)
  if (elements.length === 0 && names.length === 0) return text
  if (elements.length > 0 && /[^ \t\n]/.test(text)) {
    throw new SyntaxError(
      `the element ${element.name} mixes text and elements: only one of them is supported`,
    )
  }

  const parts = new Map<string, unknown>(names.map((name) => [`@${name}`, attributes[name]]))
  if (elements.length === 0 && text !== '') parts.set('#text', text)
  for (const [name, contents] of groupByName(elements))
    parts.set(name, contents.length === 1 ? contents[0] : contents)
  // Unlike an assignment, `fromEntries` creates an own property `__proto__`, which the codec then rejects.
  return Object.fromEntries(parts)
}

function groupByName(elements: readonly XmlElement[]): ReadonlyMap<string, readonly unknown[]> {
  const groups = new Map<string, unknown[]>()
  for (const element of elements) {
    const group = groups.get(element.name)
    if (group === undefined) groups.set(element.name, [fromElement(element)])
    else group.push(fromElement(element))
  }
  return groups
}
