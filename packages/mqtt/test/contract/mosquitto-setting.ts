import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import type { Ability, ContractLinkOptions, ContractSetting, ContractWorld } from '@antiphon/conformance'
import type { Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { type Mosquitto, startMosquitto } from '@antiphon/workshop'
import mqtt from 'mqtt'
import { filter, firstValueFrom } from 'rxjs'
import { dynamicSecurity, refusal } from '../dynamic-security.js'
import { type Proxy, startProxy } from '../proxy.js'

const patience = 15_000

/** The contract's setting over a Mosquitto of its own for each case, with a proxy before each link. */
export function mosquittoSetting(protocolVersion: 4 | 5): ContractSetting {
  const onlyVersion5 = protocolVersion === 5 ? true : 'MQTT 3.1.1 has none'
  const abilities: Readonly<Record<Ability, true | string>> = {
    cut: true,
    'lose-session': true,
    restart: true,
    'refuse-subscribe': true,
    'refuse-publish': onlyVersion5,
    'send-malformed': true,
    'count-packets': true,
    leftovers: true,
    'no-subscribers': onlyVersion5,
    properties: onlyVersion5,
    shared: true,
    overlap: true,
    identifiers: onlyVersion5,
  }
  return { makeWorld: () => makeWorld(protocolVersion), abilities }
}

/** A link with what stands around it. */
interface Placed {
  readonly clientId: string
  readonly proxy: Proxy
  /** What the process held before the link did anything. */
  readonly before: readonly string[]
}

async function makeWorld(protocolVersion: 4 | 5): Promise<ContractWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-contract-'))
  const file = join(folder, 'rules.json')
  const { config, rules } = dynamicSecurity(file)
  await writeFile(file, rules)
  const broker = await startMosquitto({
    persistence: folder,
    config: [
      ...config,
      'autosave_on_changes false',
      // Room for what the cases leave unacknowledged, and still a limit for them to run into.
      'max_inflight_messages 250',
      // One copy of a message however many filters ask for it, where MQTT 5 does not name them.
      ...(protocolVersion === 4 ? ['allow_duplicate_messages false'] : []),
    ],
  })
  const proxies = await Promise.all(Array.from({ length: 6 }, () => startProxy(broker.port, protocolVersion)))
  const peer = connect(broker.url, { protocolVersion, reconnect: { initial: 10, maximum: 100, jitter: 0 } })
  await isOnline(peer)
  const places = new Map<Link, Placed>()
  const placeOf = (link: Link): Placed => {
    const place = places.get(link)
    if (place === undefined) throw new Error('no link of this world')
    return place
  }

  const link = ({ persistentSession = false, maxQueuedMessages }: ContractLinkOptions = {}): Link => {
    const clientId = `link-${places.size + 1}`
    const proxy = proxies[places.size]
    if (proxy === undefined) throw new Error('more links than proxies')
    const isVersion5 = protocolVersion === 5
    const made = connect(proxy.url, {
      protocolVersion,
      clientId,
      clean: !persistentSession,
      ...(persistentSession && isVersion5 && { properties: { sessionExpiryInterval: 3_600 } }),
      reconnect: { initial: 10, maximum: 100, jitter: 0 },
      ...(maxQueuedMessages !== undefined && { queue: { messages: maxQueuedMessages } }),
    })
    places.set(made, { clientId, proxy, before: resources() })
    return made
  }
  const refuse = async (kind: 'subscribe' | 'publish', topic: string): Promise<void> => {
    await publishOnce(broker, refusal(kind, topic))
    await until(() => broker.log.some((line) => line.includes(`topic=${topic} `)))
    // The broker sends everybody away that the rule is for.
    await Promise.all([peer, ...places.keys()].map(isOnline))
  }

  return {
    link,
    peer,
    eventually: (happening) =>
      Promise.race([
        happening,
        wait(patience, undefined, { ref: false }).then(() => {
          throw new Error(`it did not happen within ${patience} ms:\n${broker.log.slice(-10).join('\n')}`)
        }),
      ]),
    settle: async () => {
      for (let round = 0; round < 3; round += 1) {
        for (const each of [peer, ...places.keys()]) await roundTrip(each)
        await turn()
      }
    },
    cut: async (target) => {
      const { proxy } = placeOf(target)
      proxy.isRefusing = true
      proxy.cut()
      await firstValueFrom(target.state$.pipe(filter(({ status }) => status !== 'online')))
    },
    restore: (target) => {
      placeOf(target).proxy.isRefusing = false
      return Promise.resolve()
    },
    loseSession: async (target) => {
      const { clientId } = placeOf(target)
      await (await mqtt.connectAsync(broker.url, { protocolVersion, clientId, clean: true })).endAsync()
    },
    restart: () => broker.restart(),
    refuseSubscribe: (wanted) => refuse('subscribe', wanted),
    refusePublish: (topic) => refuse('publish', topic),
    sendMalformed: async (target) => {
      placeOf(target).proxy.inject(publishOfWildcard(protocolVersion))
      await roundTrip(target)
    },
    packets: (wanted) => {
      const sent = [...places.values()].flatMap(({ proxy }) => proxy.sent)
      const requested = sent.flatMap((packet) => (packet.cmd === 'subscribe' ? packet.subscriptions : []))
      const left = sent.flatMap((packet) => (packet.cmd === 'unsubscribe' ? packet.unsubscriptions : []))
      return Promise.resolve({
        subscribe: requested.filter(({ topic }) => topic === wanted).length,
        unsubscribe: left.filter((topic) => topic === wanted).length,
      })
    },
    leftovers: async (target) => {
      const { proxy, before } = placeOf(target)
      await until(() => proxy.connections() === 0 && surplus(before).length === 0).catch(() => undefined)
      return [...surplus(before), ...Array<string>(proxy.connections()).fill('connection at the broker')]
    },
    dispose: async () => {
      await Promise.all([peer, ...places.keys()].map((each) => each.close()))
      await Promise.all(proxies.map((proxy) => proxy.stop()))
      await broker.stop()
      await rm(folder, { recursive: true })
    },
  }
}

async function isOnline(link: Link): Promise<void> {
  await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online' || status === 'closed')))
}

/** When it is back, the broker has worked off all that the link sent before, and the link what the broker sent. */
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

/** A PUBLISH to `a/+`, at QoS 0. */
function publishOfWildcard(protocolVersion: 4 | 5): Uint8Array {
  const body = [0, 3, 0x61, 0x2f, 0x2b, ...(protocolVersion === 5 ? [0] : [])]
  return Uint8Array.of(0x30, body.length, ...body)
}

function resources(): readonly string[] {
  return process.getActiveResourcesInfo().filter((name) => name !== 'Immediate')
}

/** What the process holds now and did not before. */
function surplus(before: readonly string[]): readonly string[] {
  const known = [...before]
  return resources().filter((name) => {
    const place = known.indexOf(name)
    if (place >= 0) known.splice(place, 1)
    return place < 0
  })
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < patience / 10; tries += 1) {
    if (isSo()) return
    await wait(10)
  }
  throw new Error('it did not come about')
}
