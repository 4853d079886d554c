import { requireNumber } from '../argument.js'

/** How long to wait between two attempts. */
export interface BackOffOptions {
  /** Milliseconds before the second attempt. @defaultValue 250 */
  readonly initial?: number
  /** No wait is longer than this many milliseconds. @defaultValue 30 000 */
  readonly maximum?: number
  /** Each wait is this many times the one before. @defaultValue 2 */
  readonly factor?: number
  /** The share of a wait that is left to chance, 0 to 1, so that many clients do not come back at once. @defaultValue 0.5 */
  readonly jitter?: number
  /** Where chance comes from: a number from 0 up to 1. @defaultValue Math.random */
  readonly random?: () => number
}

/** The wait in milliseconds after the given number of failures in a row, counted from 1. */
export type BackOff = (failures: number) => number

/** A wait that grows with every failure, up to a maximum, with a share of it left to chance. */
export function backOff(options: BackOffOptions = {}): BackOff {
  const { initial = 250, maximum = 30_000, factor = 2, jitter = 0.5, random = Math.random } = options
  requireNumber('back-off initial', initial, { least: 0 })
  requireNumber('back-off maximum', maximum, { least: initial })
  requireNumber('back-off factor', factor, { least: 1 })
  requireNumber('back-off jitter', jitter, { least: 0, most: 1 })
  return (failures) => {
    // A great power is infinite, and 0 times that is not a number.
    const whole = initial === 0 ? 0 : Math.min(maximum, initial * factor ** (failures - 1))
    return Math.round(whole * (1 - jitter * random()))
  }
}
