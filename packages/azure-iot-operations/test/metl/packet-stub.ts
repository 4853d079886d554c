import type { OutgoingMessage } from '@antiphon/core'
import type { Tunnel } from '@antiphon/mqtt'
import type { Packet } from 'mqtt-packet'
import type { MetlPeer, WorldOptions } from './metl-world.js'
import {
  packetStream,
  toOutgoingMessage,
  toPublish,
  type PacketStream,
  type Traffic,
} from './packet-stream.js'

const UNSPECIFIED_ERROR = 0x80

/** Level 2: a broker of packets at the other end of the stream, which keeps the session of its one client. */
export function packetStub(
  { acks }: WorldOptions,
  traffic: Traffic,
): { readonly tunnel: Tunnel; readonly peer: MetlPeer } {
  const subscribed = new Set<string>()
  const published: OutgoingMessage[] = []
  const acknowledged: number[] = []
  let connections = 0
  let lastPacketId = 0
  let current: PacketStream | undefined

  const answer = (stream: PacketStream, packet: Packet): void => {
    const messageId = packet.messageId ?? 0
    switch (packet.cmd) {
      case 'connect':
        return stream.send({ cmd: 'connack', reasonCode: 0, sessionPresent: connections++ > 0 })
      case 'subscribe': {
        for (const { topic } of packet.subscriptions) subscribed.add(topic)
        const ack = acks.subscribe.shift() ?? 'success'
        const granted = packet.subscriptions.map(() => (ack === 'fail' ? UNSPECIFIED_ERROR : 1))
        return ack === 'drop' ? undefined : stream.send({ cmd: 'suback', messageId, granted })
      }
      case 'unsubscribe': {
        const ack = acks.unsubscribe.shift() ?? 'success'
        const granted = packet.unsubscriptions.map(() => (ack === 'fail' ? UNSPECIFIED_ERROR : 0))
        return ack === 'drop' ? undefined : stream.send({ cmd: 'unsuback', messageId, granted })
      }
      case 'publish': {
        published.push(toOutgoingMessage(packet))
        const ack = acks.publish.shift() ?? 'success'
        if (packet.qos === 0 || ack === 'drop') return
        return stream.send({ cmd: 'puback', messageId, reasonCode: ack === 'fail' ? UNSPECIFIED_ERROR : 0 })
      }
      case 'puback':
        acknowledged.push(messageId)
        return
      case 'pingreq':
        return stream.send({ cmd: 'pingresp' })
      case 'disconnect':
        return stream.close()
      default:
        return
    }
  }

  const peer: MetlPeer = {
    subscribed,
    published,
    acknowledged,
    send: (message, packetId = ++lastPacketId) => {
      current?.send(toPublish(message, packetId))
      return packetId
    },
    disconnect: () => current?.close(),
  }
  return {
    peer,
    tunnel: () => {
      const stream = packetStream(traffic, { onPacket: (packet) => answer(stream, packet) })
      current = stream
      return stream.stream
    },
  }
}
