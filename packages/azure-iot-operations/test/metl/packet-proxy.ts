import type { OutgoingMessage } from '@antiphon/core'
import type { Tunnel } from '@antiphon/mqtt'
import type { IPublishPacket, Packet } from 'mqtt-packet'
import type { IncomingMessage, MetlPeer } from './metl-world.js'
import {
  packetStream,
  toOutgoingMessage,
  type PacketStream,
  type PacketStreamEvents,
  type Traffic,
} from './packet-stream.js'

/** A live broker behind a proxy. */
export interface ProxiedBroker {
  /** Opens a stream to the broker. */
  readonly open: (events: PacketStreamEvents) => PacketStream
  /** Returns the packet that the subject gets in place of one of the broker; `undefined` for none. */
  readonly pass: (packet: Packet) => Packet | undefined
  /** Publishes a message as another client. */
  readonly publish: (message: IncomingMessage) => Promise<unknown>
  /** Resolves when no packet is on its way. */
  readonly settled: () => Promise<void>
}

/** The stream of the subject, and the one to the broker. */
interface Connection {
  readonly subject: PacketStream
  readonly broker: PacketStream
  hasConnect: boolean
}

/** A subject and a live broker, with what the runner sees and does between them. */
export interface PacketProxy {
  readonly tunnel: Tunnel
  readonly peer: MetlPeer
  /** Resolves when the broker has processed what it has been sent, by a PINGREQ of the proxy. */
  readonly barrier: () => Promise<void>
}

/** Level 3: the runner sees the packets between the subject and a live broker, and publishes as another client. */
export function packetProxy(traffic: Traffic, broker: ProxiedBroker): PacketProxy {
  const subscribed = new Set<string>()
  const published: OutgoingMessage[] = []
  const acknowledged: number[] = []
  /** The messages that have arrived at the subject for the first time, in order. */
  const arrived: IPublishPacket[] = []
  const redelivered: IPublishPacket[] = []
  /** The barriers whose PINGRESP has not arrived, in order. */
  const barriers: (() => void)[] = []
  let current: Connection | undefined

  const fromSubject = (packet: Packet): void => {
    if (packet.cmd === 'subscribe') for (const { topic } of packet.subscriptions) subscribed.add(topic)
    if (packet.cmd === 'publish') published.push(toOutgoingMessage(packet))
    if (packet.cmd === 'puback') acknowledged.push(packet.messageId ?? 0)
  }

  const fromBroker = (packet: Packet, subject: PacketStream): void => {
    if (packet.cmd === 'pingresp') return barriers.shift()?.()
    if (packet.cmd === 'publish') (packet.dup ? redelivered : arrived).push(packet)
    const passed = broker.pass(packet)
    if (passed !== undefined) subject.send(passed)
  }

  /** A message that a case sends again after a lost connection is the one that the broker redelivers. */
  const takeRedelivered = ({ topic, correlationData }: IncomingMessage): IPublishPacket | undefined => {
    const index = redelivered.findIndex(
      (packet) =>
        packet.topic === topic &&
        Buffer.from(correlationData ?? []).equals(packet.properties?.correlationData ?? Buffer.of()),
    )
    return index < 0 ? undefined : redelivered.splice(index, 1)[0]
  }

  const peer: MetlPeer = {
    subscribed,
    published,
    acknowledged,
    send: async (message) => {
      const again = takeRedelivered(message)
      if (again !== undefined) return again.messageId ?? 0
      const { length } = arrived
      await broker.publish(message)
      await broker.settled()
      return arrived[length]?.messageId ?? 0
    },
    disconnect: () => {
      current?.subject.close()
      current?.broker.close()
    },
  }

  const tunnel: Tunnel = () => {
    const connection: Connection = {
      hasConnect: false,
      subject: packetStream(traffic, {
        onPacket: (packet) => {
          connection.hasConnect = true
          fromSubject(packet)
          connection.broker.send(packet)
        },
        onClose: () => connection.broker.close(),
      }),
      broker: broker.open({
        onPacket: (packet) => fromBroker(packet, connection.subject),
        onClose: () => {
          connection.hasConnect = false
          for (const pass of barriers.splice(0)) pass()
          connection.subject.close()
        },
      }),
    }
    current = connection
    return connection.subject.stream
  }

  const barrier = async (): Promise<void> => {
    if (current?.hasConnect !== true) return
    await new Promise<void>((resolve) => {
      barriers.push(resolve)
      current?.broker.send({ cmd: 'pingreq' })
    })
  }
  return { tunnel, peer, barrier }
}
