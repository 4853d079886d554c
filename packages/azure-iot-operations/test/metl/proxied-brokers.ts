import { createBroker, type Authority } from '@antiphon/broker'
import { connect } from '@antiphon/mqtt'
import type { Packet } from 'mqtt-packet'
import { createConnection } from 'node:net'
import { firstValueFrom, type SchedulerLike } from 'rxjs'
import type { AckKind, WorldOptions } from './metl-world.js'
import type { ProxiedBroker } from './packet-proxy.js'
import { packetStream, streamOverSocket, type Traffic } from './packet-stream.js'

const UNSPECIFIED_ERROR = 0x80

/** A live broker with what it needs to be closed. */
export interface LiveBroker extends ProxiedBroker {
  readonly close: () => Promise<void>
}

/** The broker of `@antiphon/broker`: it refuses what a case lets fail. The proxy drops acknowledgements. */
export function embeddedBroker(
  { clientId, acks }: WorldOptions,
  traffic: Traffic,
  scheduler: SchedulerLike,
): LiveBroker {
  let droppedPubacks = 0
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
  const peer = broker.link({ clientId: 'MetlPeer' })
  return {
    open: (events) => {
      const end = packetStream(traffic, events)
      broker.handle(end.stream)
      return end
    },
    pass: (packet) => {
      if (packet.cmd !== 'puback' || droppedPubacks === 0) return packet
      droppedPubacks--
      return undefined
    },
    publish: (message) => firstValueFrom(peer.publish$(message)),
    settled: () => traffic.settled(),
    close: () => broker.close(),
  }
}

/** Mosquitto: it has no hook by which it refuses single packets, so the proxy changes its acknowledgements. */
export function mosquittoBroker({ acks }: WorldOptions, traffic: Traffic, port: number): LiveBroker {
  const peer = connect(`mqtt://127.0.0.1:${port}`)
  const answer = (packet: Packet, ack: AckKind = 'success'): Packet | undefined => {
    if (ack === 'success') return packet
    if (ack === 'drop') return undefined
    if (packet.cmd === 'puback') return { ...packet, reasonCode: UNSPECIFIED_ERROR }
    return { ...packet, granted: [UNSPECIFIED_ERROR] } as Packet
  }
  return {
    open: (events) => streamOverSocket(createConnection(port, '127.0.0.1'), traffic, events),
    pass: (packet) => {
      if (packet.cmd === 'puback') return answer(packet, acks.publish.shift())
      if (packet.cmd === 'suback') return answer(packet, acks.subscribe.shift())
      if (packet.cmd === 'unsuback') return answer(packet, acks.unsubscribe.shift())
      return packet
    },
    publish: (message) => firstValueFrom(peer.publish$(message)),
    settled: () => traffic.settled(),
    close: () => peer.close(),
  }
}
