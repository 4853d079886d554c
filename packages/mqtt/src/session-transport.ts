import { AntiphonError, type OutgoingMessage, type PublishAck } from '@antiphon/core'
import type { ResumedPublish, Transport, TransportEvent } from '@antiphon/core/link'
import { writePublish, writeSubscribe, writeUnsubscribe } from '@antiphon/packet'
import { asyncScheduler, Observable, Subject, type Subscriber, takeUntil } from 'rxjs'
import type { Address } from './address.js'
import { toConnectPacket } from './connect-packet.js'
import { Connection } from './connection.js'
import type { ConnectionFailure } from './connection-parts.js'
import { connectionLost, notRedirected } from './connection-errors.js'
import { identity$, type Identity } from './credentials.js'
import type { PrepareControlClient } from './control-client.js'
import type { SessionOptions } from './options.js'
import type { PacketWriter } from './packet-writer.js'
import { ProtocolVersions } from './protocol-versions.js'
import { ServerAddresses } from './server-addresses.js'
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

/** Where and how a connection is opened. */
interface ConnectTarget {
  /** The servers that have redirected to each other, and last the one to connect to. */
  readonly path: readonly [Address, ...Address[]]
  readonly protocolVersion: 4 | 5
  /** The error of the connection that this one replaces. */
  readonly follows?: AntiphonError
}

/**
 * Creates a transport: one session over any number of connections. The first connection goes to the first address and each
 * later one to the next, round robin.
 */
export function sessionTransport(parts: SessionTransportParts): Transport {
  const { options, openStream, prepareClient } = parts
  const { clean, properties, scheduler = asyncScheduler } = options
  const endsSession =
    options.endSession ?? (clean === undefined && properties?.sessionExpiryInterval === undefined)
  const addresses = new ServerAddresses(parts.addresses, options.serverRedirection)
  const versions = new ProtocolVersions(options.protocolVersion ?? 5)
  const session = newSession(options.clientId ?? randomClientId())
  const disconnecting$ = new Subject<void>()
  let current: Connection | undefined

  /** Connects again in place of a connection that failed, if it may; returns the error otherwise. */
  const replace = (
    { path, protocolVersion }: ConnectTarget,
    { error, wasOnline, serverReference }: ConnectionFailure,
    subscriber: Subscriber<TransportEvent>,
  ): AntiphonError | undefined => {
    const redirection = addresses.follow(path, error.reasonCode, serverReference)
    if (redirection?.fault !== undefined) return notRedirected(error, redirection.fault)
    if (redirection !== undefined && wasOnline) {
      addresses.useOnce(redirection.address)
      return error
    }
    if (redirection !== undefined) {
      connectTo({ path: [...path, redirection.address], protocolVersion, follows: error }, subscriber)
      return undefined
    }
    if (wasOnline || !versions.isDowngraded(protocolVersion, error)) return error
    connectTo({ path, protocolVersion: 4, follows: error }, subscriber)
    return undefined
  }

  const open = (target: ConnectTarget, identity: Identity, subscriber: Subscriber<TransportEvent>): void => {
    const { clientId, isEstablished: hasBegun } = session
    const { path, protocolVersion } = target
    const address = path[path.length - 1] ?? path[0]
    const attempt = {
      clientId,
      ...identity,
      protocolVersion,
      clean: clean ?? (protocolVersion === 4 || !hasBegun),
    }
    try {
      const connect = toConnectPacket(options, attempt)
      const connection = new Connection({
        address,
        connect,
        protocolVersion,
        openStream: (events) => openStream(address, events),
        openClient: prepareClient(connect, protocolVersion),
        session,
        endsSession,
        authentication: identity.authentication,
        connectTimeout: options.connectTimeout ?? 30_000,
        scheduler,
        subscriber,
        onAccepted: () => versions.onAccepted(protocolVersion, target.follows),
        onFailed: (failure) => replace(target, failure, subscriber),
        redirectedTo: path.length > 1 ? address.text : undefined,
      })
      current = connection
      subscriber.add(() => connection.drop())
    } catch (cause) {
      subscriber.error(
        cause instanceof AntiphonError ? cause : connectionLost(address.text, 'unreached', cause),
      )
    }
  }

  const connectTo = (target: ConnectTarget, subscriber: Subscriber<TransportEvent>): void => {
    let isOpening = false
    const connecting = identity$(options, target.path[target.path.length - 1] ?? target.path[0])
      .pipe(takeUntil(disconnecting$))
      .subscribe({
        next: (identity) => {
          isOpening = true
          open(target, identity, subscriber)
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          if (!isOpening) subscriber.complete()
        },
      })
    subscriber.add(connecting)
  }

  const sendPacket$ = (packet: Omit<SubscriptionPacket, 'subscriber'>): Observable<readonly number[]> =>
    new Observable((subscriber) => {
      if (current?.isOnline === true) current.subscriptions.send({ ...packet, subscriber })
      else subscriber.error(notConnected())
    })

  return {
    connect$: () =>
      new Observable((subscriber) =>
        connectTo({ path: addresses.next(), protocolVersion: versions.next }, subscriber),
      ),

    subscribe$: (requests, identifier) =>
      sendPacket$({
        encode: (to, id) =>
          writeSubscribe(to, { packetId: id, identifier, subscriptions: requests }, versionOf(current)),
        success: requests.map(({ qos }) => qos),
      }),

    unsubscribe$: (filters) =>
      sendPacket$({
        encode: (to, id) => writeUnsubscribe(to, { packetId: id, filters }, versionOf(current)),
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

/** Returns the protocol version of the connection that a packet is written for. */
function versionOf(connection: Connection | undefined): 4 | 5 {
  return connection?.protocolVersion ?? 5
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
