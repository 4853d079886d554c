import fc from 'fast-check'

/** What filters under test can tell apart, and one word more. */
export const words: readonly string[] = ['', 'a', '$x', '__proto__', 'other']

const levels = (choice: readonly string[]): fc.Arbitrary<string[]> =>
  fc.array(fc.constantFrom(...choice), { minLength: 1, maxLength: 4 })

/** Valid topics over a few levels, so that chance finds matches. */
export const topics: fc.Arbitrary<string> = levels(words)
  .map((parts) => parts.join('/'))
  .filter((topic) => topic !== '')

/** Valid filters over the same levels, without groups. */
export const filters: fc.Arbitrary<string> = fc
  .tuple(levels([...words.slice(0, -1), '+']), fc.boolean())
  .map(([parts, isOpen]) => (isOpen ? [...parts.slice(0, 3), '#'] : parts).join('/'))
  .filter((filter) => filter !== '')

/** Valid filters, some of them bare `#`, some in a group. */
export const anyFilters: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('', '', '', '$share/g/', '$share/h/'), fc.oneof(filters, fc.constant('#')))
  .map(([share, filter]) => share + filter)
