import { AntiphonError } from './errors.js'

/** Creates the error for an invalid option or argument; nothing has been sent. */
export function invalidArgument(message: string, topic?: string): AntiphonError<'invalid-argument'> {
  return new AntiphonError('invalid-argument', message, {
    phase: 'before-network',
    ...(topic === undefined ? {} : { topic }),
  })
}

/** The range of a numeric option. */
export interface NumberRule {
  readonly least: number
  /** @defaultValue Infinity */
  readonly most?: number
  readonly isWhole?: boolean
}

/** Returns the value if it obeys the rule. Throws `invalid-argument` with the option, the value and the rule otherwise. */
export function requireNumber(option: string, value: number, rule: NumberRule): number {
  const { least, most = Infinity, isWhole = false } = rule
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value) || value === Infinity))
    return value
  const range = most === Infinity ? `from ${least}` : `from ${least} to ${most}`
  throw invalidArgument(
    `${option} is ${String(value)}: it must be a ${isWhole ? 'whole ' : ''}number ${range}`,
  )
}
