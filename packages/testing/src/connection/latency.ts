import { numberRule, type OptionRule, type OptionRules, violationOf } from '@antiphon/core/link'

/** The latency of packets per direction, in milliseconds. */
export interface Latency {
  /** From client to broker. @defaultValue 0 */
  readonly up?: number
  /** From broker to client. @defaultValue 0 */
  readonly down?: number
}

const sizeRule = numberRule(0)
const directionRules: OptionRules<Latency> = { up: sizeRule, down: sizeRule }

/** The rule of a latency: a number applies to both directions. */
export const latencyRule: OptionRule = (value, context) =>
  violationOf(typeof value === 'number' ? sizeRule : directionRules, value, context)

/** Returns the latency of each direction. */
export function perDirection(latency: number | Latency = 0): Required<Latency> {
  if (typeof latency === 'number') return { up: latency, down: latency }
  const { up = 0, down = 0 } = latency
  return { up, down }
}
