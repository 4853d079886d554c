import { Reason } from '../packet/reason.js'
import { isPromiseLike, settle } from './hook-result.js'
import type { ConnectVerdict, Authority, ConnectAttempt } from './authority.js'

/** Asks the hook about an attempt; a hook that fails lets nobody in. */
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
    const response = settle(authority.authenticate(attempt))
    return isPromiseLike(response) ? response.then(undefined, () => failed) : response
  } catch {
    return failed
  }
}
