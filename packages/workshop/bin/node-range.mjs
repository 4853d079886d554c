// Parses `engines.node` without a library, because it runs before dependencies are installed.

/**
 * Returns whether a Node version is in a range: `^20.19.0`, `>=22.12.0`, or several of these joined by `||`.
 *
 * @param {string} version
 * @param {string} range
 * @returns {boolean}
 */
export function isInRange(version, range) {
  const numbers = numbersOf(version)
  return range.split('||').some((part) => {
    const [, operator, lowest] = /^(\^|>=)(\d+\.\d+\.\d+)$/.exec(part.trim()) ?? []
    if (lowest === undefined)
      throw new Error(`cannot read engines.node "${range}": use ^x.y.z and >=x.y.z only`)
    const bound = numbersOf(lowest)
    return isFrom(numbers, bound) && (operator === '>=' || numbers[0] === bound[0])
  })
}

/**
 * Returns an error message if a Node version is not in the range; `undefined` if it is.
 *
 * @param {string} version
 * @param {string} range
 * @returns {string | undefined}
 */
export function nodeFault(version, range) {
  if (isInRange(version, range)) return undefined
  return `Node ${version} is not supported: Antiphon needs Node ${range}. Install a supported release, for example the latest LTS.`
}

function numbersOf(version) {
  return version.split('.', 3).map((part) => Number.parseInt(part, 10))
}

function isFrom(version, bound) {
  const index = version.findIndex((number, position) => number !== bound[position])
  return index === -1 || version[index] > bound[index]
}
