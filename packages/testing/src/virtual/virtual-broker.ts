import type { Link } from '@antiphon/core'
import { linkOver, type Transport } from '@antiphon/core/link'
import { isMatch } from '@antiphon/core/topic'
import { Subject, Subscription } from 'rxjs'
import type { ScriptedFault } from '../faults/fault.js'
import { faultInjector } from '../faults/fault-injector.js'
import { makeNetwork } from '../faults/network.js'
import { seededRandom } from '../faults/seeded-random.js'
import { faultScript } from '../faults/fault-script.js'
import type {
  PlayOptions,
  Published,
  OutageOptions,
  VirtualBroker,
  VirtualBrokerOptions,
  VirtualClientOptions,
  VirtualLinkOptions,
} from './broker.js'
import { connectPacket } from './connect-packet.js'
import { openConnection } from '../connection/connection.js'
import type { PacketTransform } from '../connection/packet-lane.js'
import type { ClientPacket, Packet, PacketType, ServerPacket } from '../connection/packet.js'
import { brokerState } from './broker-state.js'
import { serverConnection } from './server-connection.js'
import { virtualTransport } from './virtual-transport.js'

const immediateReconnect = { initial: 1, maximum: 1, jitter: 0 }

/**
 * Returns a deterministic MQTT broker on an RxJS scheduler, with sessions, QoS 0 to 2, retained messages, shared
 * subscriptions, expiry and fault injection, and without any I/O.
 *
 * @example
 * ```ts
 * const broker = virtualBroker({ scheduler })
 * const link = broker.link({ clientId: 'thermostat' })
 * ```
 */
export function virtualBroker(options: VirtualBrokerOptions): VirtualBroker {
  const { scheduler, latency = 0, seed = 1 } = options
  const published$ = new Subject<Published>()
  const packets: Partial<Record<PacketType, number>> = {}
  const connections = { accepted: 0, refused: 0 }
  const state = brokerState({ ...options, onPublished: (published) => published$.next(published) })
  const network = makeNetwork(seededRandom(seed))
  let clientCount = 0
  let isUp = true

  const count = (packet: Packet): void => {
    packets[packet.type] = (packets[packet.type] ?? 0) + 1
    if (packet.type === 'connack') connections[packet.reasonCode === 0 ? 'accepted' : 'refused'] += 1
  }
  const countPackets =
    <P extends Packet>(transform: PacketTransform<P>): PacketTransform<P> =>
    (packet) => {
      count(packet)
      return transform(packet)
    }

  const transport = (client: VirtualClientOptions = {}): Transport => {
    const connect = connectPacket(client, () => `client-${(clientCount += 1)}`)
    const { clientId } = connect
    const { up = 0, down = 0 } = typeof latency === 'number' ? { up: latency, down: latency } : latency
    const connectionOptions = {
      scheduler,
      latency: { up, down },
      transformUp: countPackets<ClientPacket>(network.transformFor({ clientId, direction: 'from-client' })),
      transformDown: countPackets<ServerPacket>(network.transformFor({ clientId, direction: 'to-client' })),
    }
    const isReachable = (): boolean => isUp && !network.isBlocked(clientId)
    return virtualTransport(
      (receiver) =>
        openConnection({ ...connectionOptions, isReachable: isReachable() }, receiver, (end) => {
          const server = serverConnection(state, end)
          return {
            packet: (packet) => (isReachable() ? server.packet(packet) : end.cut()),
            closed: server.closed,
          }
        }),
      connect,
    )
  }

  const link = (linkOptions: VirtualLinkOptions = {}): Link =>
    linkOver(transport(linkOptions), { reconnect: immediateReconnect, ...linkOptions, scheduler })

  const down = ({ sessions = 'keep' }: OutageOptions = {}): void => {
    isUp = false
    for (const { clientId } of state.views()) state.disconnect(clientId, { session: sessions })
  }
  const up = (): void => {
    isUp = true
  }
  const controls = {
    disconnect: state.disconnect,
    down,
    up,
    restart: (outageOptions?: OutageOptions) => {
      down(outageOptions)
      up()
    },
    refuseConnect: (reasonCode: number, clientId?: string) =>
      state.refuse('connect', (connecting) => clientId === undefined || connecting === clientId, reasonCode),
    refuseSubscribe: (filter: string, reasonCode: number) =>
      state.refuse('subscribe', (subscribed) => subscribed === filter, reasonCode),
    refusePublish: (filter: string, reasonCode: number) =>
      state.refuse('publish', (topic) => isMatch(filter, topic), reasonCode),
    sessions: state.views,
  }
  const inject = faultInjector(controls, network)

  const play = (
    script: string | readonly ScriptedFault[],
    { clientId, values }: PlayOptions = {},
  ): Subscription => {
    const faults = typeof script === 'string' ? faultScript(script, values) : script
    const scheduledFaults = new Subscription()
    for (const { at, fault } of faults) {
      const injectNow = (): void => void inject(fault, clientId)
      if (at === 0) injectNow()
      else scheduledFaults.add(scheduler.schedule(injectNow, at))
    }
    return scheduledFaults
  }

  return {
    ...controls,
    scheduler,
    link,
    transport,
    inject: (fault) => inject(fault),
    play,
    setLimits: state.setLimits,
    publish: state.publish,
    published$: published$.asObservable(),
    subscriptions$: state.engine.subscriptions$,
    session: (clientId) => state.views().find((view) => view.clientId === clientId),
    subscriptions: () =>
      state
        .views()
        .flatMap(({ clientId, subscriptions }) =>
          subscriptions.map((subscription) => ({ ...subscription, clientId })),
        ),
    retained: state.retained,
    counts: () => ({
      connections: connections.accepted,
      refusedConnections: connections.refused,
      packets: { ...packets },
    }),
  }
}
