import { reasonOf } from '../codec/decode-failure.js'
import { AntiphonError } from '../errors.js'
import type { ObservedError } from './exchange-event.js'

/** Returns an error as events contain it. */
export function toObservedError(error: unknown): ObservedError {
  if (!(error instanceof AntiphonError)) return { message: reasonOf(error) }
  const { code, rawMessage } = error as AntiphonError
  return { code, message: rawMessage }
}
