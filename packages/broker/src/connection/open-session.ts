import { PacketError, Reason } from '@antiphon/packet'
import type { Engine } from '../engine/engine.js'
import type { ConnectRequest } from '../packet/connect.js'
import type { Peer } from '../session/peer.js'
import type { Session } from '../session/session.js'
import { willBytes } from '../will/wills.js'
import type { AdmittedClient } from './connect-rules.js'

/** The session of an admitted client. */
export interface OpenedSession {
  readonly session: Session
  readonly sessionPresent: boolean
}

/**
 * Prepares the session of an admitted client: disconnects an earlier connection of the client and makes room. Publishes
 * Wills, which runs hooks. Throws a `PacketError` if there is no room.
 */
export function prepareSession(engine: Engine, clientId: string, { cleanStart, will }: ConnectRequest): void {
  engine.sessions.takeOver(clientId, cleanStart)
  const fault = engine.sessionRoom.admit(clientId, will === undefined ? 0 : willBytes(will))
  if (fault !== undefined) throw new PacketError(Reason.quotaExceeded, fault)
}

/** Opens the session of an admitted client on the connection `peer`. Call `prepareSession` first. Runs no hook. */
export function openSession(
  engine: Engine,
  peer: Peer,
  admitted: AdmittedClient,
  request: ConnectRequest,
): OpenedSession {
  const { client, sessionExpiryInterval } = admitted
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
