import { AntiphonError } from '@antiphon/core'
import type { TransportEvent } from '@antiphon/core/link'
import { type ByteWriter, type Framer, PacketType, readAcknowledgement, readPublish } from '@antiphon/packet'
import type { IConnackPacket, IDisconnectPacket, MqttClient, Packet } from 'mqtt'
import { AsyncSubject, type SchedulerLike, type Subscriber, takeUntil, timer } from 'rxjs'
import { oneTimeClient, type PacketSink } from './one-time-client.js'
import type { ClientOptions } from './client-options.js'
import {
  connectionEnded,
  connectionLost,
  connectionRefused,
  isUnreachable,
  type ConnectProgress,
} from './connection-errors.js'
import { toConnectionInfo } from './connection-info.js'
import { InboundMessages } from './inbound-messages.js'
import { InboundPackets } from './inbound-packets.js'
import type { UnacknowledgedPacket } from './packet-table.js'
import { PacketWriter } from './packet-writer.js'
import { mayRefuseMessage } from './may-refuse-message.js'
import type { Session } from './session.js'

/** What a connection is created from. */
export interface ConnectionParts {
  /** The broker, as errors name it. */
  readonly address: string
  readonly options: ClientOptions
  readonly session: Session
  /** Whether `disconnect` will end the session, because no option requests a persistent one. */
  readonly endsSession: boolean
  readonly scheduler: SchedulerLike
  readonly subscriber: Subscriber<TransportEvent>
}

/** A SUBSCRIBE or UNSUBSCRIBE packet to send; the broker answers it with reason codes. */
export interface SubscriptionPacket {
  readonly encode: (to: ByteWriter, id: number) => void
  /** The reason codes to emit if the acknowledgement carries none, as UNSUBACK on 3.1.1. */
  readonly success: readonly number[]
  /** Receives the reason codes. */
  readonly subscriber: Subscriber<readonly number[]>
}

/** A SUBSCRIBE or UNSUBSCRIBE that was sent on `connection` and is not acknowledged yet. */
class SentSubscriptionPacket implements UnacknowledgedPacket {
  readonly id: number
  readonly packet: SubscriptionPacket
  readonly connection: Connection

  constructor(id: number, packet: SubscriptionPacket, connection: Connection) {
    this.id = id
    this.packet = packet
    this.connection = connection
  }
}

/** Milliseconds after which the socket is destroyed if DISCONNECT could not be written. */
const disconnectTimeout = 1_000

/** One connection to the broker: an MQTT.js client from CONNECT until its socket closes. */
export class Connection {
  /** Completes when the socket has closed. */
  readonly closed$: AsyncSubject<never> = new AsyncSubject<never>()
  readonly writer: PacketWriter
  readonly #parts: ConnectionParts
  readonly #client: MqttClient
  readonly #inbound: InboundMessages
  readonly #packets: InboundPackets
  /** The parser of MQTT.js, for the packets that are not read here. */
  #parser: PacketSink | undefined
  #stage: 'connecting' | 'online' | 'disconnecting' | 'closed' = 'connecting'
  #wasAccepted = false
  #refusal: AntiphonError | undefined
  #disconnectPacket: IDisconnectPacket | undefined
  #cause: unknown

  /** Connects; throws if MQTT.js cannot start the attempt. */
  constructor(parts: ConnectionParts) {
    this.#parts = parts
    const { properties } = parts.options
    this.#packets = new InboundPackets(properties?.maximumPacketSize ?? Infinity, (framer) =>
      this.#dispatch(framer),
    )
    this.#client = oneTimeClient(parts.options, (chunk, parser) => {
      this.#parser = parser
      this.#failOnThrow(() => this.#packets.append(chunk))
    })
    this.#client.connect()
    const { stream } = this.#client
    sendWithoutDelay(stream as object)
    // MQTT.js does not re-emit every error of its stream.
    stream.on('error', (error: unknown) => this.#fail(error))
    this.#client.on('error', (error) => this.#fail(error))
    this.#client.on('packetreceive', (packet) => this.#receiveParsed(packet))
    this.#client.on('connect', (packet) => this.#accept(packet))
    this.#client.on('close', () => this.#close())
    this.writer = new PacketWriter(stream)
    this.#inbound = new InboundMessages({
      writer: this.writer,
      unreleased: parts.session.unreleased,
      topicAliasMaximum: properties?.topicAliasMaximum ?? 0,
    })
  }

  get isOnline(): boolean {
    return this.#stage === 'online'
  }

  get protocolVersion(): 4 | 5 {
    return this.#parts.options.protocolVersion
  }

  send(packet: SubscriptionPacket): void {
    const { packets } = this.#parts.session
    const id = packets.nextId()
    if (id === undefined) {
      packet.subscriber.error(
        new AntiphonError(
          'overflow',
          'cannot send the packet: all 65 535 Packet Identifiers are in use; wait for acknowledgements',
        ),
      )
      return
    }
    packets.add(new SentSubscriptionPacket(id, packet, this))
    packet.encode(this.writer.block, id)
    this.writer.commit()
  }

  /** Sends DISCONNECT, with Session Expiry Interval 0 if `endSession`, and closes. If not online, only closes the socket. */
  disconnect(endSession: boolean): void {
    if (this.#stage !== 'online') {
      this.drop()
      return
    }
    this.#stage = 'disconnecting'
    this.writer.flush()
    const properties = endSession ? { properties: { sessionExpiryInterval: 0 } } : {}
    this.#client.end(false, this.protocolVersion === 5 ? { reasonCode: 0, ...properties } : {})
    timer(disconnectTimeout, this.#parts.scheduler)
      .pipe(takeUntil(this.closed$))
      .subscribe(() => this.#client.stream.destroy())
  }

  /** Closes the socket without DISCONNECT. */
  drop(): void {
    if (this.#stage === 'closed') return
    this.#stage = 'disconnecting'
    this.#parts.session.outbound.disconnected(this.writer)
    this.#client.end(true)
    this.#abandonRequests()
  }

  /** Handles PUBLISH and its acknowledgements; passes all other packets to MQTT.js. */
  #dispatch(framer: Framer): void {
    if (this.#isClosing) return
    const { firstByte, body } = framer
    const { outbound } = this.#parts.session
    switch (firstByte) {
      case PacketType.connack:
        // MQTT.js emits `connect` asynchronously. Packets that follow CONNACK must wait until `#accept` has run.
        if (this.#stage === 'connecting') this.#packets.pause()
        break
      case PacketType.puback:
      case PacketType.pubrec:
      case PacketType.pubcomp:
        return outbound.acknowledge(firstByte, readAcknowledgement(firstByte, body, this.protocolVersion))
      case PacketType.pubrel:
        return this.#inbound.release(readAcknowledgement(firstByte, body, this.protocolVersion).packetId)
      default:
        if (firstByte >> 4 === 3) return this.#receivePublish(framer)
    }
    this.#parser?.write(framer.packet)
  }

  /** Handles a packet that MQTT.js has parsed. */
  #receiveParsed(packet: Packet): void {
    if (this.#isClosing) return
    switch (packet.cmd) {
      case 'connack':
        if (reasonCodeOf(packet) !== 0) this.#refusal = connectionRefused(this.#parts.address, packet)
        break
      case 'suback':
      case 'unsuback':
        this.#settle(packet.messageId ?? 0, packet.granted as readonly number[] | undefined)
        break
      case 'disconnect':
        this.#disconnectPacket = packet
        this.#client.stream.destroy()
        break
      default:
    }
  }

  #accept(packet: IConnackPacket): void {
    if (this.#stage !== 'connecting') return
    const { options, session, endsSession, subscriber } = this.#parts
    const info = toConnectionInfo(packet, options, endsSession)
    const { protocolVersion, receiveMaximum } = info
    this.#stage = 'online'
    this.#wasAccepted = true
    session.clientId = info.clientId
    session.isEstablished = true
    if (info.sessionPresent) session.outbound.resume({ writer: this.writer, protocolVersion, receiveMaximum })
    else {
      session.unreleased.clear()
      session.outbound.restart({ writer: this.writer, protocolVersion, receiveMaximum })
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

  #settle(id: number, codes: readonly number[] | undefined): void {
    const { packets } = this.#parts.session
    const sent = packets.get(id)
    if (!(sent instanceof SentSubscriptionPacket) || sent.connection !== this) return
    packets.remove(sent)
    const { subscriber, success } = sent.packet
    subscriber.next(codes ?? success)
    subscriber.complete()
  }

  /** Closes the connection on any error, including a malformed packet [MQTT-4.13.1-1]. */
  #fail(error: unknown): void {
    this.#cause ??= error
    this.#client.stream.destroy()
  }

  #close(): void {
    if (this.#stage === 'closed') return
    const { session, subscriber } = this.#parts
    const isRequested = this.#stage === 'disconnecting'
    const progress = this.#progress()
    this.#stage = 'closed'
    this.writer.close()
    // The broker may have started a new session, in which the same Packet Identifiers belong to other messages.
    if (progress === 'connect-sent') session.unreleased.clear()
    const isRefusal =
      !isRequested &&
      progress === 'online' &&
      mayRefuseMessage(this.#disconnectPacket?.reasonCode, this.#cause)
    const reportRefusal = session.outbound.disconnected(
      this.writer,
      isRefusal,
      this.#disconnectPacket?.reasonCode,
    )
    if (isRequested) subscriber.complete()
    else subscriber.error(this.#closeError(progress))
    this.#abandonRequests()
    reportRefusal?.()
    this.closed$.complete()
  }

  #progress(): ConnectProgress {
    if (this.#wasAccepted) return 'online'
    return this.#refusal !== undefined || isUnreachable(this.#cause) ? 'unreached' : 'connect-sent'
  }

  #closeError(progress: ConnectProgress): AntiphonError {
    const { address } = this.#parts
    if (this.#refusal !== undefined) return this.#refusal
    if (this.#disconnectPacket !== undefined) return connectionEnded(address, this.#disconnectPacket)
    return connectionLost(address, progress, this.#cause)
  }

  #abandonRequests(): void {
    const { packets } = this.#parts.session
    const pending = packets.all
      .filter((packet) => packet instanceof SentSubscriptionPacket)
      .filter(({ connection }) => connection === this)
    for (const sent of pending) packets.remove(sent)
    for (const { packet } of pending) {
      packet.subscriber.error(
        new AntiphonError(
          'connection-lost',
          'the connection closed before the broker sent SUBACK or UNSUBACK',
        ),
      )
    }
  }
}

function reasonCodeOf({ reasonCode, returnCode }: IConnackPacket): number {
  return reasonCode ?? returnCode ?? 0
}

/** Disables Nagle's algorithm, which delays a small packet until the previous one is acknowledged: up to 40 ms. */
function sendWithoutDelay(stream: { readonly setNoDelay?: (isOn: boolean) => unknown }): void {
  stream.setNoDelay?.(true)
}
