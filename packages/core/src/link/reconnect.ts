import { type OptionRule, sizeRule } from '../option-rules.js'
import { type BackOff, backOff, type BackOffOptions, backOffRuleWith } from '../time/back-off.js'

/** The delays between attempts to connect. */
export interface ReconnectOptions extends BackOffOptions {
  /**
   * Milliseconds over which the first attempt after a lost connection is spread at random, so that a fleet does not return
   * to its broker at once: the number of clients, divided by the connections a millisecond that the broker accepts. It
   * replaces the first delay of the back-off. @defaultValue 0, which is the back-off alone
   */
  readonly spread?: number
}

/** The rule of `ReconnectOptions`. */
export const reconnectRule: OptionRule = backOffRuleWith({ spread: sizeRule })

/** The delays of a link before its attempts to connect. */
export interface ReconnectDelays {
  /** The delay after a number of attempts that have failed, or after a connection that was closed as planned. */
  readonly afterAttempt: BackOff
  /** The delay after the loss of a connection. */
  readonly afterLoss: BackOff
  /** Returns the age at which a connection is replaced: at most the maximum, and for each connection another one. */
  readonly ageOf: (maximum: number) => number
}

/** The random share of the maximum age, so that the connections of a fleet are not replaced at once. */
const AGE_JITTER = 0.1

/** Returns the delays before attempts to connect. */
export function reconnectDelays(options: ReconnectOptions = {}): ReconnectDelays {
  const { spread = 0, random = Math.random } = options
  const afterAttempt = backOff(options)
  return {
    afterAttempt,
    afterLoss: (failures) =>
      spread > 0 && failures === 1 ? Math.round(spread * random()) : afterAttempt(failures),
    ageOf: (maximum) => maximum * (1 - AGE_JITTER * random()),
  }
}
