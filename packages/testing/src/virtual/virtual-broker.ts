import type { Link } from '@antiphon/core'
import { linkOver, type Transport } from '@antiphon/core/link'
import { isMatch } from '@antiphon/core/topic'
import { Subject, Subscription } from 'rxjs'
import type { ScriptedFault } from '../faults/fault.js'
import { faultInjector } from '../faults/inject.js'
import { network } from '../faults/network.js'
import { seededRandom } from '../faults/random.js'
import { faultScript } from '../faults/script.js'
import type {
  PlayOptions,
  Published,
  SessionFate,
  SubscriptionChange,
  VirtualBroker,
  VirtualBrokerOptions,
  VirtualClientOptions,
  VirtualLinkOptions,
} from './broker.js'
import { connectPacket } from './client-options.js'
import { connection } from './connection.js'
import type { Disturb } from './lane.js'
import type { ClientPacket, Packet, PacketType, ServerPacket } from './packet.js'
import { registry } from './registry.js'
import { serverConnection } from './server-connection.js'
import { virtualTransport } from './transport.js'

const everyMillisecond = { initial: 1, maximum: 1, jitter: 0 }

/**
 * A deterministic MQTT broker on an RxJS scheduler: sessions, QoS 0 to 2, retained messages, shared groups, expiry,
 * faults on demand, and no input or output at all.
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
  const subscriptions$ = new Subject<SubscriptionChange>()
  const state = registry({
    ...options,
    onPublished: (published) => published$.next(published),
    onSubscription: (change) => subscriptions$.next(change),
  })
  const net = network(seededRandom(seed))
  let lastClient = 0
  let isUp = true

  const count = (packet: Packet): void => {
    packets[packet.type] = (packets[packet.type] ?? 0) + 1
    if (packet.type === 'connack') connections[packet.reasonCode === 0 ? 'accepted' : 'refused'] += 1
  }
  const counted =
    <P extends Packet>(disturb: Disturb<P>): Disturb<P> =>
    (packet) => {
      count(packet)
      return disturb(packet)
    }

  const transport = (client: VirtualClientOptions = {}): Transport => {
    const connect = connectPacket(client, () => `client-${(lastClient += 1)}`)
    const { clientId } = connect
    const { up = 0, down = 0 } = typeof latency === 'number' ? { up: latency, down: latency } : latency
    const lanes = {
      scheduler,
      latency: { up, down },
      disturbUp: counted<ClientPacket>(net.disturb({ clientId, direction: 'from-client' })),
      disturbDown: counted<ServerPacket>(net.disturb({ clientId, direction: 'to-client' })),
    }
    const isReachable = (): boolean => isUp && !net.isBarred(clientId)
    return virtualTransport(
      (receiver) =>
        connection({ ...lanes, isReachable: isReachable() }, receiver, (end) => {
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
    linkOver(transport(linkOptions), { reconnect: everyMillisecond, ...linkOptions, scheduler })

  const down = ({ sessions = 'keep' }: SessionFate = {}): void => {
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
    restart: (fate?: SessionFate) => {
      down(fate)
      up()
    },
    refuseConnect: (reasonCode: number, clientId?: string) =>
      state.refuse('connect', (asking) => clientId === undefined || asking === clientId, reasonCode),
    refuseSubscribe: (filter: string, reasonCode: number) =>
      state.refuse('subscribe', (asked) => asked === filter, reasonCode),
    refusePublish: (filter: string, reasonCode: number) =>
      state.refuse('publish', (topic) => isMatch(filter, topic), reasonCode),
    sessions: state.views,
  }
  const inject = faultInjector(controls, net)

  const play = (
    script: string | readonly ScriptedFault[],
    { clientId, values }: PlayOptions = {},
  ): Subscription => {
    const faults = typeof script === 'string' ? faultScript(script, values) : script
    const playing = new Subscription()
    for (const { at, fault } of faults) {
      const strike = (): void => void inject(fault, clientId)
      if (at === 0) strike()
      else playing.add(scheduler.schedule(strike, at))
    }
    return playing
  }

  return {
    ...controls,
    scheduler,
    link,
    transport,
    inject: (fault) => inject(fault),
    play,
    publish: state.publish,
    published$: published$.asObservable(),
    subscriptions$: subscriptions$.asObservable(),
    session: (clientId) => state.views().find((view) => view.clientId === clientId),
    subscriptions: () =>
      state
        .views()
        .flatMap(({ clientId, subscriptions }) => subscriptions.map((one) => ({ ...one, clientId }))),
    retained: state.retained,
    counts: () => ({
      connections: connections.accepted,
      refusedConnections: connections.refused,
      packets: { ...packets },
    }),
  }
}
