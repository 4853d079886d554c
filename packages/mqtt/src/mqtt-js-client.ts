import type { Framer } from '@antiphon/packet'
import type { IClientOptions, IConnackPacket, MqttClient, Packet } from 'mqtt'
import { ClientStream, connectClient } from './client-stream.js'
import type { Connack, ControlClient, ControlClientParts } from './control-client.js'

/** MQTT.js as the client of one connection. It emits `connect` asynchronously, some time after it has received CONNACK. */
export class MqttJsClient implements ControlClient {
  readonly #parts: ControlClientParts
  readonly #stream: ClientStream
  readonly #client: MqttClient
  #isStopped = false

  constructor(parts: ControlClientParts, options: IClientOptions) {
    this.#parts = parts
    const { writer, stream, events } = parts
    this.#stream = new ClientStream({
      write: (bytes) => writer.append(bytes),
      end: () => {
        writer.flush()
        stream.end()
      },
      destroy: (error) => events.onError(error),
    })
    this.#client = connectClient(this.#stream, options)
    this.#client.on('error', (error) => events.onError(error))
    this.#client.on('packetreceive', (packet) => this.#receiveParsed(packet))
    this.#client.on('connect', (packet) => events.onConnack(toConnack(packet)))
  }

  receive(framer: Framer): void {
    this.#stream.deliver(framer.packet)
  }

  disconnect(endSession: boolean): void {
    this.#isStopped = true
    const properties = endSession ? { properties: { sessionExpiryInterval: 0 } } : {}
    this.#client.end(false, this.#parts.protocolVersion === 5 ? { reasonCode: 0, ...properties } : {})
  }

  drop(): void {
    this.#isStopped = true
    this.#client.end(true)
  }

  close(): void {
    this.#isStopped = true
    this.#stream.close()
  }

  #receiveParsed(packet: Packet): void {
    if (this.#isStopped) return
    const { onConnack, onSubscriptionAck, onDisconnect } = this.#parts.events
    switch (packet.cmd) {
      case 'connack':
        if (toConnack(packet).reasonCode !== 0) onConnack(toConnack(packet))
        this.#useServerKeepAlive(packet)
        break
      case 'suback':
      case 'unsuback':
        onSubscriptionAck(packet.messageId ?? 0, packet.granted as readonly number[] | undefined)
        break
      case 'disconnect':
        onDisconnect({ reasonCode: packet.reasonCode ?? 0, properties: packet.properties ?? {} })
        break
      default:
    }
  }

  /** MQTT.js ignores the Server Keep Alive if its own is 0 [MQTT-3.1.2-21]. It starts the keepalive after this event. */
  #useServerKeepAlive({ properties }: IConnackPacket): void {
    if (properties?.serverKeepAlive !== undefined) this.#client.options.keepalive = properties.serverKeepAlive
  }
}

function toConnack({ sessionPresent, reasonCode, returnCode, properties = {} }: IConnackPacket): Connack {
  return { sessionPresent, reasonCode: reasonCode ?? returnCode ?? 0, properties }
}
