import { AntiphonError } from '@antiphon/core'
import type { Transport } from '@antiphon/core/link'
import { Observable } from 'rxjs'
import type { Engine } from '../engine.js'
import { LocalConnection } from './local-connection.js'
import { toIdentity } from './local-identity.js'
import { Reason } from '../packet/reason.js'
import type { LocalClientOptions } from './local-options.js'

/** A client's conversation with the broker in the same process: no socket, no packets, the same sessions. */
export function localTransport(
  engine: Engine,
  options: LocalClientOptions,
  hasClosed: () => boolean,
): Transport {
  const { notifications } = engine
  const identity = toIdentity(options, engine.settings)
  let current: LocalConnection | undefined
  let farewell: (() => void) | undefined
  let hasBeenOnline = false

  const online = (): LocalConnection | undefined => (current?.isOnline === true ? current : undefined)

  const sendRequest = (
    what: string,
    send: (connection: LocalConnection, response: (reasonCodes: readonly number[]) => void) => void,
  ): Observable<readonly number[]> =>
    new Observable((subscriber) =>
      notifications.run(() => {
        const connection = online()
        if (connection === undefined) return subscriber.error(notConnected(what))
        const settle = connection.whileOnline((error) => subscriber.error(error))
        send(connection, (reasonCodes) => {
          settle()
          subscriber.next(reasonCodes)
          subscriber.complete()
        })
        return settle
      }),
    )

  return {
    connect$: () =>
      new Observable((subscriber) => {
        // Nobody can come back to a broker that lived in this very process.
        if (hasClosed()) return subscriber.error(new AntiphonError('link-closed', 'the broker was closed'))
        const cleanStart = identity.clean ?? !hasBeenOnline
        const connection = new LocalConnection(
          engine,
          { ...identity.request, cleanStart },
          {
            next: (event) => {
              if (event.type === 'online') hasBeenOnline = true
              subscriber.next(event)
            },
            error: (error) => subscriber.error(error),
          },
        )
        current = connection
        farewell = () => subscriber.complete()
        const { ready } = engine
        const open = (): void => notifications.run(() => connection.open())
        if (ready === undefined) engine.turn.add({ flush: open })
        else ready.then(open, (error: unknown) => subscriber.error(storageLost(error)))
        return () => notifications.run(() => connection.leave({ isFarewell: false }))
      }),
    subscribe$: (requests, identifier) =>
      sendRequest('subscribe', (connection, response) =>
        connection.subscribe(requests, identifier, response),
      ),
    unsubscribe$: (filters) =>
      sendRequest('unsubscribe', (connection, response) => connection.unsubscribe(filters, response)),
    publish$: (message) =>
      new Observable((subscriber) =>
        notifications.run(() => {
          const connection = online()
          if (connection === undefined) return subscriber.error(notConnected('publish'))
          const response = (reasonCode: number): void => {
            subscriber.next({ reasonCode })
            subscriber.complete()
          }
          connection.send(message, response, (error) => subscriber.error(error))
        }),
      ),
    disconnect$: () =>
      new Observable((subscriber) => {
        const expiry = identity.endsWithFarewell ? { expiry: 0 } : {}
        notifications.run(() => online()?.leave({ isFarewell: true, ...expiry }))
        farewell?.()
        farewell = undefined
        subscriber.complete()
      }),
  }
}

function notConnected(what: string): AntiphonError {
  return new AntiphonError('connection-lost', `cannot ${what}: the link is not connected`, {
    phase: 'before-network',
  })
}

function storageLost(cause: unknown): AntiphonError {
  return new AntiphonError('connection-refused', 'the broker could not read its storage', {
    cause,
    reasonCode: Reason.serverUnavailable,
  })
}
