import { AntiphonError, type OutgoingMessage, type PublishAck } from '@antiphon/core'
import type { ResumedPublish, Transport, TransportEvent } from '@antiphon/core/link'
import { NEVER, Observable, of, type Subscriber } from 'rxjs'
import type { IncomingMessage, MetlPeer, WorldOptions } from './metl-world.js'

/** The reason code of everything that fails: unspecified error. */
const UNSPECIFIED_ERROR = 0x80

/** A publish that is not acknowledged. */
interface PendingPublish {
  readonly message: OutgoingMessage
  readonly subscriber: Subscriber<PublishAck | ResumedPublish>
}

/** Level 1: a broker in place of the transport, which keeps the session of its one client. */
export function transportStub({ clientId, acks }: WorldOptions): {
  readonly transport: Transport
  readonly peer: MetlPeer
} {
  const subscribed = new Set<string>()
  const published: OutgoingMessage[] = []
  const acknowledged: number[] = []
  const pending = new Set<PendingPublish>()
  let connection: Subscriber<TransportEvent> | undefined
  let connections = 0
  let lastPacketId = 0

  const send = (publish: PendingPublish): void => {
    const { message, subscriber } = publish
    published.push(message)
    const ack = acks.publish.shift() ?? 'success'
    if (ack === 'drop') return
    pending.delete(publish)
    subscriber.next({ reasonCode: ack === 'fail' ? UNSPECIFIED_ERROR : 0 })
    subscriber.complete()
  }

  const codes$ = (
    kind: 'subscribe' | 'unsubscribe',
    count: number,
    granted: number,
  ): Observable<number[]> => {
    const ack = acks[kind].shift() ?? 'success'
    if (ack === 'drop') return NEVER
    return of(Array.from({ length: count }, () => (ack === 'fail' ? UNSPECIFIED_ERROR : granted)))
  }

  const transport: Transport = {
    connect$: () =>
      new Observable((subscriber) => {
        connection = subscriber
        for (const publish of [...pending])
          publish.subscriber.next({
            resend: () => send(publish),
            discard: () => pending.delete(publish),
          })
        subscriber.next({
          type: 'online',
          info: {
            protocolVersion: 5,
            clientId,
            sessionPresent: connections++ > 0,
            receiveMaximum: 65_535,
            maximumPacketSize: Infinity,
            maximumQoS: 2,
            retainAvailable: true,
            wildcardSubscriptions: true,
            sharedSubscriptions: true,
            subscriptionIdentifiers: true,
          },
        })
        return () => {
          if (connection === subscriber) connection = undefined
        }
      }),
    subscribe$: (requests) => {
      for (const { filter } of requests) subscribed.add(filter)
      return codes$('subscribe', requests.length, 1)
    },
    unsubscribe$: (filters) => codes$('unsubscribe', filters.length, 0),
    publish$: (message) =>
      new Observable((subscriber) => {
        const publish: PendingPublish = { message, subscriber }
        if ((message.qos ?? 1) > 0) pending.add(publish)
        send(publish)
      }),
    disconnect$: () =>
      new Observable((subscriber) => {
        connection?.complete()
        subscriber.complete()
      }),
  }

  const receive = (message: IncomingMessage, packetId: number = ++lastPacketId): number => {
    const receiver = connection
    receiver?.next({
      type: 'message',
      message: { ...message, retain: false, dup: false },
      acknowledge: () => {
        if (connection === receiver && message.qos > 0) acknowledged.push(packetId)
      },
    })
    return packetId
  }

  const disconnect = (): void => {
    connection?.error(
      new AntiphonError('connection-lost', 'the connection closed', { phase: 'after-network' }),
    )
  }

  return { transport, peer: { subscribed, published, acknowledged, send: receive, disconnect } }
}
