import { isSharedFilter } from '@antiphon/core/topic'
import { isPromiseLike } from '../authority/answer.js'
import type { ClientInfo } from '../authority/authority.js'
import { Lane } from '../authority/lane.js'
import type { Publisher } from '../authority/publisher.js'
import type { Engine } from '../engine.js'
import { Header, readAcknowledgement } from '../packet/acknowledgement.js'
import type { ConnectRequest } from '../packet/connect.js'
import { Cursor } from '../packet/cursor.js'
import { readSubscribe, readUnsubscribe } from '../packet/subscribe.js'
import { malformed, protocolError } from '../packet/violation.js'
import type { Subscribed } from '../routing/subscriber.js'
import type { Session } from '../session/session.js'
import { subackPacket, unsubackPacket } from './control-packets.js'
import type { Framer } from './framer.js'
import type { Outbox } from './outbox.js'
import { Uplink } from './uplink.js'

/** The connection around a conversation. */
export interface ConversationHost {
  readonly engine: Engine
  readonly framer: Framer
  readonly outbox: Outbox
  /** Writes an answer; one that is larger than the client accepts ends the connection. */
  readonly say: (packet: Buffer) => void
  readonly disconnect: (reasonCode: number, text: string) => void
  /** Reads on, where reading was held up. */
  readonly proceed: () => void
  /** Ends the connection for an error. */
  readonly fail: (error: unknown) => void
  /** Whether the connection is still there. */
  readonly isOpen: () => boolean
}

const pingresp = Buffer.from([Header.pingresp, 0])

/** What a client that is in may say, and what it is answered. */
export class Conversation implements Publisher {
  readonly client: ClientInfo
  readonly lane: Lane
  readonly disconnect: (reasonCode: number, text: string) => void
  readonly #host: ConversationHost
  readonly #session: Session
  readonly #request: ConnectRequest
  readonly #uplink: Uplink
  /** A SUBSCRIBE whose hooks have not answered. */
  #isSubscribing = false

  constructor(host: ConversationHost, session: Session, client: ClientInfo, request: ConnectRequest) {
    this.client = client
    this.disconnect = host.disconnect
    this.lane = new Lane(host.engine.settings.limits.undecided, host.proceed)
    this.#host = host
    this.#session = session
    this.#request = request
    this.#uplink = new Uplink(host, session, request, this)
  }

  /** Whether what follows has to wait: for hooks, or for a client that does not read what it is sent. */
  get isHeld(): boolean {
    return this.#isSubscribing || this.lane.isFull || this.#host.outbox.isFull || this.#isAwaited
  }

  /** A client of 3.1.1 cannot be told how much it may have unanswered, so it is made to wait. */
  get #isAwaited(): boolean {
    return this.#request.version === 4 && this.#uplink.isHeld
  }

  /** Deals with the packet at the framer. CONNECT, DISCONNECT and AUTH are the connection's. */
  handle(header: number): void {
    const { framer } = this.#host
    if ((header & 0xf0) === Header.publish) return this.#uplink.publish(header)
    switch (header) {
      case Header.puback:
      case Header.pubrec:
      case Header.pubrel:
      case Header.pubcomp:
        return this.#acknowledge(header)
      case Header.pingreq:
        if (framer.end > framer.bodyAt) throw malformed('PINGREQ has a body')
        return this.#host.outbox.append(pingresp) // [MQTT-3.12.4-1]
      case Header.subscribe:
        return this.#subscribe()
      case Header.unsubscribe:
        return this.#unsubscribe()
    }
    throw malformed(
      `0x${header.toString(16)} is not the first byte of a packet that a client may send [MQTT-2.1.3-1]`,
    )
  }

  #subscribe(): void {
    const { framer, engine, say, isOpen, proceed, fail } = this.#host
    const { version } = this.#request
    const request = readSubscribe(framer.packet, framer.bodyOffset, version)
    if (request.lines.some(({ filter, noLocal }) => noLocal && isSharedFilter(filter))) {
      throw protocolError('No Local on a shared subscription [MQTT-3.8.3-4]')
    }
    const answer = ({ reasonCodes, replay }: Subscribed): void => {
      if (!isOpen()) return
      say(subackPacket(version, request.packetId, reasonCodes)) // [MQTT-3.8.4-1]
      if (isOpen()) replay()
    }
    const subscribed = engine.subscriber.subscribe(this.#session, this.client, request)
    if (!isPromiseLike(subscribed)) return answer(subscribed)
    this.#isSubscribing = true
    subscribed
      .then((result) => {
        this.#isSubscribing = false
        answer(result)
        proceed()
      })
      .catch(fail)
  }

  #unsubscribe(): void {
    const { framer, engine, say } = this.#host
    const { version } = this.#request
    const request = readUnsubscribe(framer.packet, framer.bodyOffset, version)
    const reasonCodes = engine.subscriber.unsubscribe(this.#session, request.filters)
    say(unsubackPacket(version, request.packetId, reasonCodes)) // [MQTT-3.10.4-4]
  }

  #acknowledge(header: number): void {
    const { framer } = this.#host
    const { downlink } = this.#session
    const cursor = new Cursor(framer.bytes, framer.bodyAt, framer.end)
    const { packetId, reasonCode } = readAcknowledgement(header, cursor, this.#request.version)
    switch (header) {
      case Header.puback:
        downlink.acknowledged(packetId, reasonCode)
        return
      case Header.pubrec:
        return downlink.received(packetId, reasonCode)
      case Header.pubcomp:
        return downlink.completed(packetId)
      default:
        return this.#uplink.release(packetId)
    }
  }
}
