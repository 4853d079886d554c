import {
  PacketError,
  PacketType,
  Reason,
  describeReason,
  protocolError,
  type Framer,
  type ProtocolVersion,
} from '@antiphon/packet'
import type { ConnectVerdict, ConnectAttempt } from '../authority/authority.js'
import type { Engine } from '../engine/engine.js'
import { authPacket, readClientAuth } from '../packet/auth.js'
import { readConnect, readProtocol } from '../packet/connect.js'
import type { ConnectRequest } from '../packet/connect.js'
import { readDisconnect } from '../packet/disconnect.js'
import type { Session } from '../session/session.js'
import type { ConnectionEnd } from '../session/sessions.js'
import { countRefusal } from '../counters.js'
import { openSession, prepareSession } from './open-session.js'
import { toReason } from '../packet/reason.js'
import { Authentication, authWithoutMethod } from './authentication.js'
import type { Channel } from './channel.js'
import {
  checkConnect,
  checkProtocol,
  connackProperties,
  toConnectionEnd,
  keepAliveOf,
  toAttempt,
  toAdmittedClient,
  toConnectedRequest,
} from './connect-rules.js'
import {
  disconnectPacket,
  packetTooLargeText,
  refusalConnackPacket,
  connackPacket,
} from './control-packets.js'
import { PacketHandler } from './packet-handler.js'
import type { PacketHandlerHost } from './packet-handler.js'
import { keepAliveRemaining } from './keep-alive.js'
import { WriteBuffer } from './write-buffer.js'
import { ConnectionTimer } from './connection-timer.js'
import { Reader } from './reader.js'
import type { ReaderHost } from './reader.js'
import { reportDisconnection, type DisconnectionDetails } from './report-disconnection.js'
import { UnauthenticatedBytes } from './unauthenticated-bytes.js'
import { WirePeer } from './wire-peer.js'

/** Milliseconds to wait for the client to close its side of the stream after the broker closed its own. */
const halfCloseTimeout = 2_000

/**
 * The state of a connection; while `authenticating` a hook is pending, while `challenged` an AUTH of the client is.
 */
type Phase = 'awaiting-connect' | 'authenticating' | 'challenged' | 'connected' | 'closed'

/** What a connection has while its client is connected. */
interface ConnectedState {
  readonly session: Session
  readonly peer: WirePeer
  readonly packetHandler: PacketHandler
}

/**
 * One network connection: reads its packets, authenticates the client, opens its session, enforces the Keep Alive,
 * and ends the connection.
 */
export class Connection implements PacketHandlerHost, ReaderHost {
  readonly engine: Engine
  readonly framer: Framer<Buffer>
  readonly writeBuffer: WriteBuffer
  readonly #channel: Channel
  readonly #reader: Reader
  #phase: Phase = 'awaiting-connect'
  #version: ProtocolVersion | undefined
  #request: ConnectRequest | undefined
  #authentication: Authentication | undefined
  #connected: ConnectedState | undefined
  readonly #unauthenticatedBytes: UnauthenticatedBytes
  /** Runs the timeout of CONNECT, then the Keep Alive, then `halfCloseTimeout`. */
  readonly #timer: ConnectionTimer
  /** Ends the connection when the client's credential expires. */
  readonly #credentialTimer: ConnectionTimer

  constructor(engine: Engine, channel: Channel, onClosed: () => void) {
    const { limits } = engine.settings
    this.engine = engine
    this.#reader = new Reader(engine, channel, this)
    this.framer = this.#reader.framer
    this.writeBuffer = new WriteBuffer(channel, { ...engine, limit: limits.unreadBytes })
    this.#unauthenticatedBytes = new UnauthenticatedBytes(engine.unauthenticated, limits.unauthenticatedBytes)
    this.#channel = channel
    this.#timer = new ConnectionTimer(engine.deadlines)
    this.#credentialTimer = new ConnectionTimer(engine.deadlines)
    this.#startConnectTimeout()
    channel.listen({
      onData: (chunk) => {
        this.#reader.receive(chunk)
        if (this.#connected === undefined) this.#countUnauthenticated()
      },
      onDrain: () => this.#handleDrain(),
      onClose: (error) => {
        this.#handleClose(error)
        onClosed()
      },
    })
  }

  readonly isOpen = (): boolean => this.#phase === 'connected'

  /** Ends the connection on behalf of the broker. */
  readonly disconnect = (reasonCode: number, text: string, serverReference?: string): void => {
    if (this.#phase === 'closed') return
    if (this.#phase !== 'connected') return this.#refuse(reasonCode, text, serverReference)
    const request = this.#request as ConnectRequest
    const details = { reasonCode, reasonString: text, serverReference }
    if (request.version === 5) this.writeBuffer.append(disconnectPacket(request, details))
    this.#finish('broker', { discardsWill: false }, reasonCode, text)
  }

  /**
   * Sends a packet; one that exceeds the client's Maximum Packet Size ends the connection instead [MQTT-3.1.2-24].
   */
  readonly send = (packet: Buffer): void => {
    const { maximumPacketSize = Infinity } = this.#request ?? {}
    if (packet.length <= maximumPacketSize) this.writeBuffer.append(packet)
    else this.disconnect(Reason.packetTooLarge, packetTooLargeText(packet))
  }

  /** Continues reading if it was paused. */
  readonly proceed = (): void => this.#reader.proceed()

  get isClosed(): boolean {
    return this.#phase === 'closed'
  }

  get isPaused(): boolean {
    const connected = this.#connected
    if (connected === undefined) return this.#phase === 'authenticating'
    return this.#authentication?.isPending === true || connected.packetHandler.isPaused
  }

  #handleDrain(): void {
    this.writeBuffer.drained()
    if (this.#phase !== 'connected') return
    this.#connected?.session.outbound.pump()
    this.proceed()
  }

  /** Handles the packet at the framer. */
  handle(): void {
    const { firstByte: header } = this.framer
    if (this.#phase === 'awaiting-connect') {
      if (header !== PacketType.connect)
        throw protocolError('the first packet is not a CONNECT [MQTT-3.1.0-1]')
      return this.#handleConnect()
    }
    if (header === PacketType.disconnect) return this.#handleDisconnect()
    if (header === PacketType.auth && this.#version === 5) return this.#handleAuth()
    if ((header & 0xf0) === PacketType.connect) throw protocolError('a second CONNECT [MQTT-3.1.0-2]')
    if (this.#connected === undefined)
      throw protocolError('only AUTH or DISCONNECT may come before CONNACK [MQTT-3.1.2-30]')
    this.#connected.packetHandler.handle(header)
  }

  #handleConnect(): void {
    const { framer, engine } = this
    const { packet, body } = framer
    const protocol = readProtocol(body)
    this.#version = protocol.version
    checkProtocol(protocol, engine.settings)
    const request = (this.#request = readConnect(packet, body, protocol))
    checkConnect(request, engine.settings)
    const attempt = toAttempt(request, this.#channel)
    // A client may be connected for long, and headers have kilobytes.
    this.#channel.request = undefined
    const refusal = engine.sessionRoom.refusal(attempt.clientId)
    if (refusal !== undefined) throw new PacketError(Reason.quotaExceeded, refusal)
    this.#authentication = new Authentication(attempt, engine, this)
    this.#phase = 'authenticating'
    // From here on, `hookTimeout` limits the wait.
    this.#timer.stop()
    this.#authentication.callHook()
  }

  /** Handles AUTH: the next step of an authentication, or the start of a re-authentication. */
  #handleAuth(): void {
    const { framer } = this
    if (this.#phase !== 'connected') {
      this.#phase = 'authenticating'
      this.#timer.stop()
    }
    const auth = readClientAuth(framer.body)
    if (this.#authentication === undefined) throw authWithoutMethod()
    this.#authentication.handleAuth(auth)
  }

  /** Sends the hook's challenge to the client [MQTT-4.12.0-2]. */
  challenged(method: string, data: Uint8Array): void {
    if (this.#phase === 'closed') return
    this.send(authPacket(Reason.continueAuthentication, method, data))
    if (this.#phase !== 'authenticating') return
    this.#phase = 'challenged'
    this.#startConnectTimeout()
  }

  /** Completes an authentication or a re-authentication. */
  admitted(verdict: Extract<ConnectVerdict, { admit: true }>): void {
    if (this.#phase === 'closed') return
    const { engine } = this
    const { expiresAt, authenticationData } = verdict
    const { attempt } = this.#authentication as Authentication
    this.#credentialTimer.stop()
    if (expiresAt !== undefined) {
      this.#credentialTimer.start(Math.max(0, expiresAt - engine.now()), () =>
        this.disconnect(Reason.maximumConnectTime, 'the credential has expired'),
      )
    }
    const { authenticationMethod: method } = attempt
    if (this.#phase !== 'connected') this.#accept(attempt, verdict)
    else if (method !== undefined) this.send(authPacket(Reason.success, method, authenticationData))
  }

  #accept(attempt: ConnectAttempt, verdict: Extract<ConnectVerdict, { admit: true }>): void {
    const { engine, writeBuffer } = this
    const request = (this.#request = toConnectedRequest(this.#request as ConnectRequest))
    const admitted = toAdmittedClient(engine.settings, attempt, verdict)
    // Hooks run first: what they publish must not reach this client before its CONNACK [MQTT-3.2.0-1].
    const properties = connackProperties(engine, request, admitted, verdict)
    prepareSession(engine, admitted.client.clientId, request)
    // Hooks may have closed the broker.
    if (this.isClosed) return
    const peer = new WirePeer(writeBuffer, request, engine, this.disconnect)
    const { session, sessionPresent } = openSession(engine, peer, admitted, request)
    this.#connected = {
      session,
      peer,
      packetHandler: new PacketHandler(this, session, admitted.client, request),
    }
    // Only enhanced authentication may continue; otherwise the attempt would keep the password in memory.
    if (request.authenticationMethod === undefined) this.#authentication = undefined
    this.#phase = 'connected'
    this.framer.maximum = engine.settings.limits.packetSize
    this.#unauthenticatedBytes.set(0)
    this.#timer.stop()
    // In MQTT 3.1, the byte of Session Present is reserved.
    const fields = { sessionPresent: sessionPresent && !request.isMqtt31, properties }
    const connack = connackPacket(request.version, fields)
    if (connack.length > request.maximumPacketSize)
      return this.#finish(
        'broker',
        { discardsWill: true },
        Reason.packetTooLarge,
        packetTooLargeText(connack),
      )
    // CONNACK must be the first packet [MQTT-3.2.0-1]; then the messages of the resumed session follow.
    writeBuffer.append(connack)
    this.#startKeepAlive(request)
    engine.sessions.resume(session)
  }

  /** Handles DISCONNECT, which discards the Will or requests it [MQTT-3.14.4-3]. */
  #handleDisconnect(): void {
    const { framer } = this
    const request = this.#request as ConnectRequest
    const disconnect = readDisconnect(framer.body, request.version)
    const end = toConnectionEnd(disconnect, request, this.engine.settings)
    this.#finish('client', end, disconnect.reasonCode, describeReason(disconnect.reasonCode))
  }

  /**
   * Ends the connection for an error, with the error's reason code if the protocol version has one [MQTT-4.13.1-1].
   */
  readonly fail = (error: unknown): void => {
    const { reasonCode, text } = toReason(error)
    const isConnectTooLarge = reasonCode === Reason.packetTooLarge && this.#phase !== 'connected'
    this.disconnect(reasonCode, isConnectTooLarge ? `${text}; limits.connectSize bounds CONNECT` : text)
  }

  #refuse(reasonCode: number, reasonString: string, serverReference: string | undefined): void {
    const { engine, writeBuffer } = this
    const version = this.#version
    const hasNoConnack = version === undefined || (version === 4 && reasonCode === Reason.malformedPacket)
    if (!hasNoConnack) {
      const { maximumPacketSize = Infinity } = this.#request ?? {}
      writeBuffer.append(
        refusalConnackPacket(version, { reasonCode, reasonString, serverReference, maximumPacketSize }),
      )
    }
    countRefusal(engine.counters, reasonCode)
    const { remoteAddress } = this.#channel
    const clientId = this.#authentication?.attempt.clientId ?? this.#request?.clientId ?? ''
    engine.emit({ type: 'refused', remoteAddress, clientId, reasonCode, reason: reasonString })
    this.#finish('broker', { discardsWill: true }, reasonCode, reasonString) // [MQTT-3.2.2-7]
  }

  /** Closes the broker's side of the stream; the client has `halfCloseTimeout` to close its own. */
  #finish(by: 'client' | 'broker', end: ConnectionEnd, reasonCode: number, reason: string): void {
    this.#end(end, { by, reasonCode, reason })
    this.writeBuffer.flush()
    this.#channel.end()
    // A paused channel would not report that the client has closed its side.
    this.#channel.resume()
    this.#timer.start(halfCloseTimeout, () => this.#channel.destroy())
  }

  /** Bounds what clients that are not admitted make the broker store. */
  #countUnauthenticated(): void {
    if (!this.#unauthenticatedBytes.set(this.isClosed ? 0 : this.framer.pendingBytes)) return
    const { unauthenticatedBytes } = this.engine.settings.limits
    this.disconnect(
      Reason.quotaExceeded,
      `too many bytes of clients without CONNACK: limits.unauthenticatedBytes is ${unauthenticatedBytes}`,
    )
  }

  #handleClose(error: Error | undefined): void {
    this.#end(
      { discardsWill: false },
      { by: 'network', reason: error?.message ?? 'the connection was closed' },
    )
    this.#timer.stop()
    this.writeBuffer.drained()
  }

  #end(end: ConnectionEnd, details: DisconnectionDetails): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#unauthenticatedBytes.set(0)
    this.#timer.stop()
    this.#credentialTimer.stop()
    this.#reader.close()
    const connected = this.#connected
    this.#connected = undefined
    if (connected === undefined) return
    const { session, peer, packetHandler } = connected
    reportDisconnection(this.engine, session, end, { client: packetHandler.client, ...details })
    if (session.peer === peer) this.engine.sessions.detach(session, end)
  }

  /** Ends the connection if the client does not send CONNECT or AUTH in time. */
  #startConnectTimeout(): void {
    const { connectTimeout } = this.engine.settings.limits
    this.#timer.start(connectTimeout, () =>
      this.disconnect(
        Reason.notAuthorized,
        `no CONNECT or AUTH within ${connectTimeout} ms, which is limits.connectTimeout`,
      ),
    )
  }

  /** Ends the connection after one and a half times the Keep Alive without a packet [MQTT-3.1.2-22]. */
  #startKeepAlive(request: ConnectRequest): void {
    const seconds = keepAliveOf(request, this.engine.settings)
    if (seconds === 0) return
    const allowed = seconds * 1500
    const stream = { reader: this.#reader, writeBuffer: this.writeBuffer, channel: this.#channel }
    const remaining = keepAliveRemaining(allowed, stream, this.engine.now)
    this.#timer.watch(remaining, () =>
      this.disconnect(
        Reason.keepAliveTimeout,
        `no packet within ${allowed} ms, one and a half times the Keep Alive [MQTT-3.1.2-22]`,
      ),
    )
  }
}
