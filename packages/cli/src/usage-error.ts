import { AntiphonError } from '@antiphon/core'

/** Creates the error of a wrong command line. */
export function usageError(message: string): AntiphonError<'invalid-argument'> {
  return new AntiphonError('invalid-argument', message)
}
