/**
 * The licences that a production dependency may have, by SPDX identifier: those that permit closed programs and require
 * only their notice. Argue a further licence in decision 0012 first.
 */
export const allowedLicences: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'PSF-2.0',
  'Python-2.0',
]

/**
 * Returns whether an SPDX expression is satisfied by allowed licences: all sides of an `AND`, one side of an `OR`.
 *
 * A licence `WITH` an exception and an identifier with `+` count as separate licences.
 */
export function isAllowed(expression: string, allowed: readonly string[] = allowedLicences): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? []
  let position = 0

  // OR binds weakest, then AND.
  const anyOf = (): boolean => {
    let result = allOf()
    while (tokens[position] === 'OR') {
      position += 1
      // Both sides are parsed, whatever the result of the first.
      const other = allOf()
      result ||= other
    }
    return result
  }
  const allOf = (): boolean => {
    let result = licence()
    while (tokens[position] === 'AND') {
      position += 1
      const other = licence()
      result &&= other
    }
    return result
  }
  const licence = (): boolean => {
    if (tokens[position] === '(') {
      position += 1
      const result = anyOf()
      const isClosed = tokens[position] === ')'
      position += 1
      return result && isClosed
    }
    const name = tokens[position] ?? ''
    position += 1
    if (tokens[position] !== 'WITH') return allowed.includes(name)
    const exception = tokens[position + 1] ?? ''
    position += 2
    return allowed.includes(`${name} WITH ${exception}`)
  }

  const result = anyOf()
  // Remaining tokens mean that the text is not an expression: "MIT License", "SEE LICENSE IN …".
  return result && position === tokens.length
}
