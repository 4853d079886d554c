import type { Authority, Broker } from '@antiphon/broker'
import { createBroker } from '@antiphon/broker'
import type { OutgoingMessage } from '@antiphon/core'
import type { Tunnel } from '@antiphon/mqtt'
import type { IPublishPacket, Packet } from 'mqtt-packet'
import { firstValueFrom, type SchedulerLike } from 'rxjs'
import type { IncomingMessage, MetlPeer, WorldOptions } from './metl-world.js'
import { packetStream, toOutgoingMessage, type PacketStream, type Traffic } from './packet-stream.js'

const UNSPECIFIED_ERROR = 0x80

/** The stream of the subject, and the one to the broker. */
interface Connection {
  readonly subject: PacketStream
  readonly broker: PacketStream
}

/**
 * Level 3: a live broker. The runner sees the packets between it and the subject, drops acknowledgements, and publishes as
 * another client. The broker refuses what a case lets fail.
 */
export function brokerProxy(
  { clientId, acks }: WorldOptions,
  traffic: Traffic,
  scheduler: SchedulerLike,
): { readonly tunnel: Tunnel; readonly peer: MetlPeer; readonly broker: Broker } {
  const subscribed = new Set<string>()
  const published: OutgoingMessage[] = []
  const acknowledged: number[] = []
  /** The messages that have arrived at the subject, in order, and how many of them stand for one that the case sends. */
  const arrived: IPublishPacket[] = []
  const redelivered: IPublishPacket[] = []
  let droppedPubacks = 0
  let current: Connection | undefined

  const isSubject = ({ client }: { readonly client: { readonly clientId: string } }): boolean =>
    client.clientId === clientId
  const authority: Authority = {
    authorizePublish: (request) => {
      const ack = isSubject(request) ? acks.publish.shift() : undefined
      if (ack === 'drop') droppedPubacks++
      return ack === 'fail' ? { refuse: UNSPECIFIED_ERROR } : 'allow'
    },
    authorizeSubscribe: (attempt) =>
      isSubject(attempt) && acks.subscribe.shift() === 'fail' ? { refuse: UNSPECIFIED_ERROR } : 'allow',
    authorizeUnsubscribe: (attempt) =>
      isSubject(attempt) && acks.unsubscribe.shift() === 'fail' ? { refuse: UNSPECIFIED_ERROR } : 'allow',
  }
  const broker = createBroker({ scheduler, authority })
  const peerLink = broker.link({ clientId: 'MetlPeer' })

  const fromSubject = (packet: Packet): void => {
    if (packet.cmd === 'subscribe') for (const { topic } of packet.subscriptions) subscribed.add(topic)
    if (packet.cmd === 'publish') published.push(toOutgoingMessage(packet))
    if (packet.cmd === 'puback') acknowledged.push(packet.messageId ?? 0)
  }

  /** Returns whether a packet of the broker reaches the subject. */
  const fromBroker = (packet: Packet): boolean => {
    if (packet.cmd === 'publish') (packet.dup ? redelivered : arrived).push(packet)
    if (packet.cmd !== 'puback' || droppedPubacks === 0) return true
    droppedPubacks--
    return false
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
      await firstValueFrom(peerLink.publish$(message))
      await traffic.settled()
      return arrived[length]?.messageId ?? 0
    },
    disconnect: () => {
      current?.subject.close()
      current?.broker.close()
    },
  }

  const tunnel: Tunnel = () => {
    const connection: Connection = {
      subject: packetStream(traffic, {
        onPacket: (packet) => {
          fromSubject(packet)
          connection.broker.send(packet)
        },
        onClose: () => connection.broker.close(),
      }),
      broker: packetStream(traffic, {
        onPacket: (packet) => {
          if (fromBroker(packet)) connection.subject.send(packet)
        },
        onClose: () => connection.subject.close(),
      }),
    }
    current = connection
    broker.handle(connection.broker.stream)
    return connection.subject.stream
  }
  return { tunnel, peer, broker }
}
