import { violationOf, type OptionRules } from '@antiphon/core/link'
import { invalidConfiguration } from '../operations-error.js'

/** Throws `invalid-configuration`, with the name of the option, if options break their rules. */
export function requireOptions<Options extends object>(options: Options, rules: OptionRules<Options>): void {
  const violation = violationOf(rules, options, undefined)
  if (violation === undefined) return
  const [path = '', property = 'options'] = /^\.(\w+)/.exec(violation) ?? []
  const isOption = path !== ''
  throw invalidConfiguration(
    property,
    isOption ? (options as Readonly<Record<string, unknown>>)[property] : options,
    isOption ? violation.slice(1) : `options${violation.startsWith(':') ? '' : ': '}${violation}`,
  )
}
