const maximumTextLength = 60

/** Describes a value for an error message: short, on one line. Never throws. */
export function renderValue(value: unknown): string {
  if (typeof value === 'string') return renderText(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object'
}

/** Cuts a text to a length suitable for a message. */
export function shorten(text: string, longest: number = maximumTextLength): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

/** Appends a step to a path: `.name`, `[3]` or `["odd name"]`. */
export function appendToPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`
  return /^[A-Za-z_$@#][\w$-]*$/.test(key) && key.length <= maximumTextLength
    ? `${path}.${key}`
    : `${path}[${renderText(key)}]`
}

function renderText(text: string): string {
  return JSON.stringify(shorten(text))
}
