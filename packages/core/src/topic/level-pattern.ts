/** One level of a template: `dev-{id}.{part}` has the literals `dev-`, `.` and an empty one, and the names `id` and `part`. */
export interface LevelPattern {
  /** The text before, between and after the parameters: one more than there are names. */
  readonly literals: readonly string[]
  readonly names: readonly string[]
}

/** The end of a parameter name that stands for one or more levels. */
const REST_SUFFIX = '...'

/** Returns the name of a level of the form `{key...}`, which stands for one or more levels. */
export function restName(level: string): string | undefined {
  return /^\{([^{}]+)\.\.\.\}$/.exec(level)?.[1]
}

/** Parses a level of a template; returns its pattern, or the reason why it is invalid. */
export function parseLevel(level: string): LevelPattern | string {
  if (!/^([^{}]|\{\{|\}\}|\{[^{}]*\})*$/.test(level))
    return `level "${level}" has an unmatched brace: write {{ and }} for { and }`
  const literals = ['']
  const names: string[] = []
  for (const [part] of level.matchAll(/\{\{|\}\}|\{[^{}]*\}|[^{}]+/g)) {
    if (part.startsWith('{') && part !== '{{') {
      names.push(part.slice(1, -1))
      literals.push('')
    } else literals.push((literals.pop() ?? '') + (part === '{{' || part === '}}' ? part.charAt(0) : part))
  }
  if (names.includes('') || names.includes(REST_SUFFIX)) return `a parameter in level "${level}" has no name`
  if (names.some((name) => name.endsWith(REST_SUFFIX)))
    return `"..." is allowed only for the whole last level, not in level "${level}"`
  if (literals.slice(1, -1).includes(''))
    return `two parameters in level "${level}" are not separated by text`
  return { literals, names }
}

/** Returns the text of a level with these values, one for each name, in order. */
export function fillLevel({ literals }: LevelPattern, values: readonly string[]): string {
  return literals.map((literal, index) => literal + (values[index] ?? '')).join('')
}

/**
 * Returns the value of each name in a text; `undefined` if the text does not match the pattern. No value is empty. If
 * several matches are possible, earlier parameters get the shorter values.
 */
export function matchLevel({ literals, names }: LevelPattern, text: string): readonly string[] | undefined {
  const [first = ''] = literals
  if (names.length === 0) return text === first ? [] : undefined
  if (!text.startsWith(first)) return undefined
  const values: string[] = []
  let start = first.length
  for (const literal of literals.slice(1, -1)) {
    const end = text.indexOf(literal, start + 1)
    if (end < 0) return undefined
    values.push(text.slice(start, end))
    start = end + literal.length
  }
  const last = literals.at(-1) ?? ''
  const end = text.length - last.length
  if (end <= start || !text.endsWith(last)) return undefined
  return [...values, text.slice(start, end)]
}
