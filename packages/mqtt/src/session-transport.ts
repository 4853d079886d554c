import { AntiphonError, type OutgoingMessage, type PublishAck } from '@antiphon/core'
import type { ResumedPublish, Transport, TransportEvent } from '@antiphon/core/link'
import { writePublish, writeSubscribe, writeUnsubscribe } from '@antiphon/packet'
import { asyncScheduler, Observable, Subject, type Subscriber, takeUntil } from 'rxjs'
import type { Address } from './address.js'
import { toConnectPacket } from './connect-packet.js'
import { Connection } from './connection.js'
import { connectionLost } from './connection-errors.js'
import { identity$, type Identity } from './credentials.js'
import type { PrepareControlClient } from './control-client.js'
import type { SessionOptions } from './options.js'
import type { PacketWriter } from './packet-writer.js'
import { newSession } from './session.js'
import type { ByteStream, StreamEvents } from './streams/byte-stream.js'
import type { SubscriptionPacket } from './subscription-packets.js'

/** What a transport is created from. */
export interface SessionTransportParts {
  readonly addresses: readonly [Address, ...Address[]]
  /** Valid options. */
  readonly options: SessionOptions
  readonly openStream: (address: Address, events: StreamEvents) => ByteStream
  readonly prepareClient: PrepareControlClient
}

/**
 * Creates a transport: one session over any number of connections. The first connection goes to the first address and each
 * later one to the next, round robin.
 */
export function sessionTransport(parts: SessionTransportParts): Transport {
  const { addresses, options, openStream, prepareClient } = parts
  const { protocolVersion = 5, clean, properties, scheduler = asyncScheduler } = options
  const endsSession =
    options.endSession ?? (clean === undefined && properties?.sessionExpiryInterval === undefined)
  const session = newSession(options.clientId ?? randomClientId())
  const disconnecting$ = new Subject<void>()
  let current: Connection | undefined
  let attempts = 0

  const nextAddress = (): Address => addresses[attempts++ % addresses.length] ?? addresses[0]

  const open = (address: Address, identity: Identity, subscriber: Subscriber<TransportEvent>): void => {
    const { clientId, isEstablished: hasBegun } = session
    const attempt = { clientId, ...identity, clean: clean ?? (protocolVersion === 4 || !hasBegun) }
    try {
      const connect = toConnectPacket(options, attempt)
      const connection = new Connection({
        address,
        connect,
        protocolVersion,
        openStream: (events) => openStream(address, events),
        openClient: prepareClient(connect),
        session,
        endsSession,
        authentication: identity.authentication,
        connectTimeout: options.connectTimeout ?? 30_000,
        scheduler,
        subscriber,
      })
      current = connection
      subscriber.add(() => connection.drop())
    } catch (cause) {
      subscriber.error(
        cause instanceof AntiphonError ? cause : connectionLost(address.text, 'unreached', cause),
      )
    }
  }

  const sendPacket$ = (packet: Omit<SubscriptionPacket, 'subscriber'>): Observable<readonly number[]> =>
    new Observable((subscriber) => {
      if (current?.isOnline === true) current.subscriptions.send({ ...packet, subscriber })
      else subscriber.error(notConnected())
    })

  return {
    connect$: () =>
      new Observable((subscriber) => {
        let isOpening = false
        const address = nextAddress()
        const connecting = identity$(options, address)
          .pipe(takeUntil(disconnecting$))
          .subscribe({
            next: (identity) => {
              isOpening = true
              open(address, identity, subscriber)
            },
            error: (error: unknown) => subscriber.error(error),
            complete: () => {
              if (!isOpening) subscriber.complete()
            },
          })
        subscriber.add(connecting)
      }),

    subscribe$: (requests, identifier) =>
      sendPacket$({
        encode: (to, id) =>
          writeSubscribe(to, { packetId: id, identifier, subscriptions: requests }, protocolVersion),
        success: requests.map(({ qos }) => qos),
      }),

    unsubscribe$: (filters) =>
      sendPacket$({
        encode: (to, id) => writeUnsubscribe(to, { packetId: id, filters }, protocolVersion),
        success: filters.map(() => 0),
      }),

    publish$: (message) =>
      new Observable((subscriber) => {
        if (current?.isOnline !== true) subscriber.error(notConnected())
        else if (message.qos === 0) publishOnce(message, current, subscriber)
        else session.outbound.publish(message, subscriber)
      }),

    disconnect$: ({ keepSession = false } = {}) =>
      new Observable((subscriber) => {
        disconnecting$.next()
        current?.disconnect(endsSession && !keepSession)
        if (current === undefined) subscriber.complete()
        else subscriber.add(current.closed$.subscribe(subscriber))
      }),
  }
}

/** Sends a QoS 0 message; emits and completes once the stream accepts more data. */
function publishOnce(
  message: OutgoingMessage,
  { writer, protocolVersion }: Connection,
  subscriber: Subscriber<PublishAck | ResumedPublish>,
): void {
  writePublish(writer.block, message, { protocolVersion })
  writer.commit(message.payload)
  if (writer.isWritable) accept(subscriber)
  else acceptOnceWritable(writer, subscriber)
}

const ACCEPTED: PublishAck = { reasonCode: 0 }

function accept(subscriber: Subscriber<PublishAck>): void {
  subscriber.next(ACCEPTED)
  subscriber.complete()
}

// A function of its own, so that only a message that waits has a closure.
function acceptOnceWritable(writer: PacketWriter, subscriber: Subscriber<PublishAck>): void {
  writer.onceWritable((isOpen) => {
    if (isOpen) accept(subscriber)
    else subscriber.error(notConnected())
  })
}

function notConnected(): AntiphonError<'connection-lost'> {
  return new AntiphonError('connection-lost', 'cannot send: there is no connection to the broker', {
    phase: 'before-network',
  })
}

/** Generates a Client Identifier of 23 digits and letters, which every broker must accept [MQTT-3.1.3-5]. */
function randomClientId(): string {
  const digits = crypto
    .getRandomValues(new Uint8Array(8))
    .reduce((text, byte) => text + byte.toString(16).padStart(2, '0'), '')
  return `antiphon${digits.slice(1)}`
}
