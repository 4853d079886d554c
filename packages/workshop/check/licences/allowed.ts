/**
 * The licences that a production dependency may have, by SPDX identifier: those that let a user of ours ship closed
 * programs and ask for nothing but their notice. A further one is argued in decision 0012 first.
 */
export const allowedLicences: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
]

/**
 * Returns whether an SPDX expression can be met with allowed licences alone: all sides of an `AND`, one side of an `OR`.
 *
 * A licence `WITH` an exception and an identifier with `+` count as licences of their own.
 */
export function isAllowed(expression: string, allowed: readonly string[] = allowedLicences): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? []
  let place = 0

  // OR binds weakest, then AND.
  const anyOf = (): boolean => {
    let result = allOf()
    while (tokens[place] === 'OR') {
      place += 1
      // Both sides are read, whatever the first one was.
      const other = allOf()
      result ||= other
    }
    return result
  }
  const allOf = (): boolean => {
    let result = one()
    while (tokens[place] === 'AND') {
      place += 1
      const other = one()
      result &&= other
    }
    return result
  }
  const one = (): boolean => {
    if (tokens[place] === '(') {
      place += 1
      const result = anyOf()
      const isClosed = tokens[place] === ')'
      place += 1
      return result && isClosed
    }
    const name = tokens[place] ?? ''
    place += 1
    if (tokens[place] !== 'WITH') return allowed.includes(name)
    const exception = tokens[place + 1] ?? ''
    place += 2
    return allowed.includes(`${name} WITH ${exception}`)
  }

  const result = anyOf()
  // What is left over makes it no expression: "MIT License", "SEE LICENSE IN …".
  return result && place === tokens.length
}
