import type { ClientDisconnection } from '../authority/authority.js'
import type { Engine } from '../engine/engine.js'
import type { Session } from '../session/session.js'
import type { ConnectionEnd } from '../session/sessions.js'

/** Why a connection has ended. */
export type DisconnectionDetails = Pick<ClientDisconnection, 'by' | 'reasonCode' | 'reason'>

/** Emits that the connection of an admitted client has ended, and posts the call of `onDisconnect`. */
export function reportDisconnection(
  { emit, notifications, settings, hooks }: Engine,
  session: Session,
  end: ConnectionEnd,
  details: DisconnectionDetails & Pick<ClientDisconnection, 'client'>,
): void {
  const expiry = end.sessionExpiryInterval ?? session.sessionExpiryInterval
  const isClean = details.by === 'client' && end.discardsWill
  const disconnection = { ...details, isClean, isSessionKept: !session.isEnded && expiry > 0 }
  emit({ type: 'disconnected', ...disconnection })
  const { onDisconnect } = settings.authority
  if (onDisconnect === undefined) return
  const { clientId } = details.client
  notifications.post(() =>
    hooks.callSync({
      hook: 'onDisconnect',
      clientId,
      run: () => onDisconnect(disconnection),
      failed: undefined,
    }),
  )
}
