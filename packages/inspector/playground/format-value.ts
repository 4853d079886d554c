const MAX_DEPTH = 4

/** Formats a value of a program as Node prints it; text as it is, and an error by its message. */
export function formatValue(value: unknown): string {
  return typeof value === 'string' ? value : format(value, MAX_DEPTH)
}

function format(value: unknown, depth: number): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "\\'")}'`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return `[Function: ${value.name || '(anonymous)'}]`
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Error) return formatError(value)
  if (value instanceof Date) return value.toISOString()
  if (depth === 0) return '[…]'
  const each = (item: unknown): string => format(item, depth - 1)
  if (value instanceof Uint8Array) return `Uint8Array(${value.length}) ${list([...value], String)}`
  if (Array.isArray(value)) return list(value, each)
  if (value instanceof Set) return `Set(${value.size}) ${list([...value], each)}`
  if (value instanceof Map)
    return `Map(${value.size}) ${braces([...value].map(([key, item]) => `${each(key)} => ${each(item)}`))}`
  const { constructor } = value as { readonly constructor?: { readonly name?: string } }
  const name = constructor === undefined || constructor === Object ? '' : `${constructor.name} `
  return `${name}${braces(Object.entries(value).map(([key, item]) => `${key}: ${each(item)}`))}`
}

/** Returns the message of an error; of one of JavaScript, with its name. Those of Antiphon begin with their code. */
function formatError(error: Error): string {
  return error.message.startsWith('[') ? error.message : String(error)
}

const list = (items: readonly unknown[], each: (item: unknown) => string): string =>
  items.length === 0 ? '[]' : `[ ${items.map(each).join(', ')} ]`

const braces = (items: readonly string[]): string => (items.length === 0 ? '{}' : `{ ${items.join(', ')} }`)
