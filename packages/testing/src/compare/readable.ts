import { partsOf } from './equal.js'

/** Formats bytes as JSON or text if they are, else as hexadecimal digits. */
export function readableBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return '(empty)'
  const text = utf8(bytes)
  if (text === undefined) return `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
  return isJson(text) ? text : JSON.stringify(text)
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return hasControl(text) ? undefined : text
  } catch {
    return undefined
  }
}

function hasControl(text: string): boolean {
  return [...text].some((character) => character < ' ' && !'\t\n\r'.includes(character))
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Formats a value on one or more lines, one property per line. */
export function readable(value: unknown): string {
  return render(value, '', new Set()).join('\n')
}

function render(value: unknown, indent: string, ancestors: ReadonlySet<object>): readonly string[] {
  if (typeof value === 'string') return [indent + JSON.stringify(value)]
  if (typeof value === 'bigint') return [`${indent}${value}n`]
  if (typeof value === 'function') return [`${indent}function ${value.name || '(anonymous)'}`]
  if (Object.is(value, -0)) return [`${indent}-0`]
  if (typeof value !== 'object' || value === null) return [indent + String(value)]
  if (ancestors.has(value)) return [`${indent}(circular)`]
  if (value instanceof Uint8Array) return [indent + readableBytes(value)]
  if (value instanceof Date) return [indent + value.toISOString()]
  const ancestorsOrSelf = new Set([...ancestors, value])
  if (Array.isArray(value) || value instanceof Set) {
    const items: readonly unknown[] = [...value]
    if (items.length === 0) return [`${indent}[]`]
    return items.flatMap((item) =>
      isTextPair(item)
        ? [`${indent}- ${item[0]}: ${JSON.stringify(item[1])}`]
        : asListItem(render(item, `${indent}  `, ancestorsOrSelf), indent),
    )
  }
  const parts = value instanceof Map ? value : partsOf(value)
  const title = value instanceof Error ? [indent + value.name] : []
  if (parts.size === 0 && title.length === 0) return [`${indent}{}`]
  const partIndent = title.length === 0 ? indent : `${indent}  `
  return [
    ...title,
    ...[...parts].flatMap(([key, part]) => renderEntry(String(key), part, partIndent, ancestorsOrSelf)),
  ]
}

/** Whether an item is a pair of texts, such as a user property. */
function isTextPair(item: unknown): item is readonly [string, string] {
  return Array.isArray(item) && item.length === 2 && item.every((part) => typeof part === 'string')
}

function asListItem(lines: readonly string[], indent: string): readonly string[] {
  return lines.map((line, index) => (index === 0 ? `${indent}- ${line.slice(indent.length + 2)}` : line))
}

function renderEntry(
  key: string,
  part: unknown,
  indent: string,
  ancestors: ReadonlySet<object>,
): readonly string[] {
  const lines = render(part, `${indent}  `, ancestors)
  return hasParts(part) ? [`${indent}${key}:`, ...lines] : [`${indent}${key}: ${lines.join('').trimStart()}`]
}

/** Whether the value is formatted on its own lines, below its key. */
function hasParts(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Uint8Array || value instanceof Date) return false
  if (value instanceof Error) return true
  if (value instanceof Map || value instanceof Set) return value.size > 0
  return Array.isArray(value) ? value.length > 0 : partsOf(value).size > 0
}
