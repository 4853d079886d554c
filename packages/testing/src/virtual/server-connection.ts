import type { EngineConnection, EnginePeer } from '@antiphon/broker/engine'
import type { ServerEnd } from '../connection/connection.js'
import type { PacketReceiver } from '../connection/packet-lane.js'
import type { ClientPacket, ConnectPacket, PublishPacket } from '../connection/packet.js'
import { publishFault, subscribeFault } from './broker-limits.js'
import { cutConnection, type BrokerState } from './broker-state.js'

/** Returns the receiver at the broker's end of one connection. */
export function serverConnection(broker: BrokerState, end: ServerEnd): PacketReceiver<ClientPacket> {
  const { limits, connect, publishFrom } = broker
  let request: ConnectPacket | undefined
  let connection: EngineConnection | undefined

  const releaseSession = (isNormalDisconnect: boolean): void => {
    const closed = connection
    connection = undefined
    // A normal DISCONNECT deletes the Will [MQTT-3.14.4-3].
    closed?.close({ discardsWill: isNormalDisconnect })
  }
  /** Closes the connection, on MQTT 5 with DISCONNECT [MQTT-3.14.4-1]. */
  const disconnect = (reasonCode: number): void => {
    if (reasonCode === cutConnection) end.cut()
    else {
      if (request?.protocolVersion === 5) end.send({ type: 'disconnect', reasonCode })
      end.close()
    }
    releaseSession(false)
  }
  const peer: EnginePeer = {
    publish: (message, packetId) => {
      const { qos, retain, dup } = message
      end.send({ type: 'publish', message, qos, retain, dup, packetId })
    },
    release: (packetId, reasonCode) => end.send({ type: 'pubrel', packetId, reasonCode }),
    disconnect,
  }
  /** Returns the reason code, or 0 on MQTT 3.1.1, whose acknowledgements have none. */
  const codeFor = (reasonCode: number): number => (request?.protocolVersion === 4 ? 0 : reasonCode)

  const handleConnect = (packet: ConnectPacket): void => {
    request = packet
    const accepted = connect(packet, peer)
    if (typeof accepted === 'number') {
      end.send({ type: 'connack', reasonCode: accepted })
      end.close()
      return
    }
    connection = accepted.connection
    end.send({ type: 'connack', reasonCode: 0, info: accepted.info })
    connection.resume()
  }

  const handlePublish = (packet: PublishPacket, { clientId, protocolVersion }: ConnectPacket): void => {
    const current = connection as EngineConnection
    const { inbound } = current
    const { qos, packetId } = packet
    const publish = (): number => codeFor(publishFrom(packet, clientId, current))
    if (qos === 0) return void publish()
    if (qos === 1) return end.send({ type: 'puback', packetId, reasonCode: publish() })
    if (inbound.has(packetId)) return end.send({ type: 'pubrec', packetId, reasonCode: 0 })
    // The client exceeds the Receive Maximum of the broker [MQTT-3.3.4-9]; MQTT 3.1.1 has no such limit.
    if (protocolVersion === 5 && inbound.count >= limits.receiveMaximum) return disconnect(0x93)
    const reasonCode = publish()
    if (reasonCode < 0x80) inbound.begin(packetId)
    end.send({ type: 'pubrec', packetId, reasonCode })
  }

  const handlePacket = (packet: ClientPacket, current: EngineConnection, from: ConnectPacket): void => {
    switch (packet.type) {
      case 'connect':
        // A second CONNECT is a protocol error [MQTT-3.1.0-2].
        return disconnect(0x82)
      case 'publish': {
        const fault = publishFault(packet, limits)
        return fault === undefined ? handlePublish(packet, from) : disconnect(fault)
      }
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        return current.acknowledge(packet.type, packet.packetId, packet.reasonCode)
      case 'pubrel': {
        const { packetId } = packet
        return end.send({
          type: 'pubcomp',
          packetId,
          reasonCode: current.inbound.end(packetId) ? 0 : codeFor(0x92),
        })
      }
      case 'subscribe': {
        const { packetId, requests, subscriptionIdentifier } = packet
        const fault = subscribeFault(packet, limits)
        if (fault !== undefined) return disconnect(fault)
        const { reasonCodes, replay } = current.subscribe(requests, subscriptionIdentifier)
        const sentCodes =
          from.protocolVersion === 4 ? reasonCodes.map((code) => Math.min(code, 0x80)) : reasonCodes
        end.send({ type: 'suback', packetId, reasonCodes: sentCodes })
        return replay()
      }
      case 'unsubscribe': {
        const reasonCodes = current.unsubscribe(packet.filters).map(codeFor)
        return end.send({ type: 'unsuback', packetId: packet.packetId, reasonCodes })
      }
      case 'disconnect':
        end.close()
        return releaseSession(packet.reasonCode === 0)
    }
  }

  return {
    packet: (packet) => {
      if (connection !== undefined && request !== undefined) handlePacket(packet, connection, request)
      else if (packet.type === 'connect' && request === undefined) handleConnect(packet)
    },
    closed: () => releaseSession(false),
  }
}
