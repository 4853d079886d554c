import { AntiphonError } from './errors.js'

/** The error of a caller who broke a rule, before anything was sent. */
export function invalidArgument(message: string, topic?: string): AntiphonError<'invalid-argument'> {
  return new AntiphonError('invalid-argument', message, {
    phase: 'before-network',
    ...(topic === undefined ? {} : { topic }),
  })
}

/** What a numeric option must obey. */
export interface NumberRule {
  readonly least: number
  /** @defaultValue Infinity */
  readonly most?: number
  readonly isWhole?: boolean
}

/** The value itself when it obeys the rule; throws `invalid-argument` naming option, value and rule otherwise. */
export function requireNumber(option: string, value: number, rule: NumberRule): number {
  const { least, most = Infinity, isWhole = false } = rule
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value) || value === Infinity))
    return value
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`
  throw invalidArgument(
    `${option} is ${String(value)}: it must be a ${isWhole ? 'whole ' : ''}number ${range}`,
  )
}
