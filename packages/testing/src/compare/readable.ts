import { partsOf } from './equal.js'

/** Bytes as people read them: as JSON or text where they are that, in hexadecimal otherwise. */
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

/** A value as people read it, on as many lines as it needs: `path value` each. */
export function readable(value: unknown): string {
  return render(value, '', new Set()).join('\n')
}

function render(value: unknown, indent: string, above: ReadonlySet<object>): readonly string[] {
  if (typeof value === 'string') return [indent + JSON.stringify(value)]
  if (typeof value === 'bigint') return [`${indent}${value}n`]
  if (typeof value === 'function') return [`${indent}function ${value.name || '(nameless)'}`]
  if (typeof value !== 'object' || value === null) return [indent + String(value)]
  if (above.has(value)) return [`${indent}(the same again)`]
  if (value instanceof Uint8Array) return [indent + readableBytes(value)]
  if (value instanceof Date) return [indent + value.toISOString()]
  const within = new Set([...above, value])
  if (Array.isArray(value) || value instanceof Set) {
    const items: readonly unknown[] = [...value]
    if (items.length === 0) return [`${indent}[]`]
    return items.flatMap((item) =>
      isTextPair(item)
        ? [`${indent}- ${item[0]}: ${JSON.stringify(item[1])}`]
        : bullet(render(item, `${indent}  `, within), indent),
    )
  }
  const parts = value instanceof Map ? value : partsOf(value)
  const title = value instanceof Error ? [indent + value.name] : []
  if (parts.size === 0 && title.length === 0) return [`${indent}{}`]
  const inner = title.length === 0 ? indent : `${indent}  `
  return [...title, ...[...parts].flatMap(([key, part]) => keyed(String(key), part, inner, within))]
}

/** A user property, say. */
function isTextPair(item: unknown): item is readonly [string, string] {
  return Array.isArray(item) && item.length === 2 && item.every((part) => typeof part === 'string')
}

function bullet(lines: readonly string[], indent: string): readonly string[] {
  return lines.map((line, index) => (index === 0 ? `${indent}- ${line.slice(indent.length + 2)}` : line))
}

function keyed(key: string, part: unknown, indent: string, above: ReadonlySet<object>): readonly string[] {
  const lines = render(part, `${indent}  `, above)
  return hasParts(part) ? [`${indent}${key}:`, ...lines] : [`${indent}${key}: ${lines.join('').trimStart()}`]
}

/** Whether a value stands on lines of its own, below its name. */
function hasParts(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Uint8Array || value instanceof Date) return false
  if (value instanceof Error) return true
  if (value instanceof Map || value instanceof Set) return value.size > 0
  return Array.isArray(value) ? value.length > 0 : partsOf(value).size > 0
}
