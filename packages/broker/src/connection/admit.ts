import type { Engine } from '../engine.js'
import type { ConnectRequest } from '../packet/connect.js'
import type { Peer } from '../session/peer.js'
import type { Session } from '../session/session.js'
import type { Visitor } from './connect-rules.js'

/** A client that came in. */
export interface Admitted {
  readonly session: Session
  readonly sessionPresent: boolean
}

/** Lets a client in over `peer`, once `Sessions.makeWay` was called for it; runs no hook. */
export function admit(engine: Engine, peer: Peer, visitor: Visitor, request: ConnectRequest): Admitted {
  const { client, expiry } = visitor
  const { session, isPresent } = engine.sessions.open({
    client,
    expiry,
    peer,
    receiveMaximum: request.receiveMaximum,
    will: request.will === undefined ? undefined : { request: request.will, client },
  })
  engine.counters.connects++
  engine.emit({ type: 'connected', client, sessionPresent: isPresent })
  return { session, sessionPresent: isPresent }
}
