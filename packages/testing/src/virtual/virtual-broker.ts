import type { Link } from '@antiphon/core'
import {
  invalidArgument,
  linkOptionRules,
  linkOver,
  pickOptions,
  requireArgument,
  type Transport,
} from '@antiphon/core/link'
import { isMatch } from '@antiphon/core/topic'
import { Subject, Subscription } from 'rxjs'
import type { Fault, ScriptedFault } from '../faults/fault.js'
import { requireFault } from '../faults/fault-rules.js'
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
import { perDirection } from '../connection/latency.js'
import type { PacketTransform } from '../connection/packet-lane.js'
import type { ClientPacket, Packet, PacketType, ServerPacket } from '../connection/packet.js'
import {
  brokerOptionRules,
  clientOptionRules,
  outageOptionRules,
  playOptionRules,
  virtualLinkOptionRules,
} from './option-rules.js'
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
  requireArgument('options', options, brokerOptionRules)
  const { scheduler, latency, seed = 1 } = options
  if ((scheduler as unknown) === undefined) throw invalidArgument('options.scheduler is missing')
  const published$ = new Subject<Published>()
  const packets: Partial<Record<PacketType, number>> = {}
  const connections = { accepted: 0, refused: 0 }
  const state = brokerState({ ...options, onPublished: (published) => published$.next(published) })
  const network = makeNetwork(seededRandom(seed))
  const clientIds = new Set<string>()
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
    requireArgument('options', client, clientOptionRules)
    const connect = connectPacket(client, () => `client-${(clientCount += 1)}`)
    const { clientId } = connect
    clientIds.add(clientId)
    const connectionOptions = {
      scheduler,
      latency: perDirection(latency),
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

  const link = (linkOptions: VirtualLinkOptions = {}): Link => {
    requireArgument('options', linkOptions, virtualLinkOptionRules)
    return linkOver(transport(pickOptions(linkOptions, clientOptionRules)), {
      reconnect: immediateReconnect,
      ...pickOptions(linkOptions, linkOptionRules),
      scheduler,
    })
  }

  const down = (outageOptions: OutageOptions = {}): void => {
    requireArgument('options', outageOptions, outageOptionRules)
    const { sessions = 'keep' } = outageOptions
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

  const requireClient = (fault: Fault, scope: string | undefined): void => {
    const clientId = ('clientId' in fault ? fault.clientId : undefined) ?? scope
    if (clientId === undefined || clientIds.has(clientId)) return
    const known = [...clientIds].join(', ')
    throw invalidArgument(
      `cannot play a fault of client ${clientId}: the broker has no such client, only ${known === '' ? 'none' : known}`,
    )
  }

  const play = (script: string | readonly ScriptedFault[], playOptions: PlayOptions = {}): Subscription => {
    requireArgument('options', playOptions, playOptionRules)
    const { clientId, values } = playOptions
    const faults = typeof script === 'string' ? faultScript(script, values) : script
    for (const { fault } of faults) requireFault(fault)
    const scheduledFaults = new Subscription()
    for (const { at, fault } of faults) {
      const injectNow = (): void => void inject(fault, clientId)
      if (at === 0) injectNow()
      else scheduledFaults.add(scheduler.schedule(injectNow, at))
    }
    // The script may run before its client is made, but a client that is never made is a misspelt one.
    const end = Math.max(0, ...faults.map(({ at }) => at))
    scheduledFaults.add(
      scheduler.schedule(() => faults.forEach(({ fault }) => requireClient(fault, clientId)), end),
    )
    return scheduledFaults
  }

  return {
    ...controls,
    scheduler,
    link,
    transport,
    inject: (fault) => {
      requireFault(fault)
      return inject(fault)
    },
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
