const longest = 80

/** Returns a payload for a line of a table: at most 80 characters, with control characters escaped, and never empty. */
export function shorten(shown: string | Uint8Array): string {
  if (typeof shown !== 'string') return `(${shown.length} bytes)`
  if (shown === '') return '(empty)'
  const line = JSON.stringify(shown.slice(0, 1_000)).slice(1, -1).replaceAll('\\"', '"')
  return line.length > longest ? `${line.slice(0, longest)}…` : line
}
