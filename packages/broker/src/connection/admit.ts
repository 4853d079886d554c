import type { ConnectVerdict, ClientInfo, ConnectAttempt } from '../authority/authority.js'
import type { Engine } from '../engine.js'
import type { ConnectRequest } from '../packet/connect.js'
import type { Peer } from '../session/peer.js'
import type { Session } from '../session/session.js'
import { grantedExpiry, toClientInfo } from './connect-rules.js'

/** A client that came in. */
export interface Admitted {
  readonly client: ClientInfo
  readonly session: Session
  readonly sessionPresent: boolean
  /** Seconds its session may outlive the connection. */
  readonly expiry: number
}

/** Lets a client in over `peer`, whose session is found or begun. */
export function admit(
  engine: Engine,
  peer: Peer,
  visitor: {
    readonly request: ConnectRequest
    readonly attempt: ConnectAttempt
    readonly admission: Extract<ConnectVerdict, { admit: true }>
  },
): Admitted {
  const { request, attempt, admission } = visitor
  const client = toClientInfo(attempt, admission.principal)
  const expiry = grantedExpiry(attempt.sessionExpiryInterval, engine.settings, admission)
  const { session, isPresent } = engine.sessions.open({
    client,
    expiry,
    peer,
    cleanStart: request.cleanStart,
    receiveMaximum: request.receiveMaximum,
    will: request.will === undefined ? undefined : { request: request.will, client },
  })
  engine.counters.connects++
  engine.emit({ type: 'connected', client, sessionPresent: isPresent })
  return { client, session, sessionPresent: isPresent, expiry }
}
