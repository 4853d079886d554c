import { requireNumber } from '../argument.js'

/** The delays between successive attempts. */
export interface BackOffOptions {
  /** The delay before the second attempt, in milliseconds. @defaultValue 250 */
  readonly initial?: number
  /** The longest delay, in milliseconds. @defaultValue 30 000 */
  readonly maximum?: number
  /** The factor by which each delay exceeds the previous one. @defaultValue 2 */
  readonly factor?: number
  /** The random share of a delay, 0 to 1, so that many clients do not reconnect at once. @defaultValue 0.5 */
  readonly jitter?: number
  /** Returns a random number from 0 up to, but excluding, 1. @defaultValue Math.random */
  readonly random?: () => number
}

/** Returns the delay in milliseconds after the given number of successive failures, counted from 1. */
export type BackOff = (failures: number) => number

/** Returns delays that grow exponentially up to a maximum; a random share (jitter) is subtracted from each. */
export function backOff(options: BackOffOptions = {}): BackOff {
  const { initial = 250, maximum = 30_000, factor = 2, jitter = 0.5, random = Math.random } = options
  requireNumber('back-off initial', initial, { least: 0 })
  requireNumber('back-off maximum', maximum, { least: initial })
  requireNumber('back-off factor', factor, { least: 1 })
  requireNumber('back-off jitter', jitter, { least: 0, most: 1 })
  return (failures) => {
    // `factor` to a large power is Infinity, and 0 * Infinity would be NaN.
    const delay = initial === 0 ? 0 : Math.min(maximum, initial * factor ** (failures - 1))
    return Math.round(delay * (1 - jitter * random()))
  }
}
