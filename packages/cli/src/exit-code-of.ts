import { AntiphonError } from '@antiphon/core'
import type { ErrorCode } from '@antiphon/core'
import { exitCodes } from './exit-codes.js'

const codeOf: Readonly<Record<ErrorCode, number>> = {
  'invalid-argument': exitCodes.usage,
  encode: exitCodes.usage,
  decode: exitCodes.decode,
  protocol: exitCodes.decode,
  'too-large': exitCodes.refused,
  overflow: exitCodes.refused,
  'publish-refused': exitCodes.refused,
  'subscribe-refused': exitCodes.refused,
  'unsubscribe-refused': exitCodes.refused,
  'connection-refused': exitCodes.connection,
  'connection-lost': exitCodes.connection,
  'session-lost': exitCodes.connection,
  'link-closed': exitCodes.connection,
  'no-responder': exitCodes.noResponder,
  timeout: exitCodes.timeout,
  expired: exitCodes.timeout,
  status: exitCodes.status,
  cancelled: exitCodes.interrupted,
  unknown: exitCodes.unexpected,
}

/** Returns the exit code of an error. A timeout while connecting is a failure of the connection. */
export function exitCodeOf(error: unknown): number {
  const { code, awaited } = AntiphonError.from(error)
  return code === 'timeout' && awaited === 'connection' ? exitCodes.connection : codeOf[code]
}
