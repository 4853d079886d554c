/** One level of a template: `dev-{id}.{part}` has the literals `dev-`, `.` and an empty one, and two names. */
export interface LevelPattern {
  /** What stands before, between and after the parameters: one more than there are names. */
  readonly literals: readonly string[]
  readonly names: readonly string[]
}

/** What a name ends in that stands for one or more levels. */
const SEVERAL = '...'

/** The name of a last level that stands for one or more: `{key...}`. */
export function restName(level: string): string | undefined {
  return /^\{([^{}]+)\.\.\.\}$/.exec(level)?.[1]
}

/** The pattern of a level as it is written, or why it is none. */
export function parseLevel(level: string): LevelPattern | string {
  if (!/^[^{}]*(\{[^{}]*\}[^{}]*)*$/.test(level)) return `a brace in level "${level}" has no partner`
  const parts = level.split(/[{}]/)
  const literals = parts.filter((_, index) => index % 2 === 0)
  const names = parts.filter((_, index) => index % 2 === 1)
  if (names.includes('') || names.includes(SEVERAL)) return `a parameter in level "${level}" has no name`
  if (names.some((name) => name.endsWith(SEVERAL)))
    return `only the whole last level can stand for several, and level "${level}" is not that`
  if (literals.slice(1, -1).includes('')) return `nothing parts two parameters in level "${level}"`
  return { literals, names }
}

/** The level's text with these values, one for each name, in order. */
export function fillLevel({ literals }: LevelPattern, values: readonly string[]): string {
  return literals.map((literal, index) => literal + (values[index] ?? '')).join('')
}

/**
 * The values that make the text of this pattern, one for each name; `undefined` when it is not of this pattern. No value
 * is empty; where several readings fit, the earlier parameter is the shorter.
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
