import { RE2JS } from 're2js'

const maximumLength = 1_000

/**
 * Compiles a pattern of JSON Schema for a matcher whose time is linear in the text. Throws for a pattern with look-around or
 * back-references, which no such matcher knows.
 */
export function compilePattern(pattern: string): {
  readonly test: (text: string) => boolean
  readonly toString: () => string
} {
  if (pattern.length > maximumLength) throw new RangeError(`it is longer than ${maximumLength} characters`)
  const compiled = RE2JS.compile(pattern)
  // ajv keeps one matcher per text, across all schemas.
  return { test: (text) => compiled.matcher(text).find(), toString: () => pattern }
}
