import { PacketError, Reason } from '@antiphon/packet'
import type { Engine } from '../engine/engine.js'
import type { ConnectRequest } from '../packet/connect.js'
import type { Peer } from '../session/peer.js'
import type { Session } from '../session/session.js'
import { tooManySessions } from './connect-rules.js'
import type { AdmittedClient } from './connect-rules.js'

/** The session of an admitted client. */
export interface OpenedSession {
  readonly session: Session
  readonly sessionPresent: boolean
}

/**
 * Opens the session of an admitted client on the connection `peer`. Call `Sessions.takeOver` first. Runs no hook.
 * Throws a `PacketError` if there is no room for the session: others may have connected while a hook was pending.
 */
export function openSession(
  engine: Engine,
  peer: Peer,
  admitted: AdmittedClient,
  request: ConnectRequest,
): OpenedSession {
  const { client, sessionExpiryInterval } = admitted
  if (engine.sessions.isFullFor(client.clientId))
    throw new PacketError(Reason.quotaExceeded, tooManySessions(engine.settings))
  const { session, isPresent } = engine.sessions.open({
    client,
    sessionExpiryInterval,
    peer,
    receiveMaximum: request.receiveMaximum,
    will: request.will === undefined ? undefined : { request: request.will, client },
  })
  engine.counters.connects++
  engine.emit({ type: 'connected', client, sessionPresent: isPresent })
  return { session, sessionPresent: isPresent }
}
