import { AntiphonError } from '@antiphon/core'
import type { Transport } from '@antiphon/core/link'
import { Observable } from 'rxjs'
import { Reason } from '@antiphon/packet'
import type { Engine } from '../engine/engine.js'
import { LocalConnection } from './local-connection.js'
import { toLocalIdentity } from './local-identity.js'
import type { LocalClientOptions } from './local-options.js'

/**
 * Returns a transport to the broker in the same process: it needs no socket and no packets, and uses the same
 * sessions.
 */
export function localTransport(
  engine: Engine,
  options: LocalClientOptions,
  isBrokerClosed: () => boolean,
): Transport {
  const { notifications } = engine
  const identity = toLocalIdentity(options, engine.settings)
  const isSessionKept = !identity.endsSessionOnDisconnect && identity.request.sessionExpiryInterval > 0
  let current: LocalConnection | undefined
  let completeConnection: (() => void) | undefined
  let hasBeenOnline = false

  const online = (): LocalConnection | undefined => (current?.isOnline === true ? current : undefined)

  const reasonCodes$ = (
    action: string,
    send: (connection: LocalConnection, onReasonCodes: (reasonCodes: readonly number[]) => void) => void,
  ): Observable<readonly number[]> =>
    new Observable((subscriber) =>
      notifications.run(() => {
        const connection = online()
        if (connection === undefined) return subscriber.error(notConnected(action))
        const stopListening = connection.onFailure((error) => subscriber.error(error))
        send(connection, (reasonCodes) => {
          stopListening()
          subscriber.next(reasonCodes)
          subscriber.complete()
        })
        return stopListening
      }),
    )

  return {
    connect$: () =>
      new Observable((subscriber) => {
        // A broker in this process cannot restart, so the link must not retry.
        if (isBrokerClosed())
          return subscriber.error(new AntiphonError('link-closed', 'cannot connect: the broker is closed'))
        const cleanStart = identity.clean ?? !hasBeenOnline
        const connection = new LocalConnection(
          engine,
          { ...identity.request, cleanStart },
          {
            next: (event) => {
              if (event.type !== 'online') return subscriber.next(event)
              hasBeenOnline = true
              subscriber.next(isSessionKept ? { ...event, info: { ...event.info, isSessionKept } } : event)
            },
            error: (error) => subscriber.error(error),
          },
        )
        current = connection
        completeConnection = () => subscriber.complete()
        const { ready } = engine
        const open = (): void => notifications.run(() => connection.open())
        if (ready === undefined) engine.turn.add({ flush: open })
        else ready.then(open, (error: unknown) => subscriber.error(storageFailed(error)))
        return () => notifications.run(() => connection.close({ isDisconnect: false }))
      }),
    subscribe$: (requests, identifier) =>
      reasonCodes$('subscribe', (connection, onSuback) =>
        connection.subscribe(requests, identifier, onSuback),
      ),
    unsubscribe$: (filters) =>
      reasonCodes$('unsubscribe', (connection, onUnsuback) => connection.unsubscribe(filters, onUnsuback)),
    publish$: (message) =>
      new Observable((subscriber) =>
        notifications.run(() => {
          const connection = online()
          if (connection === undefined) return subscriber.error(notConnected('publish'))
          const onOutcome = (reasonCode: number): void => {
            subscriber.next({ reasonCode })
            subscriber.complete()
          }
          connection.publishFromClient(message, onOutcome, (error) => subscriber.error(error))
        }),
      ),
    disconnect$: ({ keepSession = false } = {}) =>
      new Observable((subscriber) => {
        const endsSession = identity.endsSessionOnDisconnect && !keepSession
        const expiry = endsSession ? { sessionExpiryInterval: 0 } : {}
        notifications.run(() => online()?.close({ isDisconnect: true, ...expiry }))
        completeConnection?.()
        completeConnection = undefined
        subscriber.complete()
      }),
  }
}

function notConnected(action: string): AntiphonError {
  return new AntiphonError('connection-lost', `cannot ${action}: the link is not connected`, {
    phase: 'before-network',
  })
}

function storageFailed(cause: unknown): AntiphonError {
  return new AntiphonError('connection-refused', 'cannot connect: the broker could not read its storage', {
    cause,
    reasonCode: Reason.serverUnavailable,
  })
}
