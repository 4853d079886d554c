import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import type { Ability, ContractLinkOptions, ContractSetting, ContractWorld } from '@antiphon/conformance'
import type { Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { connect as connectWeb, type WebSocketConstructor } from '@antiphon/mqtt/web'
import { type Mosquitto, startMosquitto } from '@antiphon/workshop'
import mqtt from 'mqtt'
import { filter, firstValueFrom } from 'rxjs'
import { WebSocket } from 'ws'
import { dynamicSecurity, refusal } from '../dynamic-security.js'
import { startProxy } from '../proxy.js'
import { startWebSocketProxy } from '../web/web-socket-proxy.js'

const { WebSocket: globalWebSocket } = globalThis as { readonly WebSocket?: WebSocketConstructor }

// Only for events that never happen: the machine may be busy.
const eventTimeout = 60_000

/** How the links connect: by MQTT.js over TCP, or over the WebSocket of the platform. */
export type MosquittoLinkKind = 'MQTT.js' | 'WebSocket'

/** Creates the contract's setting: each case gets its own Mosquitto, with a proxy in front of each link. */
export function mosquittoSetting(
  protocolVersion: 4 | 5,
  linkKind: MosquittoLinkKind = 'MQTT.js',
): ContractSetting {
  const onMqtt5 = protocolVersion === 5 ? true : 'MQTT 3.1.1 does not have it'
  const abilities: Readonly<Record<Ability, true | string>> = {
    cut: true,
    'lose-session': true,
    restart: true,
    'refuse-subscribe': true,
    'refuse-publish': onMqtt5,
    'send-malformed': true,
    'count-packets': true,
    leftovers: true,
    'receive-maximum': 'Mosquitto changes its Receive Maximum only with a restart',
    'no-subscribers': onMqtt5,
    properties: onMqtt5,
    shared: true,
    overlap: true,
    identifiers: onMqtt5,
  }
  return { makeWorld: () => makeWorld(protocolVersion, linkKind), abilities }
}

/** A link's client identifier and proxy, and the resources of the process before the link was used. */
interface LinkSetup {
  readonly clientId: string
  readonly proxy: ContractProxy
  /** The active resources of the process before the link was created. */
  readonly initialResources: readonly string[]
}

/** The members of both kinds of proxy that the setting uses. */
type ContractProxy = Awaited<ReturnType<typeof startWebSocketProxy>>

async function makeWorld(protocolVersion: 4 | 5, linkKind: MosquittoLinkKind): Promise<ContractWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-contract-'))
  const file = join(folder, 'rules.json')
  const { config, rules } = dynamicSecurity(file)
  await writeFile(file, rules)
  const broker = await startMosquitto({
    persistence: folder,
    websockets: linkKind === 'WebSocket',
    config: [
      ...config,
      'autosave_on_changes false',
      // More than the cases leave unacknowledged, but a limit that they can reach.
      'max_inflight_messages 250',
      // One copy of a message for overlapping filters: 3.1.1 has no Subscription Identifier to tell copies apart.
      ...(protocolVersion === 4 ? ['allow_duplicate_messages false'] : []),
    ],
  })
  const proxies = await Promise.all(
    Array.from({ length: 12 }, () =>
      linkKind === 'MQTT.js'
        ? startProxy(broker.port, protocolVersion)
        : startWebSocketProxy(broker.wsUrl ?? '', protocolVersion),
    ),
  )
  const connectTo: typeof connectWeb =
    linkKind === 'MQTT.js'
      ? connect
      : // Node 20 has no WebSocket of its own.
        (url, options) => connectWeb(url, { webSocket: globalWebSocket ?? WebSocket, ...options })
  const peer = connectTo((linkKind === 'MQTT.js' ? broker.url : broker.wsUrl) ?? '', {
    protocolVersion,
    reconnect: { initial: 10, maximum: 100, jitter: 0 },
  })
  await whenOnline(peer)
  const setups = new Map<Link, LinkSetup>()
  const setupOf = (link: Link): LinkSetup => {
    const setup = setups.get(link)
    if (setup === undefined) throw new Error('the link was not created by this world')
    return setup
  }

  const link = ({ persistentSession = false, maxQueuedMessages }: ContractLinkOptions = {}): Link => {
    const clientId = `link-${setups.size + 1}`
    const proxy = proxies[setups.size]
    if (proxy === undefined) throw new Error('too many links: there is one proxy for each of twelve')
    const isVersion5 = protocolVersion === 5
    const created = connectTo(proxy.url, {
      protocolVersion,
      clientId,
      clean: !persistentSession,
      ...(persistentSession && isVersion5 && { properties: { sessionExpiryInterval: 3_600 } }),
      reconnect: { initial: 10, maximum: 100, jitter: 0 },
      ...(maxQueuedMessages !== undefined && { queue: { messages: maxQueuedMessages } }),
    })
    setups.set(created, { clientId, proxy, initialResources: resources() })
    return created
  }
  const refuse = async (kind: 'subscribe' | 'publish', topic: string): Promise<void> => {
    // The broker disconnects all clients that the rule applies to.
    const links = [peer, ...setups.keys()]
    const disconnected = links.map(whenDisconnected)
    await publishOnce(broker, refusal(kind, topic))
    await until(() => broker.log.some((line) => line.includes(`topic=${topic} `)))
    await Promise.all(disconnected)
    await Promise.all(links.map(whenOnline))
  }

  return {
    link,
    peer,
    eventually: (event) =>
      Promise.race([
        event,
        wait(eventTimeout, undefined, { ref: false }).then(() => {
          throw new Error(
            `the event did not happen within ${eventTimeout} ms; end of the broker's log:\n${broker.log.slice(-10).join('\n')}`,
          )
        }),
      ]),
    settle: async () => {
      for (let round = 0; round < 3; round += 1) {
        for (const target of [peer, ...setups.keys()]) await roundTrip(target)
        await turn()
      }
    },
    cut: async (target) => {
      const { proxy } = setupOf(target)
      proxy.isRefusing = true
      proxy.cut()
      await firstValueFrom(target.state$.pipe(filter(({ status }) => status !== 'online')))
    },
    restore: (target) => {
      setupOf(target).proxy.isRefusing = false
      return Promise.resolve()
    },
    loseSession: async (target) => {
      const { clientId } = setupOf(target)
      await (await mqtt.connectAsync(broker.url, { protocolVersion, clientId, clean: true })).endAsync()
    },
    restart: () => broker.restart(),
    refuseSubscribe: (filter) => refuse('subscribe', filter),
    refusePublish: (topic) => refuse('publish', topic),
    sendMalformed: async (target) => {
      setupOf(target).proxy.inject(publishToWildcard(protocolVersion))
      await roundTrip(target)
    },
    packets: (filter) => {
      const sent = [...setups.values()].flatMap(({ proxy }) => proxy.sent)
      const subscribed = sent.flatMap((packet) => (packet.cmd === 'subscribe' ? packet.subscriptions : []))
      const unsubscribed = sent.flatMap((packet) =>
        packet.cmd === 'unsubscribe' ? packet.unsubscriptions : [],
      )
      return Promise.resolve({
        subscribe: subscribed.filter(({ topic }) => topic === filter).length,
        unsubscribe: unsubscribed.filter((topic) => topic === filter).length,
      })
    },
    leftovers: async (target) => {
      const { proxy, initialResources } = setupOf(target)
      await until(() => proxy.connections() === 0 && leakedResources(initialResources).length === 0).catch(
        () => undefined,
      )
      return [
        ...leakedResources(initialResources),
        ...Array<string>(proxy.connections()).fill('connection at the broker'),
      ]
    },
    dispose: async () => {
      await Promise.all([peer, ...setups.keys()].map((target) => target.close()))
      await Promise.all(proxies.map((proxy) => proxy.stop()))
      await broker.stop()
      await rm(folder, { recursive: true })
    },
  }
}

async function whenOnline(link: Link): Promise<void> {
  await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online' || status === 'closed')))
}

/** Resolves when a link that is online now has lost its connection; at once for any other link. */
async function whenDisconnected(link: Link): Promise<void> {
  await firstValueFrom(link.state$.pipe(filter(({ status }) => status !== 'online')))
}

/** Publishes and waits for PUBACK: then the broker has processed all earlier packets of the link, and the link those of the broker. */
async function roundTrip(link: Link): Promise<void> {
  const state = await firstValueFrom(link.state$)
  if (state.status !== 'online') return
  await firstValueFrom(link.publish$({ topic: 'settle', payload: new Uint8Array() })).catch(() => undefined)
}

async function publishOnce(
  { url }: Mosquitto,
  { topic, payload }: { topic: string; payload: Uint8Array },
): Promise<void> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 })
  client.publish(topic, Buffer.from(payload), { qos: 0 })
  await client.endAsync()
}

/** Encodes a QoS 0 PUBLISH to `a/+`. */
function publishToWildcard(protocolVersion: 4 | 5): Uint8Array {
  const body = [0, 3, 0x61, 0x2f, 0x2b, ...(protocolVersion === 5 ? [0] : [])]
  return Uint8Array.of(0x30, body.length, ...body)
}

function resources(): readonly string[] {
  return process.getActiveResourcesInfo().filter((name) => name !== 'Immediate')
}

/** Returns the active resources that are not in `initial`. */
function leakedResources(initial: readonly string[]): readonly string[] {
  const unmatched = [...initial]
  return resources().filter((name) => {
    const index = unmatched.indexOf(name)
    if (index >= 0) unmatched.splice(index, 1)
    return index < 0
  })
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < eventTimeout / 10; tries += 1) {
    if (condition()) return
    await wait(10)
  }
  throw new Error(`the condition did not become true: ${condition.toString()}`)
}
