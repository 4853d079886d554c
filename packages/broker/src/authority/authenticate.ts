import { Reason } from '@antiphon/packet'
import { isPromiseLike, toValueOrPromise } from './hook-result.js'
import type { ConnectVerdict, Authority, ConnectAttempt } from './authority.js'

/** Calls the `authenticate` hook; a hook that fails refuses the client. */
export function authenticate(
  authority: Authority,
  attempt: ConnectAttempt,
): ConnectVerdict | Promise<ConnectVerdict> {
  if (authority.authenticate === undefined) return { admit: true }
  const failed: ConnectVerdict = {
    admit: false,
    reasonCode: Reason.unspecifiedError,
    reasonString: 'authentication failed',
  }
  try {
    const verdict = toValueOrPromise(authority.authenticate(attempt))
    return isPromiseLike(verdict) ? verdict.then(undefined, () => failed) : verdict
  } catch {
    return failed
  }
}
