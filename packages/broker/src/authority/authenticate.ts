import { Reason } from '../packet/reason.js'
import { isPromiseLike, settle } from './answer.js'
import type { Admission, Authority, ConnectAttempt } from './authority.js'

/** Asks the hook about an attempt; a hook that fails lets nobody in. */
export function authenticate(authority: Authority, attempt: ConnectAttempt): Admission | Promise<Admission> {
  if (authority.authenticate === undefined) return { admit: true }
  const failed: Admission = {
    admit: false,
    reasonCode: Reason.unspecifiedError,
    reasonString: 'authentication failed',
  }
  try {
    const answer = settle(authority.authenticate(attempt))
    return isPromiseLike(answer) ? answer.then(undefined, () => failed) : answer
  } catch {
    return failed
  }
}
