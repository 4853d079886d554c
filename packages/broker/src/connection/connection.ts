import { AntiphonError } from '@antiphon/core'
import type { ConnectVerdict, ConnectAttempt } from '../authority/authority.js'
import type { Engine } from '../engine.js'
import { Header } from '../packet/acknowledgement.js'
import { authPacket, readAuth } from '../packet/auth.js'
import type { ProtocolVersion } from '../packet/codec.js'
import { readConnect, readProtocol } from '../packet/connect.js'
import type { ConnectRequest } from '../packet/connect.js'
import { readDisconnect } from '../packet/disconnect.js'
import { Reason, reasonText } from '../packet/reason.js'
import { protocolError, violation } from '../packet/violation.js'
import type { Session } from '../session/session.js'
import type { Departure } from '../session/sessions.js'
import { countRefusal } from '../stats.js'
import { admit } from './admit.js'
import { Authentication } from './authentication.js'
import type { Channel } from './channel.js'
import {
  checkConnect,
  connackProperties,
  departureOf,
  keepAliveOf,
  toAttempt,
  toVisitor,
  unspoken,
} from './connect-rules.js'
import { disconnectPacket, excessOf, refusalPacket, welcomePacket } from './control-packets.js'
import { ClientConnection } from './client-connection.js'
import type { ClientConnectionHost } from './client-connection.js'
import type { Framer } from './framer.js'
import { silenceLeft } from './keep-alive.js'
import { WriteBuffer } from './write-buffer.js'
import { ConnectionTimer } from './connection-timer.js'
import { Reader } from './reader.js'
import type { ReaderHost } from './reader.js'
import { WirePeer } from './wire-peer.js'

/** How long the other side may take to close after we did. */
const lingering = 2_000

/** Where a connection stands: CONNECT is awaited, a hook is, an AUTH is; the client is in; it is over. */
type Phase = 'waiting' | 'deciding' | 'challenged' | 'in' | 'over'

/** What a client that is in has. */
interface Inside {
  readonly session: Session
  readonly peer: WirePeer
  readonly conversation: ClientConnection
}

/**
 * One byte stream from its first byte to its last: cuts it into packets, lets the client in, watches its silence, and
 * ends it for whatever reason there is.
 */
export class Connection implements ClientConnectionHost, ReaderHost {
  readonly engine: Engine
  readonly framer: Framer
  readonly outbox: WriteBuffer
  readonly #channel: Channel
  readonly #reader: Reader
  #phase: Phase = 'waiting'
  #version: ProtocolVersion | undefined
  #request: ConnectRequest | undefined
  #authentication: Authentication | undefined
  #inside: Inside | undefined
  /** CONNECT's time-out, then the keep alive, then the farewell's. */
  readonly #patience: ConnectionTimer
  /** The end of the client's credential. */
  readonly #credential: ConnectionTimer

  constructor(engine: Engine, channel: Channel, onGone: () => void) {
    const { limits } = engine.settings
    this.engine = engine
    this.#reader = new Reader(engine, channel, this)
    this.framer = this.#reader.framer
    this.outbox = new WriteBuffer(channel, engine.turn, limits.unreadBytes, engine.counters)
    this.#channel = channel
    this.#patience = new ConnectionTimer(engine.deadlines)
    this.#credential = new ConnectionTimer(engine.deadlines)
    this.#awaitClient()
    channel.listen({
      onData: (chunk) => this.#reader.receive(chunk),
      onDrain: () => this.#drained(),
      onClose: (error) => {
        this.#closed(error)
        onGone()
      },
    })
  }

  readonly isOpen = (): boolean => this.#phase === 'in'

  /** Ends the connection for a reason of the broker's. */
  readonly disconnect = (reasonCode: number, text: string, serverReference?: string): void => {
    if (this.#phase === 'over') return
    if (this.#phase !== 'in') return this.#refuse(reasonCode, text, serverReference)
    const request = this.#request as ConnectRequest
    const why = { reasonCode, reasonString: text, serverReference }
    if (request.version === 5) this.outbox.append(disconnectPacket(request, why))
    this.#finish('broker', { forgetsWill: false }, reasonCode, text)
  }

  /** Writes an answer; one that is larger than the client accepts ends the connection [MQTT-3.1.2-24]. */
  readonly say = (packet: Buffer): void => {
    const { maximumPacketSize = Infinity } = this.#request ?? {}
    if (packet.length <= maximumPacketSize) this.outbox.append(packet)
    else this.disconnect(Reason.packetTooLarge, excessOf(packet))
  }

  /** Reads on, where reading was held up. */
  readonly proceed = (): void => this.#reader.proceed()

  get isOver(): boolean {
    return this.#phase === 'over'
  }

  get isHeld(): boolean {
    const inside = this.#inside
    if (inside === undefined) return this.#phase === 'deciding'
    return this.#authentication?.isDeciding === true || inside.conversation.isHeld
  }

  #drained(): void {
    this.outbox.drained()
    if (this.#phase !== 'in') return
    this.#inside?.session.downlink.pump()
    this.proceed()
  }

  /** Deals with the packet at the framer. */
  handle(): void {
    const { header } = this.framer
    if (this.#phase === 'waiting') {
      if (header !== Header.connect) throw protocolError('the first packet is not a CONNECT [MQTT-3.1.0-1]')
      return this.#connect()
    }
    if (header === Header.disconnect) return this.#leave()
    if (header === Header.auth && this.#version === 5) return this.#authenticateOn()
    if ((header & 0xf0) === Header.connect) throw protocolError('a second CONNECT [MQTT-3.1.0-2]')
    if (this.#inside === undefined)
      throw protocolError('only AUTH or DISCONNECT may come before CONNACK [MQTT-3.1.2-30]')
    this.#inside.conversation.handle(header)
  }

  #connect(): void {
    const { framer, engine } = this
    const { packet } = framer
    const bodyAt = framer.bodyOffset
    const { level, version } = readProtocol(packet, bodyAt)
    this.#version = version
    if (level !== version) throw unspoken(level)
    const request = (this.#request = readConnect(packet, bodyAt, version))
    checkConnect(request, engine.settings)
    const attempt = toAttempt(request, this.#channel)
    if (engine.sessions.isFullFor(attempt.clientId)) {
      throw violation(Reason.quotaExceeded, 'the broker holds as many sessions as it may')
    }
    this.#authentication = new Authentication(attempt, engine.settings.authority, this)
    this.#phase = 'deciding'
    this.#authentication.ask()
  }

  /** AUTH: the next step of what CONNECT began, or a beginning anew by a client that is in. */
  #authenticateOn(): void {
    const { framer } = this
    if (this.#phase !== 'in') this.#phase = 'deciding'
    this.#authentication?.answered(readAuth(framer.packet, framer.bodyOffset))
  }

  /** The hook wants to know more [MQTT-4.12.0-2]. */
  readonly challenged = (method: string, data: Uint8Array): void => {
    if (this.#phase === 'over') return
    this.say(authPacket(Reason.continueAuthentication, method, data))
    if (this.#phase !== 'deciding') return
    this.#phase = 'challenged'
    this.#awaitClient()
  }

  /** The hook is satisfied, with a newcomer or again. */
  readonly admitted = (admission: Extract<ConnectVerdict, { admit: true }>): void => {
    if (this.#phase === 'over') return
    const { engine } = this
    const { expiresAt, authenticationData } = admission
    const { attempt } = this.#authentication as Authentication
    this.#credential.end()
    if (expiresAt !== undefined) {
      this.#credential.limit(Math.max(0, expiresAt - engine.now()), () =>
        this.disconnect(Reason.maximumConnectTime, 'the credential has expired'),
      )
    }
    const { authenticationMethod: method } = attempt
    if (this.#phase !== 'in') this.#enter(attempt, admission)
    else if (method !== undefined) this.say(authPacket(Reason.success, method, authenticationData))
  }

  #enter(attempt: ConnectAttempt, admission: Extract<ConnectVerdict, { admit: true }>): void {
    const { engine, outbox } = this
    const request = this.#request as ConnectRequest
    const visitor = toVisitor(engine.settings, attempt, admission)
    // Hooks run first: what they publish must not reach this client before its CONNACK [MQTT-3.2.0-1].
    const properties = connackProperties(engine, request, visitor, admission)
    engine.sessions.makeWay(visitor.client.clientId, request.cleanStart)
    const peer = new WirePeer(outbox, request, engine, this.disconnect)
    const { session, sessionPresent } = admit(engine, peer, visitor, request)
    this.#inside = {
      session,
      peer,
      conversation: new ClientConnection(this, session, visitor.client, request),
    }
    this.#phase = 'in'
    this.#patience.end()
    const welcome = welcomePacket(request.version, { sessionPresent, properties })
    if (welcome.length > request.maximumPacketSize)
      return this.#finish('broker', { forgetsWill: true }, Reason.packetTooLarge, excessOf(welcome))
    // CONNACK comes first [MQTT-3.2.0-1]; what the session was in the middle of follows.
    outbox.append(welcome)
    this.#watch(request)
    engine.sessions.resume(session)
  }

  /** DISCONNECT: the client says goodbye, with or without its will [MQTT-3.14.4-3]. */
  #leave(): void {
    const { framer } = this
    const request = this.#request as ConnectRequest
    const farewell = readDisconnect(framer.packet, framer.bodyOffset, request.version)
    const departure = departureOf(farewell, request, this.engine.settings)
    this.#finish('client', departure, farewell.reasonCode, reasonText(farewell.reasonCode))
  }

  /** Ends what broke a rule, and says which one where the protocol has words for it [MQTT-4.13.1-1]. */
  readonly fail = (error: unknown): void => {
    const known = error instanceof AntiphonError && error.reasonCode !== undefined
    this.disconnect(known ? error.reasonCode : Reason.unspecifiedError, AntiphonError.from(error).rawMessage)
  }

  #refuse(reasonCode: number, reasonString: string, serverReference: string | undefined): void {
    const { engine, outbox } = this
    const version = this.#version
    const isSpeechless = version === undefined || (version === 4 && reasonCode === Reason.malformedPacket)
    if (!isSpeechless) {
      const { maximumPacketSize = Infinity } = this.#request ?? {}
      outbox.append(refusalPacket(version, { reasonCode, reasonString, serverReference, maximumPacketSize }))
    }
    countRefusal(engine.counters, reasonCode)
    const { remoteAddress } = this.#channel
    const clientId = this.#authentication?.attempt.clientId ?? this.#request?.clientId ?? ''
    engine.emit({ type: 'refused', remoteAddress, clientId, reasonCode, reason: reasonString })
    this.#finish('broker', { forgetsWill: true }, reasonCode, reasonString) // [MQTT-3.2.2-7]
  }

  /** Closes our end; the other side has a moment to close its own. */
  #finish(by: 'client' | 'broker', departure: Departure, reasonCode: number, reason: string): void {
    this.#end(departure, { by, reasonCode, reason })
    this.outbox.flush()
    this.#channel.end()
    // Reading on is how the other side's end is seen.
    this.#channel.resume()
    this.#patience.limit(lingering, () => this.#channel.destroy())
  }

  #closed(error: Error | undefined): void {
    this.#end(
      { forgetsWill: false },
      { by: 'network', reason: error?.message ?? 'the connection was closed' },
    )
    this.#patience.end()
  }

  #end(
    departure: Departure,
    why: {
      readonly by: 'client' | 'broker' | 'network'
      readonly reasonCode?: number
      readonly reason: string
    },
  ): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.#patience.end()
    this.#credential.end()
    const inside = this.#inside
    this.#inside = undefined
    if (inside === undefined) return
    const { session, peer, conversation } = inside
    this.engine.emit({ type: 'disconnected', client: conversation.client, ...why })
    if (session.peer === peer) this.engine.sessions.close(session, departure)
  }

  /** Ends a stream whose client does not say what it has to say next. */
  #awaitClient(): void {
    this.#patience.limit(this.engine.settings.limits.connectTimeout, () =>
      this.disconnect(Reason.notAuthorized, 'the client took too long to say who it is'),
    )
  }

  /** Ends the connection after one and a half times the keep alive without a packet [MQTT-3.1.2-22]. */
  #watch(request: ConnectRequest): void {
    const seconds = keepAliveOf(request, this.engine.settings)
    if (seconds === 0) return
    const allowed = seconds * 1500
    const stream = { reader: this.#reader, outbox: this.outbox, channel: this.#channel }
    const left = silenceLeft(allowed, stream, this.engine.now)
    this.#patience.watch(left, () =>
      this.disconnect(Reason.keepAliveTimeout, `nothing came for ${allowed} ms [MQTT-3.1.2-22]`),
    )
  }
}
