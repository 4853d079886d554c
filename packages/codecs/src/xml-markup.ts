const nameStart =
  ':A-Z_a-z\\u{c0}-\\u{d6}\\u{d8}-\\u{f6}\\u{f8}-\\u{2ff}\\u{370}-\\u{37d}\\u{37f}-\\u{1fff}\\u{200c}-\\u{200d}' +
  '\\u{2070}-\\u{218f}\\u{2c00}-\\u{2fef}\\u{3001}-\\u{d7ff}\\u{f900}-\\u{fdcf}\\u{fdf0}-\\u{fffd}\\u{10000}-\\u{effff}'
const nameRest = `[${nameStart}\\-.0-9\\u{b7}\\u{203f}-\\u{2040}]|[\\u{300}-\\u{36f}]`
/** Matches a name [XML 1.0, 2.3]. */
const namePattern = new RegExp(`^[${nameStart}](?:${nameRest})*$`, 'u')

/** Whether XML 1.0 allows all characters of a text [XML 1.0, 2.2]. */
export function isXmlText(text: string): boolean {
  return /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u.test(text)
}

/** Formats plain data as an element; throws, with the path, if a value cannot be represented in XML. */
export function toElement(name: string, data: unknown, path = '$'): string {
  if (!namePattern.test(name))
    throw new TypeError(`${path}: ${JSON.stringify(name)} is not a valid element name`)
  if (typeof data === 'string') return `<${name}>${escapeText(data)}</${name}>`
  if (typeof data !== 'object' || data === null) throw notStringError(path, data)
  if (Array.isArray(data))
    throw new TypeError(
      `${path}: an array must be a property of an object, whose name is used for its elements`,
    )

  const parts = Object.entries(data).filter(([, part]) => part !== undefined) as [string, unknown][]
  const attributes = parts.filter(([key]) => key.startsWith('@'))
  const elements = parts.filter(([key]) => key !== '#text' && !key.startsWith('@'))
  const text = parts.find(([key]) => key === '#text')?.[1] ?? ''
  if (typeof text !== 'string') throw notStringError(`${path}["#text"]`, text)
  if (text !== '' && elements.length > 0)
    throw new TypeError(`${path}: #text and elements exclude each other`)

  const content =
    text === '' ? elements.flatMap(([key, part]) => toElements(key, part, path)).join('') : escapeText(text)
  return `<${name}${attributes.map(([key, part]) => toAttribute(key.slice(1), part, path)).join('')}>${content}</${name}>`
}

/** Formats a value or each item of an array. Items cannot be arrays: nested arrays are indistinguishable in XML. */
function toElements(name: string, data: unknown, path: string): readonly string[] {
  const itemPath = `${path}.${name}`
  if (!Array.isArray(data)) return [toElement(name, data, itemPath)]
  return data.map((item: unknown, index) => toElement(name, item, `${itemPath}[${index}]`))
}

function toAttribute(name: string, value: unknown, path: string): string {
  const itemPath = `${path}.@${name}`
  if (!namePattern.test(name))
    throw new TypeError(`${itemPath}: ${JSON.stringify(name)} is not a valid attribute name`)
  if (typeof value !== 'string') throw notStringError(itemPath, value)
  return ` ${name}="${escapeAttribute(value)}"`
}

function notStringError(path: string, value: unknown): TypeError {
  const found = value === null || typeof value !== 'object' ? String(value) : 'an object'
  return new TypeError(
    `${path}: ${found} is not a string: use a type that encodes it as a string, such as xmlNumber`,
  )
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

/** Escapes text. An unescaped carriage return would be read as a line feed [XML 1.0, 2.11]. */
function escapeText(text: string): string {
  return text.replace(/[&<>\r]/g, toReference)
}

/** Escapes an attribute value. Unescaped white space would be read as spaces [XML 1.0, 3.3.3]. */
function escapeAttribute(text: string): string {
  return text.replace(/[&<>"\t\n\r]/g, toReference)
}

function toReference(character: string): string {
  return references[character] ?? character
}
