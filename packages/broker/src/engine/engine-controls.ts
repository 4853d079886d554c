import type { Message } from '@antiphon/core'
import { Reason } from '@antiphon/packet'
import { toMessage } from '../packet/publication.js'
import { toSessionInfo } from '../session/session-info.js'
import type { SessionInfo } from '../session/session-info.js'
import type { Engine } from './engine.js'

/** The calls by which a program inspects and ends sessions. */
export interface EngineControls {
  /**
   * Ends a client's connection, by default with 0x98 Administrative action; returns `false` if it is not connected.
   */
  readonly disconnect: (clientId: string, reasonCode?: number, reasonString?: string) => boolean
  /** Ends a client's connection and its session; returns `false` if it has no session. */
  readonly forget: (clientId: string) => boolean
  /** Returns the present state of a client's session. */
  readonly session: (clientId: string) => SessionInfo | undefined
  /** Returns the present state of all sessions. */
  readonly sessions: () => SessionInfo[]
  /** Returns the retained messages that match a filter; without one all, including topics that begin with `$`. */
  readonly retained: (filter?: string) => Message[]
}

/** Returns the controls of an engine. */
export function engineControls({ sessions, retained, notifications, now }: Engine): EngineControls {
  return {
    disconnect: (
      clientId,
      reasonCode = Reason.administrativeAction,
      reasonString = 'disconnected by the operator',
    ) =>
      notifications.run(() => {
        const peer = sessions.get(clientId)?.peer ?? null
        peer?.disconnect(reasonCode, reasonString)
        return peer !== null
      }),
    forget: (clientId) =>
      notifications.run(() => {
        const session = sessions.get(clientId)
        session?.peer?.disconnect(Reason.administrativeAction, 'the operator ended the session')
        if (session !== undefined) sessions.end(session)
        return session !== undefined
      }),
    session: (clientId) => {
      const session = sessions.get(clientId)
      return session && toSessionInfo(session)
    },
    sessions: () => [...sessions].map(toSessionInfo),
    retained: (filter) =>
      (filter === undefined ? [...retained] : retained.matching(filter)).map((publication) =>
        toMessage(publication, { qos: publication.qos, retain: true, dup: false }, now()),
      ),
  }
}
