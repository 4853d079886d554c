import { AntiphonError } from '@antiphon/core'
import type { TransportEvent } from '@antiphon/core/link'
import type { IConnackPacket, IDisconnectPacket, MqttClient, Packet } from 'mqtt'
import { AsyncSubject, type SchedulerLike, type Subscriber, takeUntil, timer } from 'rxjs'
import { decodeAnswer, decodePublish } from './decode.js'
import { Framer, type PacketPlace } from './framer.js'
import { oneTimeClient, type PacketSink } from './one-time-client.js'
import type { ClientOptions } from './client-options.js'
import {
  connectionEnded,
  connectionLost,
  connectionRefused,
  isUnreachable,
  type Progress,
} from './connection-errors.js'
import { toGrant } from './grant.js'
import { Incoming } from './incoming.js'
import type { PacketBytes } from './packet-bytes.js'
import type { AwaitingPacket } from './packet-table.js'
import { PacketWriter } from './packet-writer.js'
import { mayRefuseMessage } from './may-refuse-message.js'
import type { Session } from './session.js'

/** What a connection works with. */
export interface ConnectionParts {
  /** The broker, as errors name it. */
  readonly address: string
  readonly options: ClientOptions
  readonly session: Session
  readonly scheduler: SchedulerLike
  readonly subscriber: Subscriber<TransportEvent>
}

/** A packet that the broker answers with reason codes. */
export interface Request {
  readonly encode: (to: PacketBytes, id: number) => void
  /** What stands for an answer that names none, as UNSUBACK of 3.1.1. */
  readonly success: readonly number[]
  readonly subscriber: Subscriber<readonly number[]>
}

/** A request that was sent, on this connection and no other. */
class Asked implements AwaitingPacket {
  readonly id: number
  readonly request: Request
  readonly connection: Connection

  constructor(id: number, request: Request, connection: Connection) {
    this.id = id
    this.request = request
    this.connection = connection
  }
}

/** Milliseconds a farewell may take before the socket is closed without it. */
const farewellLimit = 1_000

/** One connection: an MQTT.js client from its CONNECT to the end of its socket. */
export class Connection {
  /** Completes when the socket is gone. */
  readonly closed$: AsyncSubject<never> = new AsyncSubject<never>()
  readonly writer: PacketWriter
  readonly #parts: ConnectionParts
  readonly #client: MqttClient
  readonly #incoming: Incoming
  readonly #framer: Framer
  /** Where MQTT.js takes the packets that are for it. */
  #rest: PacketSink | undefined
  #stage: 'connecting' | 'online' | 'farewell' | 'closed' = 'connecting'
  #wasAccepted = false
  #refusal: AntiphonError | undefined
  #ending: IDisconnectPacket | undefined
  #cause: unknown

  /** Connects; throws what MQTT.js throws when it cannot even begin. */
  constructor(parts: ConnectionParts) {
    this.#parts = parts
    const { properties } = parts.options
    this.#framer = new Framer(properties?.maximumPacketSize ?? Infinity, (bytes, place) =>
      this.#take(bytes, place),
    )
    this.#client = oneTimeClient(parts.options, (chunk, rest) => {
      this.#rest = rest
      this.#attempt(() => this.#framer.append(chunk))
    })
    this.#client.connect()
    const { stream } = this.#client
    sendWithoutDelay(stream as object)
    // MQTT.js keeps some errors of the stream to itself.
    stream.on('error', (error: unknown) => this.#fail(error))
    this.#client.on('error', (error) => this.#fail(error))
    this.#client.on('packetreceive', (packet) => this.#receive(packet))
    this.#client.on('connect', (packet) => this.#accept(packet))
    this.#client.on('close', () => this.#close())
    this.writer = new PacketWriter(stream)
    this.#incoming = new Incoming({
      writer: this.writer,
      handled: parts.session.handled,
      topicAliasMaximum: properties?.topicAliasMaximum ?? 0,
    })
  }

  get isOnline(): boolean {
    return this.#stage === 'online'
  }

  get protocolVersion(): 4 | 5 {
    return this.#parts.options.protocolVersion
  }

  request(request: Request): void {
    const { packets } = this.#parts.session
    const id = packets.nextId()
    if (id === undefined) {
      request.subscriber.error(new AntiphonError('overflow', 'all 65 535 packet identifiers are in use'))
      return
    }
    packets.add(new Asked(id, request, this))
    request.encode(this.writer.block, id)
    this.writer.queued()
  }

  /** Sends DISCONNECT, ending the session where `endSession`, and closes; without delay where there is no one to tell. */
  farewell(endSession: boolean): void {
    if (this.#stage !== 'online') {
      this.drop()
      return
    }
    this.#stage = 'farewell'
    this.writer.flush()
    const properties = endSession ? { properties: { sessionExpiryInterval: 0 } } : {}
    this.#client.end(false, this.protocolVersion === 5 ? { reasonCode: 0, ...properties } : {})
    timer(farewellLimit, this.#parts.scheduler)
      .pipe(takeUntil(this.closed$))
      .subscribe(() => this.#client.stream.destroy())
  }

  /** Closes the socket without a word. */
  drop(): void {
    if (this.#stage === 'closed') return
    this.#stage = 'farewell'
    this.#parts.session.outgoing.disconnected(this.writer)
    this.#client.end(true)
    this.#abandonRequests()
  }

  /** Messages and what acknowledges them are ours; all else is for MQTT.js. */
  #take(bytes: Uint8Array, place: PacketPlace): void {
    if (this.#isLeaving) return
    const { first, start, end } = place
    switch (first) {
      case 0x20:
        // What follows belongs to a connection that stands, and MQTT.js takes its time to say that it does.
        if (this.#stage === 'connecting') this.#framer.hold()
        break
      case 0x40:
        return this.#parts.session.outgoing.answered(decodeAnswer(bytes, place, 'puback'))
      case 0x50:
        return this.#parts.session.outgoing.answered(decodeAnswer(bytes, place, 'pubrec'))
      case 0x70:
        return this.#parts.session.outgoing.answered(decodeAnswer(bytes, place, 'pubcomp'))
      case 0x62:
        return this.#incoming.release(decodeAnswer(bytes, place, 'pubrel').id)
      default:
        if (first >> 4 === 3) return this.#arrive(bytes, place)
    }
    this.#rest?.write(bytes.subarray(start, end))
  }

  /** What MQTT.js has read. */
  #receive(packet: Packet): void {
    if (this.#isLeaving) return
    switch (packet.cmd) {
      case 'connack':
        if (codeOf(packet) !== 0) this.#refusal = connectionRefused(this.#parts.address, packet)
        break
      case 'suback':
      case 'unsuback':
        this.#answer(packet.messageId ?? 0, packet.granted as readonly number[] | undefined)
        break
      case 'disconnect':
        this.#ending = packet
        this.#client.stream.destroy()
        break
      default:
    }
  }

  #accept(packet: IConnackPacket): void {
    if (this.#stage !== 'connecting') return
    const { options, session, subscriber } = this.#parts
    const grant = toGrant(packet, options.protocolVersion, options.clientId)
    const { protocolVersion, receiveMaximum } = grant
    this.#stage = 'online'
    this.#wasAccepted = true
    session.clientId = grant.clientId
    session.hasBegun = true
    if (grant.sessionPresent)
      session.outgoing.resume({ writer: this.writer, protocolVersion, receiveMaximum })
    else {
      session.handled.clear()
      session.outgoing.begin({ writer: this.writer, protocolVersion, receiveMaximum })
    }
    subscriber.next({ type: 'online', grant })
    this.#attempt(() => this.#framer.release())
  }

  #arrive(bytes: Uint8Array, place: PacketPlace): void {
    const event = this.#incoming.publish(decodePublish(bytes, place, this.protocolVersion))
    if (event !== undefined) this.#parts.subscriber.next(event)
  }

  #attempt(reading: () => void): void {
    try {
      reading()
    } catch (error) {
      this.#fail(error)
    }
  }

  get #isLeaving(): boolean {
    return this.#stage === 'farewell' || this.#stage === 'closed'
  }

  #answer(id: number, codes: readonly number[] | undefined): void {
    const { packets } = this.#parts.session
    const asked = packets.get(id)
    if (!(asked instanceof Asked) || asked.connection !== this) return
    packets.remove(asked)
    const { subscriber, success } = asked.request
    subscriber.next(codes ?? success)
    subscriber.complete()
  }

  /** Whatever went wrong, a malformed packet included [MQTT-4.13.1-1], the connection is of no use any more. */
  #fail(error: unknown): void {
    this.#cause ??= error
    this.#client.stream.destroy()
  }

  #close(): void {
    if (this.#stage === 'closed') return
    const { session, subscriber } = this.#parts
    const isOurs = this.#stage === 'farewell'
    const progress = this.#progress()
    this.#stage = 'closed'
    this.writer.close()
    // In a session that has begun unseen, the broker's packet identifiers begin anew.
    if (progress === 'begun') session.handled.clear()
    const isRefusal =
      !isOurs && progress === 'online' && mayRefuseMessage(this.#ending?.reasonCode, this.#cause)
    const tellRefused = session.outgoing.disconnected(this.writer, isRefusal, this.#ending?.reasonCode)
    if (isOurs) subscriber.complete()
    else subscriber.error(this.#reason(progress))
    this.#abandonRequests()
    tellRefused?.()
    this.closed$.complete()
  }

  #progress(): Progress {
    if (this.#wasAccepted) return 'online'
    return this.#refusal !== undefined || isUnreachable(this.#cause) ? 'none' : 'begun'
  }

  #reason(progress: Progress): AntiphonError {
    const { address } = this.#parts
    if (this.#refusal !== undefined) return this.#refusal
    if (this.#ending !== undefined) return connectionEnded(address, this.#ending)
    return connectionLost(address, progress, this.#cause)
  }

  #abandonRequests(): void {
    const { packets } = this.#parts.session
    const abandoned = packets.all
      .filter((packet) => packet instanceof Asked)
      .filter(({ connection }) => connection === this)
    for (const asked of abandoned) packets.remove(asked)
    for (const { request } of abandoned) {
      request.subscriber.error(
        new AntiphonError('connection-lost', 'the connection went away before the broker answered'),
      )
    }
  }
}

function codeOf({ reasonCode, returnCode }: IConnackPacket): number {
  return reasonCode ?? returnCode ?? 0
}

/** Small packets one after the other would each wait for the acknowledgement of TCP: up to 40 ms. */
function sendWithoutDelay(stream: { readonly setNoDelay?: (isOn: boolean) => unknown }): void {
  stream.setNoDelay?.(true)
}
