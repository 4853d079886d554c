import { InvalidArgumentError } from 'commander'
import { formatNames, type FormatName } from '../format-names.js'

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Parses a duration such as `500ms`, `5s` or `2m`; a plain number is milliseconds. Returns milliseconds. */
export function duration(text: string): number {
  const [, number = '', unit = 'ms'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? []
  if (number === '') throw new InvalidArgumentError('it must be a duration such as 500ms, 5s or 2m')
  return Number(number) * (units[unit] ?? 1)
}

/** Returns the parser of whole numbers in a range. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : NaN
    if (number >= least && number <= most) return number
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
    throw new InvalidArgumentError(`it must be a whole number ${range}`)
  }
}

/** Returns the parser of numbers from a few allowed ones. */
export function oneOfNumbers<A extends number>(...allowed: readonly A[]): (text: string) => A {
  return (text) => {
    const found = allowed.find((number) => String(number) === text)
    if (found !== undefined) return found
    throw new InvalidArgumentError(`it must be ${allowed.join(', ').replace(/, (\d+)$/, ' or $1')}`)
  }
}

/** Parses `name=value` and adds it to the values of a repeated option. */
export function pair(
  text: string,
  previous: readonly (readonly [string, string])[] = [],
): readonly (readonly [string, string])[] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('it must be <name>=<value>')
  return [...previous, [text.slice(0, at), text.slice(at + 1)]]
}

/** Adds a value to those of a repeated option. */
export function repeated(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text]
}

/** Parses the name of a format, or `protobuf:<file>:<message>`. */
export function formatName(text: string): FormatName {
  const named = formatNames.find((name) => name === text)
  if (named !== undefined) return named
  if (/^protobuf:.+:[\w.]+$/.test(text)) return text as FormatName
  throw new InvalidArgumentError(`it must be one of ${formatNames.join(', ')} or protobuf:<file>:<message>`)
}
