import type { AntiphonError } from '@antiphon/core'
import type { TransportEvent } from '@antiphon/core/link'
import {
  encodeAuth,
  type Framer,
  PacketType,
  protocolError,
  readAcknowledgement,
  readAuth,
  readPublish,
} from '@antiphon/packet'
import type { IConnackPacket, IDisconnectPacket, MqttClient, Packet } from 'mqtt'
import { AsyncSubject, type SchedulerLike, type Subscriber, timer } from 'rxjs'
import { openStream } from '#streams'
import type { Address } from './address.js'
import { Authenticator, type BegunAuthentication } from './authentication.js'
import type { ClientOptions } from './client-options.js'
import { ClientStream, connectClient } from './client-stream.js'
import {
  connectionEnded,
  connectionLost,
  connectionRefused,
  isUnreachable,
  notMqtt,
  type ConnectProgress,
} from './connection-errors.js'
import { toConnectionInfo } from './connection-info.js'
import { InboundMessages } from './inbound-messages.js'
import { InboundPackets } from './inbound-packets.js'
import { mayRefuseMessage } from './may-refuse-message.js'
import { PacketWriter } from './packet-writer.js'
import type { Session } from './session.js'
import type { ByteStream, StreamOptions } from './streams/byte-stream.js'
import { SubscriptionPackets } from './subscription-packets.js'

/** What a connection is created from. */
export interface ConnectionParts {
  readonly address: Address
  readonly streamOptions: StreamOptions
  readonly clientOptions: ClientOptions
  readonly session: Session
  /** Whether `disconnect` will end the session, because no option requests a persistent one. */
  readonly endsSession: boolean
  /** The enhanced authentication, begun for this connection. */
  readonly authentication: BegunAuthentication | undefined
  readonly scheduler: SchedulerLike
  readonly subscriber: Subscriber<TransportEvent>
}

/** Milliseconds after which the socket is destroyed if DISCONNECT could not be written. */
const disconnectTimeout = 1_000

/** One connection to the broker: an MQTT.js client from CONNECT until its socket closes. */
export class Connection {
  /** Completes when the socket has closed. */
  readonly closed$: AsyncSubject<never> = new AsyncSubject<never>()
  readonly writer: PacketWriter
  readonly subscriptions: SubscriptionPackets
  readonly #parts: ConnectionParts
  readonly #stream: ByteStream
  /** The stream of MQTT.js, for the packets that are not read here. */
  readonly #clientStream: ClientStream
  readonly #client: MqttClient
  readonly #inbound: InboundMessages
  readonly #packets: InboundPackets
  readonly #authenticator: Authenticator | undefined
  #stage: 'connecting' | 'online' | 'disconnecting' | 'closed' = 'connecting'
  #wasAccepted = false
  #refusal: AntiphonError | undefined
  #disconnectPacket: IDisconnectPacket | undefined
  #cause: unknown
  /** What to check about the cause. */
  #hint: string | undefined
  #hasReceived = false

  /** Connects; throws if the stream cannot start to open. */
  constructor(parts: ConnectionParts) {
    this.#parts = parts
    const { address, streamOptions, clientOptions, session, authentication } = parts
    const { properties } = clientOptions
    this.#packets = new InboundPackets(properties?.maximumPacketSize ?? Infinity, (framer) =>
      this.#dispatch(framer),
    )
    this.#stream = openStream(address, streamOptions, {
      onData: (chunk) => this.#failOnThrow(() => this.#receive(chunk)),
      onDrain: () => this.writer.resume(),
      onError: (error, hint) => this.#fail(error, hint),
      onClose: () => this.#close(),
    })
    this.writer = new PacketWriter(this.#stream)
    this.subscriptions = new SubscriptionPackets(session.packets, this.writer)
    this.#inbound = new InboundMessages({
      writer: this.writer,
      unreleased: session.unreleased,
      topicAliasMaximum: properties?.topicAliasMaximum ?? 0,
    })
    this.#authenticator = authentication && this.#createAuthenticator(authentication)
    this.#clientStream = new ClientStream({
      write: (bytes) => this.writer.append(bytes),
      end: () => {
        this.writer.flush()
        this.#stream.end()
      },
      destroy: (error) => this.#fail(error),
    })
    this.#client = connectClient(this.#clientStream, clientOptions)
    this.#client.on('error', (error) => this.#fail(error))
    this.#client.on('packetreceive', (packet) => this.#receiveParsed(packet))
    this.#client.on('connect', (packet) => this.#accept(packet))
  }

  #createAuthenticator(authentication: BegunAuthentication): Authenticator {
    const { scheduler, clientOptions } = this.#parts
    return new Authenticator({
      authentication,
      scheduler,
      timeout: clientOptions.connectTimeout ?? Infinity,
      send: (reasonCode, data) => this.writer.append(encodeAuth(reasonCode, authentication.method, data)),
      onFailed: (error) => this.#fail(error),
    })
  }

  get isOnline(): boolean {
    return this.#stage === 'online'
  }

  get protocolVersion(): 4 | 5 {
    return this.#parts.clientOptions.protocolVersion
  }

  /** Sends DISCONNECT, with Session Expiry Interval 0 if `endSession`, and closes. If not online, only closes the socket. */
  disconnect(endSession: boolean): void {
    if (this.#stage === 'connecting') this.drop()
    if (this.#stage !== 'online') return
    this.#stage = 'disconnecting'
    this.writer.flush()
    const properties = endSession ? { properties: { sessionExpiryInterval: 0 } } : {}
    this.#client.end(false, this.protocolVersion === 5 ? { reasonCode: 0, ...properties } : {})
    const timeout = timer(disconnectTimeout, this.#parts.scheduler).subscribe(() => this.#stream.destroy())
    this.closed$.subscribe({ complete: () => timeout.unsubscribe() })
  }

  /** Closes the socket without DISCONNECT. */
  drop(): void {
    if (this.#stage === 'closed') return
    this.#stage = 'disconnecting'
    this.#parts.session.outbound.disconnected(this.writer)
    this.#client.end(true)
    this.subscriptions.abandon()
  }

  #receive(chunk: Uint8Array): void {
    const isChallenge = chunk[0] === PacketType.auth && this.#authenticator !== undefined
    if (!this.#hasReceived && chunk[0] !== PacketType.connack && !isChallenge)
      return this.#fail(notMqtt(chunk), 'check the port and the protocol of the URL')
    this.#hasReceived = true
    this.#packets.append(chunk)
  }

  /** Handles PUBLISH and its acknowledgements; passes all other packets to MQTT.js. */
  #dispatch(framer: Framer): void {
    if (this.#isClosing) return
    const { firstByte, body } = framer
    const { outbound } = this.#parts.session
    switch (firstByte) {
      case PacketType.connack:
        if (this.#stage === 'online') throw protocolError('the broker sent a second CONNACK [MQTT-3.2.0-2]')
        // MQTT.js emits `connect` asynchronously. Packets that follow CONNACK must wait until `#accept` has run.
        this.#packets.pause()
        break
      case PacketType.puback:
      case PacketType.pubrec:
      case PacketType.pubcomp:
        return outbound.acknowledge(firstByte, readAcknowledgement(firstByte, body, this.protocolVersion))
      case PacketType.auth:
        if (this.#authenticator === undefined)
          throw protocolError('the broker sent AUTH without an authentication [MQTT-4.12.0-6]')
        return this.#authenticator.receive(readAuth(body))
      case PacketType.pubrel:
        return this.#inbound.release(readAcknowledgement(firstByte, body, this.protocolVersion).packetId)
      default:
        if (firstByte >> 4 === 3) return this.#receivePublish(framer)
    }
    this.#clientStream.deliver(framer.packet)
  }

  /** Handles a packet that MQTT.js has parsed. */
  #receiveParsed(packet: Packet): void {
    if (this.#isClosing) return
    switch (packet.cmd) {
      case 'connack':
        if (reasonCodeOf(packet) !== 0) this.#refusal = connectionRefused(this.#parts.address.text, packet)
        else this.#failOnThrow(() => this.#authenticator?.complete(packet.properties?.authenticationData))
        this.#useServerKeepAlive(packet)
        break
      case 'suback':
      case 'unsuback':
        this.subscriptions.acknowledge(packet.messageId ?? 0, packet.granted as readonly number[] | undefined)
        break
      case 'disconnect':
        this.#disconnectPacket = packet
        this.#stream.destroy()
        break
      default:
    }
  }

  /** MQTT.js ignores the Server Keep Alive if its own is 0 [MQTT-3.1.2-21]. It starts the keepalive after this event. */
  #useServerKeepAlive({ properties }: IConnackPacket): void {
    if (properties?.serverKeepAlive !== undefined) this.#client.options.keepalive = properties.serverKeepAlive
  }

  #accept(packet: IConnackPacket): void {
    if (this.#stage !== 'connecting' || this.#cause !== undefined) return
    const { clientOptions, session, endsSession, subscriber } = this.#parts
    const info = toConnectionInfo(packet, clientOptions, endsSession)
    const { protocolVersion } = info
    this.#stage = 'online'
    this.#wasAccepted = true
    session.clientId = info.clientId
    session.isEstablished = true
    if (info.sessionPresent) session.outbound.resume({ writer: this.writer, protocolVersion })
    else {
      session.unreleased.clear()
      session.outbound.restart({ writer: this.writer, protocolVersion })
    }
    subscriber.next({ type: 'online', info })
    this.#failOnThrow(() => this.#packets.resume())
  }

  #receivePublish({ firstByte, body }: Framer): void {
    const event = this.#inbound.publish(readPublish(firstByte, body, this.protocolVersion))
    if (event !== undefined) this.#parts.subscriber.next(event)
  }

  #failOnThrow(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#fail(error)
    }
  }

  get #isClosing(): boolean {
    return this.#stage === 'disconnecting' || this.#stage === 'closed'
  }

  /** Closes the connection on any error, including a malformed packet [MQTT-4.13.1-1]. */
  #fail(error: unknown, hint?: string): void {
    if (this.#cause === undefined) this.#hint = hint
    this.#cause ??= error
    this.#stream.destroy()
  }

  #close(): void {
    if (this.#stage === 'closed') return
    const { session, subscriber } = this.#parts
    const isRequested = this.#stage === 'disconnecting'
    const progress = this.#progress()
    this.#stage = 'closed'
    this.#authenticator?.close()
    this.#clientStream.close()
    this.writer.close()
    // The broker may have started a new session, in which the same Packet Identifiers belong to other messages.
    if (progress === 'connect-sent') session.unreleased.clear()
    session.outbound.disconnected(this.writer)
    if (isRequested) subscriber.complete()
    else {
      const { reasonCode } = this.#disconnectPacket ?? {}
      if (progress === 'online' && mayRefuseMessage(this.protocolVersion, reasonCode, this.#cause))
        subscriber.next({ type: 'closing', ...(reasonCode !== undefined && { reasonCode }) })
      subscriber.error(this.#closeError(progress))
    }
    this.subscriptions.abandon()
    this.closed$.complete()
  }

  #progress(): ConnectProgress {
    if (this.#wasAccepted) return 'online'
    return this.#refusal !== undefined || isUnreachable(this.#cause) ? 'unreached' : 'connect-sent'
  }

  #closeError(progress: ConnectProgress): AntiphonError {
    const { text: address } = this.#parts.address
    if (this.#refusal !== undefined) return this.#refusal
    if (this.#disconnectPacket !== undefined) return connectionEnded(address, this.#disconnectPacket)
    return connectionLost(address, progress, this.#cause, this.#hint)
  }
}

function reasonCodeOf({ reasonCode, returnCode }: IConnackPacket): number {
  return reasonCode ?? returnCode ?? 0
}
