import { isSharedFilter } from '@antiphon/core/topic'
import {
  PacketType,
  malformed,
  protocolError,
  readAcknowledgement,
  readSubscribe,
  readUnsubscribe,
  type Framer,
  type SubscribePacket,
} from '@antiphon/packet'
import { isPromiseLike } from '../authority/hook-result.js'
import type { ClientInfo } from '../authority/authority.js'
import { HookQueue } from '../authority/hook-queue.js'
import type { Publisher } from '../authority/publisher.js'
import type { Engine } from '../engine/engine.js'
import type { ConnectRequest } from '../packet/connect.js'
import type { Session } from '../session/session.js'
import { subackPacket, unsubackPacket } from './control-packets.js'
import type { WriteBuffer } from './write-buffer.js'
import { PublishHandler } from './publish-handler.js'

/** The connection whose packets are handled. */
export interface PacketHandlerHost {
  readonly engine: Engine
  readonly framer: Framer<Buffer>
  readonly writeBuffer: WriteBuffer
  /** Sends a packet; one that exceeds the client's Maximum Packet Size ends the connection instead. */
  readonly send: (packet: Buffer) => void
  readonly disconnect: (reasonCode: number, text: string) => void
  /** Continues reading if it was paused. */
  readonly proceed: () => void
  /** Ends the connection with the reason code of an error. */
  readonly fail: (error: unknown) => void
  /** Whether the client is connected. */
  readonly isOpen: () => boolean
}

const dupFlag = 0x08
const pingresp = Buffer.from([PacketType.pingresp, 0])

/** The handler of the packets that a connected client sends, except CONNECT, DISCONNECT and AUTH. */
export class PacketHandler implements Publisher {
  readonly client: ClientInfo
  readonly hookQueue: HookQueue
  readonly disconnect: (reasonCode: number, text: string) => void
  readonly #host: PacketHandlerHost
  readonly #session: Session
  readonly #request: ConnectRequest
  readonly #publishHandler: PublishHandler
  /** Whether the hooks of a SUBSCRIBE or UNSUBSCRIBE are pending. */
  #isSubscribing = false

  constructor(host: PacketHandlerHost, session: Session, client: ClientInfo, request: ConnectRequest) {
    this.client = client
    this.disconnect = host.disconnect
    this.hookQueue = new HookQueue(host.engine.settings.limits.undecided, host.proceed)
    this.#host = host
    this.#session = session
    this.#request = request
    this.#publishHandler = new PublishHandler(host, session, request, this)
  }

  /** Whether reading must pause: while hooks are pending, or while the client does not read what it is sent. */
  get isPaused(): boolean {
    return (
      this.#isSubscribing ||
      this.hookQueue.isFull ||
      this.#host.writeBuffer.isFull ||
      this.#isAtReceiveMaximum
    )
  }

  /** MQTT 3.1.1 has no Receive Maximum, so that the broker enforces it by not reading. */
  get #isAtReceiveMaximum(): boolean {
    return this.#request.version === 4 && this.#publishHandler.isAtReceiveMaximum
  }

  /** Handles the packet at the framer. */
  handle(header: number): void {
    const { framer } = this.#host
    if ((header & 0xf0) === PacketType.publish) return this.#publishHandler.publish(header)
    // MQTT 3.1 has DUP in these packets too.
    const type = this.#request.isMqtt31 ? header & ~dupFlag : header
    switch (type) {
      case PacketType.puback:
      case PacketType.pubrec:
      case PacketType.pubrel:
      case PacketType.pubcomp:
        return this.#acknowledge(type)
      case PacketType.pingreq:
        if (framer.body.rest > 0) throw malformed('PINGREQ has a body')
        return this.#host.writeBuffer.append(pingresp) // [MQTT-3.12.4-1]
      case PacketType.subscribe:
        return this.#subscribe()
      case PacketType.unsubscribe:
        return this.#unsubscribe()
    }
    throw malformed(
      `the first byte of the packet is 0x${header.toString(16)}: a client may not send this [MQTT-2.1.3-1]`,
    )
  }

  #subscribe(): void {
    const { framer, engine, send, isOpen } = this.#host
    const { version } = this.#request
    const request = this.#asBridge(readSubscribe(framer.body, version))
    if (request.subscriptions.some(({ filter, noLocal }) => noLocal && isSharedFilter(filter))) {
      throw protocolError('No Local on a shared subscription [MQTT-3.8.3-4]')
    }
    this.#answer(
      engine.subscriptionHandler.subscribe(this.#session, this.client, request),
      ({ reasonCodes, replay }) => {
        if (!isOpen()) return
        send(subackPacket(version, request.packetId, reasonCodes)) // [MQTT-3.8.4-1]
        if (isOpen()) replay()
      },
    )
  }

  /** A bridge marks messages as retained where it received them so, and must not get back what it has published. */
  #asBridge(request: SubscribePacket): SubscribePacket {
    if (!this.#request.isBridge) return request
    const subscriptions = request.subscriptions.map((requested) => ({
      ...requested,
      noLocal: !isSharedFilter(requested.filter),
      retainAsPublished: true,
    }))
    return { ...request, subscriptions }
  }

  #unsubscribe(): void {
    const { framer, engine, send, isOpen } = this.#host
    const { version } = this.#request
    const request = readUnsubscribe(framer.body, version)
    this.#answer(
      engine.subscriptionHandler.unsubscribe(this.#session, this.client, request.filters),
      (reasonCodes) => {
        if (isOpen()) send(unsubackPacket(version, request.packetId, reasonCodes)) // [MQTT-3.10.4-4]
      },
    )
  }

  /** Sends the acknowledgement of a SUBSCRIBE or UNSUBSCRIBE when its hooks have answered and its outcome is durable. */
  #answer<T>(outcome: T | Promise<T>, send: (outcome: T) => void): void {
    const { engine, proceed, fail } = this.#host
    const finish = (result: T): void =>
      engine.subscriptionHandler.whenDurable(this.#session, () => send(result))
    if (!isPromiseLike(outcome)) return finish(outcome)
    this.#isSubscribing = true
    outcome
      .then((result) => {
        this.#isSubscribing = false
        finish(result)
        proceed()
      })
      .catch(fail)
  }

  #acknowledge(header: number): void {
    const { framer } = this.#host
    const { outbound } = this.#session
    const { packetId, reasonCode } = readAcknowledgement(header, framer.body, this.#request.version)
    switch (header) {
      case PacketType.puback:
        outbound.acknowledged(packetId, reasonCode)
        return
      case PacketType.pubrec:
        return outbound.received(packetId, reasonCode)
      case PacketType.pubcomp:
        return outbound.completed(packetId)
      default:
        return this.#publishHandler.release(packetId)
    }
  }
}
