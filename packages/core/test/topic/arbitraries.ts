import fc from 'fast-check'

/** The levels of generated filters, and one that occurs only in topics. */
export const words: readonly string[] = ['', 'a', '$x', '__proto__', 'other']

const levels = (choice: readonly string[]): fc.Arbitrary<string[]> =>
  fc.array(fc.constantFrom(...choice), { minLength: 1, maxLength: 4 })

/** Valid topics of a few different levels, so that random filters match them. */
export const topics: fc.Arbitrary<string> = levels(words)
  .map((parts) => parts.join('/'))
  .filter((topic) => topic !== '')

/** Valid filters of the same levels, not shared. */
export const filters: fc.Arbitrary<string> = fc
  .tuple(levels([...words.slice(0, -1), '+']), fc.boolean())
  .map(([parts, hasHash]) => (hasHash ? [...parts.slice(0, 3), '#'] : parts).join('/'))
  .filter((filter) => filter !== '')

/** Valid filters, some of them `#`, some shared. */
export const anyFilters: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('', '', '', '$share/g/', '$share/h/'), fc.oneof(filters, fc.constant('#')))
  .map(([share, filter]) => share + filter)
