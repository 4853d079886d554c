/** A string, a bracket, or the other characters of a token of JSON text. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/g

/**
 * Returns JSON text without white space between its tokens. All numbers, strings and the order of members stay as they are
 * written, which parsing and formatting would change.
 */
export function compactJson(json: string): string {
  return (json.match(tokens) ?? []).join('')
}

/** Returns how deep arrays and objects nest in JSON text. */
export function depthOf(json: string): number {
  let depth = 0
  let greatest = 0
  for (const token of json.match(tokens) ?? []) {
    if (token === '{' || token === '[') greatest = Math.max(greatest, ++depth)
    else if (token === '}' || token === ']') depth--
  }
  return greatest
}

/** Returns the compact text of a member of a JSON object; of several with the name, the last. */
export function memberText(json: string, name: string): string | undefined {
  let depth = 0
  let key: string | undefined
  let value = ''
  let found: string | undefined
  for (const token of json.match(tokens) ?? []) {
    if (token === '}' || token === ']') depth--
    if (depth === 0 || (depth === 1 && token === ',')) {
      if (key !== undefined && isNamed(key, name)) found = value
      key = undefined
      value = ''
    } else if (key === undefined) key = token
    else if (value !== '' || token !== ':') value += token
    if (token === '{' || token === '[') depth++
  }
  return found
}

/** Whether the JSON text of a key, which may contain escapes, is a name. */
function isNamed(key: string, name: string): boolean {
  return JSON.parse(key) === name
}
