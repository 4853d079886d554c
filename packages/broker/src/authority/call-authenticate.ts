import { Reason } from '@antiphon/packet'
import type { Authority, ConnectAttempt, ConnectVerdict } from './authority.js'
import type { Hooks } from './hooks.js'
import { verdictViolations } from './verdicts.js'

/** Calls the `authenticate` hook; a hook that fails refuses the client. */
export function callAuthenticate(
  { authenticate }: Authority,
  hooks: Pick<Hooks, 'call'>,
  attempt: ConnectAttempt,
): ConnectVerdict | Promise<ConnectVerdict> {
  if (authenticate === undefined) return { admit: true }
  return hooks.call<ConnectVerdict>({
    hook: 'authenticate',
    clientId: attempt.clientId,
    run: () => authenticate(attempt),
    violation: verdictViolations.authenticate,
    failed: { admit: false, reasonCode: Reason.unspecifiedError, reasonString: 'authentication failed' },
    timedOut: {
      admit: false,
      reasonCode: Reason.serverUnavailable,
      reasonString: 'authentication timed out',
    },
  })
}
