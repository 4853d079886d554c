import {
  checkPingResponse,
  type Framer,
  malformed,
  PacketType,
  protocolError,
  readConnack,
  readServerDisconnect,
  readSuback,
  readUnsuback,
  type SubscriptionAcknowledgement,
  writeConnect,
  writeDisconnect,
} from '@antiphon/packet'
import { Subscription, timer } from 'rxjs'
import type { ControlClient, ControlClientParts } from '../control-client.js'
import { startKeepAlive } from './keep-alive.js'

/** The client of one connection without MQTT.js. */
export class WebClient implements ControlClient {
  readonly #parts: ControlClientParts
  readonly #connectTimeout: Subscription
  readonly #timers = new Subscription()

  /** Sends CONNECT. `connectTimeout` is in milliseconds. */
  constructor(parts: ControlClientParts, connectTimeout: number) {
    this.#parts = parts
    const { connect, protocolVersion, writer, scheduler, events } = parts
    writeConnect(writer.block, connect, protocolVersion)
    writer.commit()
    this.#connectTimeout = timer(connectTimeout, scheduler).subscribe(() =>
      events.onError(new Error(`the broker has not sent CONNACK within ${connectTimeout} ms`)),
    )
    this.#timers.add(this.#connectTimeout)
  }

  receive({ firstByte, body }: Framer): void {
    const { protocolVersion: version, events } = this.#parts
    switch (firstByte) {
      case PacketType.connack:
        return this.#receiveConnack(readConnack(body, version))
      case PacketType.suback:
        return this.#acknowledge(readSuback(body, version))
      case PacketType.unsuback:
        return this.#acknowledge(readUnsuback(body, version))
      case PacketType.pingresp:
        return checkPingResponse(body)
      case PacketType.disconnect:
        return events.onDisconnect(readServerDisconnect(body, version))
      default:
        throw malformed(`a broker may not send the fixed header 0x${firstByte.toString(16)} [MQTT-2.1.3-1]`)
    }
  }

  disconnect(endSession: boolean): void {
    this.#sendDisconnect({ reasonCode: 0, ...(endSession && { sessionExpiryInterval: 0 }) })
    this.#timers.unsubscribe()
    this.#parts.stream.end()
  }

  reject(reasonCode: number): void {
    if (this.#parts.protocolVersion === 5) this.#sendDisconnect({ reasonCode })
  }

  drop(): void {
    this.#timers.unsubscribe()
    this.#parts.stream.destroy()
  }

  close(): void {
    this.#timers.unsubscribe()
  }

  #receiveConnack(packet: ReturnType<typeof readConnack>): void {
    const { connect, events } = this.#parts
    if (packet.sessionPresent && connect.cleanStart)
      throw protocolError('Session Present is set after CONNECT with Clean Start [MQTT-3.2.2-2]')
    this.#connectTimeout.unsubscribe()
    const keepAlive = packet.properties.serverKeepAlive ?? connect.keepAlive
    if (packet.reasonCode === 0 && keepAlive > 0) this.#timers.add(startKeepAlive(keepAlive, this.#parts))
    events.onConnack(packet)
  }

  #acknowledge({ packetId, reasonCodes }: SubscriptionAcknowledgement): void {
    this.#parts.events.onSubscriptionAck(packetId, reasonCodes)
  }

  #sendDisconnect(packet: Parameters<typeof writeDisconnect>[1]): void {
    const { writer, protocolVersion } = this.#parts
    writeDisconnect(writer.block, packet, protocolVersion)
    writer.flush()
  }
}
