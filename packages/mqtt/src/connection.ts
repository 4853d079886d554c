import type { AntiphonError } from '@antiphon/core'
import {
  encodeAuth,
  type Framer,
  PacketError,
  PacketType,
  protocolError,
  readAcknowledgement,
  readAuth,
  readPublish,
} from '@antiphon/packet'
import { AsyncSubject, timer } from 'rxjs'
import { Authenticator, type BegunAuthentication } from './authentication.js'
import {
  connectionEnded,
  connectionLost,
  connectionRefused,
  isUnreachable,
  notMqtt,
  type ConnectProgress,
} from './connection-errors.js'
import { toConnectionInfo } from './connection-info.js'
import type { ConnectionParts } from './connection-parts.js'
import type { Connack, ControlClient, Disconnect } from './control-client.js'
import { InboundMessages } from './inbound-messages.js'
import { InboundPackets } from './inbound-packets.js'
import { mayRefuseMessage } from './may-refuse-message.js'
import { PacketWriter } from './packet-writer.js'
import type { ByteStream } from './streams/byte-stream.js'
import { SubscriptionPackets } from './subscription-packets.js'

/** Milliseconds after which the socket is destroyed if DISCONNECT could not be written. */
const disconnectTimeout = 1_000

/** One connection to the broker, from CONNECT until its socket closes. */
export class Connection {
  /** Completes when the socket has closed. */
  readonly closed$: AsyncSubject<never> = new AsyncSubject<never>()
  readonly writer: PacketWriter
  readonly subscriptions: SubscriptionPackets
  readonly #parts: ConnectionParts
  readonly #stream: ByteStream
  /** Reads the packets that are not read here. */
  readonly #client: ControlClient
  readonly #inbound: InboundMessages
  readonly #packets: InboundPackets
  readonly #authenticator: Authenticator | undefined
  #stage: 'connecting' | 'online' | 'disconnecting' | 'closed' = 'connecting'
  #wasAccepted = false
  #refusal: AntiphonError | undefined
  #disconnectPacket: Disconnect | undefined
  #serverReference: string | undefined
  #cause: unknown
  /** What to check about the cause. */
  #hint: string | undefined
  #receivedChunks = 0

  /** Connects; throws if the stream cannot start to open. */
  constructor(parts: ConnectionParts) {
    this.#parts = parts
    const { connect, protocolVersion, session, scheduler } = parts
    const { maximumPacketSize = Infinity, topicAliasMaximum = 0 } = connect.properties
    this.#packets = new InboundPackets(maximumPacketSize, (framer) => this.#dispatch(framer))
    const stream = (this.#stream = parts.openStream({
      onData: (chunk) => this.#failOnThrow(() => this.#receive(chunk)),
      onDrain: () => this.writer.resume(),
      onError: (error, hint) => this.#fail(error, hint),
      onClose: () => this.#close(),
    }))
    const writer = (this.writer = new PacketWriter(stream))
    this.subscriptions = new SubscriptionPackets(session.packets, writer)
    this.#inbound = new InboundMessages({ writer, unreleased: session.unreleased, topicAliasMaximum })
    const { authentication } = parts
    this.#authenticator = authentication && this.#createAuthenticator(authentication)
    this.#client = parts.openClient({
      ...{ connect, protocolVersion, writer, stream, scheduler },
      receivedChunks: () => this.#receivedChunks,
      events: {
        onConnack: (packet) => this.#receiveConnack(packet),
        onSubscriptionAck: (id, codes) => this.subscriptions.acknowledge(id, codes),
        onDisconnect: (packet) => {
          this.#disconnectPacket = packet
          this.#serverReference = packet.properties.serverReference
          stream.destroy()
        },
        onError: (error, hint) => this.#fail(error, hint),
      },
    })
  }

  #createAuthenticator(authentication: BegunAuthentication): Authenticator {
    const { scheduler, connectTimeout } = this.#parts
    return new Authenticator({
      authentication,
      scheduler,
      timeout: connectTimeout,
      send: (reasonCode, data) => this.writer.append(encodeAuth(reasonCode, authentication.method, data)),
      onFailed: (error) => this.#fail(error),
    })
  }

  get isOnline(): boolean {
    return this.#stage === 'online'
  }

  get protocolVersion(): 4 | 5 {
    return this.#parts.protocolVersion
  }

  /** Sends DISCONNECT, with Session Expiry Interval 0 if `endSession`, and closes. If not online, only closes the socket. */
  disconnect(endSession: boolean): void {
    if (this.#stage === 'connecting') this.drop()
    if (this.#stage !== 'online') return
    this.#stage = 'disconnecting'
    this.writer.flush()
    this.#client.disconnect(endSession)
    const timeout = timer(disconnectTimeout, this.#parts.scheduler).subscribe(() => this.#stream.destroy())
    this.closed$.subscribe({ complete: () => timeout.unsubscribe() })
  }

  /** Closes the socket without DISCONNECT. */
  drop(): void {
    if (this.#stage === 'closed') return
    this.#stage = 'disconnecting'
    this.#parts.session.outbound.disconnected(this.writer)
    this.#client.drop()
    this.subscriptions.abandon()
  }

  #receive(chunk: Uint8Array): void {
    // A WebSocket may have empty frames.
    if (chunk.length === 0) return
    const isChallenge = chunk[0] === PacketType.auth && this.#authenticator !== undefined
    if (this.#receivedChunks === 0 && chunk[0] !== PacketType.connack && !isChallenge)
      return this.#fail(notMqtt(chunk), 'check the port and the protocol of the URL')
    this.#receivedChunks += 1
    this.#packets.append(chunk)
  }

  /** Handles PUBLISH and its acknowledgements; passes all other packets to the client. */
  #dispatch(framer: Framer): void {
    if (this.#isClosing) return
    const { firstByte, body } = framer
    const { outbound } = this.#parts.session
    switch (firstByte) {
      case PacketType.connack:
        if (this.#stage === 'online') throw protocolError('the broker sent a second CONNACK [MQTT-3.2.0-2]')
        // The client may report CONNACK asynchronously. Packets that follow it must wait until `#accept` has run.
        this.#packets.pause()
        break
      case PacketType.puback:
      case PacketType.pubrec:
      case PacketType.pubcomp:
        return outbound.acknowledge(firstByte, readAcknowledgement(firstByte, body, this.protocolVersion))
      case PacketType.auth:
        if (this.#authenticator === undefined)
          throw protocolError(
            'the broker sent AUTH, although CONNECT has no Authentication Method [MQTT-4.12.0-6]',
          )
        return this.#authenticator.receive(readAuth(body))
      case PacketType.pubrel:
        return this.#inbound.release(readAcknowledgement(firstByte, body, this.protocolVersion).packetId)
      default:
        if (firstByte >> 4 === 3) return this.#receivePublish(framer)
    }
    this.#client.receive(framer)
  }

  #receiveConnack(packet: Connack): void {
    if (this.#stage !== 'connecting') return
    if (packet.reasonCode === 0) return this.#failOnThrow(() => this.#accept(packet))
    this.#refusal = connectionRefused(this.#parts.address.text, packet)
    this.#serverReference = packet.properties.serverReference
    this.#stream.destroy()
  }

  #accept(packet: Connack): void {
    this.#authenticator?.complete(packet.properties.authenticationData)
    const { connect, protocolVersion, session, endsSession, subscriber, onAccepted } = this.#parts
    const { redirectedTo } = this.#parts
    const info = toConnectionInfo(packet, { connect, protocolVersion, endsSession, redirectedTo })
    this.#stage = 'online'
    this.#wasAccepted = true
    session.clientId = info.clientId
    session.isEstablished = true
    if (info.sessionPresent) session.outbound.resume({ writer: this.writer, protocolVersion })
    else {
      session.unreleased.clear()
      session.outbound.restart({ writer: this.writer, protocolVersion })
    }
    onAccepted()
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
    if (error instanceof PacketError && this.#stage === 'online') this.#client.reject?.(error.reasonCode)
    this.#stream.destroy()
  }

  #close(): void {
    if (this.#stage === 'closed') return
    const { session, subscriber } = this.#parts
    const isRequested = this.#stage === 'disconnecting'
    const progress = this.#progress()
    this.#stage = 'closed'
    this.#authenticator?.close()
    this.#client.close()
    this.writer.close()
    // The broker may have started a new session, in which the same Packet Identifiers belong to other messages.
    if (progress === 'connect-sent') session.unreleased.clear()
    session.outbound.disconnected(this.writer)
    if (isRequested) subscriber.complete()
    else this.#reportFailure(progress)
    this.subscriptions.abandon()
    this.closed$.complete()
  }

  #reportFailure(progress: ConnectProgress): void {
    const { subscriber, onFailed } = this.#parts
    const error = onFailed({
      error: this.#closeError(progress),
      wasOnline: progress === 'online',
      serverReference: this.#serverReference,
    })
    if (error === undefined) return
    const { reasonCode } = this.#disconnectPacket ?? {}
    if (progress === 'online' && mayRefuseMessage(this.protocolVersion, reasonCode, this.#cause))
      subscriber.next({ type: 'closing', ...(reasonCode !== undefined && { reasonCode }) })
    subscriber.error(error)
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
