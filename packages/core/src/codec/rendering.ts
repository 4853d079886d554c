const longestText = 60

/** A value in a few words for an error message: never long, never multi-line, never throws. */
export function renderValue(value: unknown): string {
  if (typeof value === 'string') return renderText(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object'
}

/** A text cut to a length fit for a message. */
export function shorten(text: string, longest: number = longestText): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

/** A path one step further: `.name`, `[3]` or `["odd name"]`. */
export function stepInto(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`
  return /^[A-Za-z_$@#][\w$-]*$/.test(key) && key.length <= longestText
    ? `${path}.${key}`
    : `${path}[${renderText(key)}]`
}

function renderText(text: string): string {
  return JSON.stringify(shorten(text))
}
