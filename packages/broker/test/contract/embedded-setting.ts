import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import type { Ability, ContractLinkOptions, ContractSetting, ContractWorld } from '@antiphon/conformance'
import { linkOver, type Transport } from '@antiphon/core/link'
import type { Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { filter, firstValueFrom } from 'rxjs'
import { createBroker } from '../../src/index.js'
import type { Authority, Broker } from '../../src/index.js'
import { memoryStorage } from '../storage/memory-storage.js'

/** How the links of a contract reach the embedded broker. */
export type Way = 'in process' | 'by socket'

const patience = 15_000
const linkOptions = { reconnect: { initial: 10, maximum: 100, jitter: 0 } }

/** The contract's setting over an embedded broker of its own for each case. */
export function embeddedSetting(way: Way, protocolVersion: 4 | 5): ContractSetting {
  const onlyVersion5 = protocolVersion === 5 ? true : 'MQTT 3.1.1 has none'
  const abilities: Readonly<Record<Ability, true | string>> = {
    cut: true,
    'lose-session': true,
    restart: true,
    'refuse-subscribe': true,
    'refuse-publish': onlyVersion5,
    'send-malformed': 'the broker sends nothing malformed',
    'count-packets': true,
    leftovers: true,
    'no-subscribers': onlyVersion5,
    properties: onlyVersion5,
    shared: true,
    overlap: true,
    identifiers: onlyVersion5,
  }
  return { makeWorld: () => makeWorld(way, protocolVersion), abilities }
}

async function makeWorld(way: Way, protocolVersion: 4 | 5): Promise<ContractWorld> {
  const storage = memoryStorage()
  const barred = new Set<string>()
  const refusals = { subscribe: new Map<string, number>(), publish: new Map<string, number>() }
  const subscribed: string[] = []
  const unsubscribed: string[] = []
  const authority: Authority = {
    authenticate: ({ clientId }) =>
      barred.has(clientId) ? { admit: false, reasonCode: 0x88 } : { admit: true },
    authorizeSubscribe: ({ filter: requested }) => {
      subscribed.push(requested)
      const refuse = refusals.subscribe.get(requested)
      return refuse === undefined ? 'allow' : { refuse }
    },
    authorizePublish: ({ message: { topic } }) => {
      const refuse = refusals.publish.get(topic)
      return refuse === undefined ? 'allow' : { refuse }
    },
  }
  const start = async (port: number): Promise<{ broker: Broker; url: string; port: number }> => {
    const broker = createBroker({ authority, storage, closeTimeout: 0 })
    broker.events$.subscribe((event) => {
      if (event.type === 'unsubscribed') unsubscribed.push(event.filter)
    })
    return { broker, ...(await broker.listen({ protocol: 'tcp', port })) }
  }
  let running = await start(0)

  const names = new Map<Link, string>()
  const link = ({ persistentSession = false, maxQueuedMessages }: ContractLinkOptions = {}): Link => {
    const clientId = `link-${names.size}`
    const queue = maxQueuedMessages === undefined ? {} : { queue: { messages: maxQueuedMessages } }
    const remembered = persistentSession ? { sessionExpiryInterval: 3_600 } : {}
    const client = { clientId, protocolVersion, clean: !persistentSession }
    const made =
      way === 'in process'
        ? linkOver(
            restartable(() => running.broker.transport({ ...client, ...remembered })),
            { ...linkOptions, ...queue },
          )
        : connect(running.url, {
            ...client,
            ...(persistentSession && protocolVersion === 5 && { properties: remembered }),
            ...linkOptions,
            ...queue,
          })
    names.set(made, clientId)
    return made
  }
  const nameOf = (known: Link): string => names.get(known) ?? '(no link of this world)'
  const peer = link()
  await isOnline(peer)

  return {
    link,
    peer,
    eventually: (happening) => Promise.race([happening, tooLate()]),
    settle: async () => {
      for (let round = 0; round < 3; round++) {
        for (const each of names.keys()) await roundTrip(each)
        await turn()
      }
    },
    cut: async (target) => {
      barred.add(nameOf(target))
      running.broker.disconnect(nameOf(target))
      await firstValueFrom(target.state$.pipe(filter(({ status }) => status !== 'online')))
    },
    restore: (target) => done(barred.delete(nameOf(target))),
    loseSession: (target) => done(running.broker.forget(nameOf(target))),
    restart: async () => {
      await running.broker.close()
      running = await start(running.port)
    },
    refuseSubscribe: (requested, reasonCode) => done(refusals.subscribe.set(requested, reasonCode)),
    refusePublish: (topic, reasonCode) => done(refusals.publish.set(topic, reasonCode)),
    packets: (wanted) =>
      Promise.resolve({
        subscribe: subscribed.filter((seen) => seen === wanted).length,
        unsubscribe: unsubscribed.filter((seen) => seen === wanted).length,
      }),
    leftovers: async (target) => {
      const isConnected = (): boolean => running.broker.session(nameOf(target))?.client !== undefined
      for (let tries = 0; isConnected() && tries < 100; tries++) await turn()
      return isConnected() ? ['a connection at the broker'] : []
    },
    dispose: async () => {
      await Promise.all([...names.keys()].map((each) => each.close()))
      await running.broker.close()
    },
  }
}

/** A transport that goes to whichever broker runs when it connects. */
function restartable(make: () => Transport): Transport {
  let transport = make()
  return {
    connect$: (attempt) => {
      transport = make()
      return transport.connect$(attempt)
    },
    subscribe$: (requests, identifier) => transport.subscribe$(requests, identifier),
    unsubscribe$: (filters) => transport.unsubscribe$(filters),
    publish$: (message) => transport.publish$(message),
    disconnect$: () => transport.disconnect$(),
  }
}

async function isOnline(link: Link): Promise<void> {
  await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
}

/** When it is back, the broker has worked off all that the link sent before, and the link what the broker sent. */
async function roundTrip(link: Link): Promise<void> {
  const state = await firstValueFrom(link.state$)
  if (state.status !== 'online') return
  await firstValueFrom(link.publish$({ topic: 'settle', payload: new Uint8Array() })).catch(() => undefined)
}

async function tooLate(): Promise<never> {
  await wait(patience, undefined, { ref: false })
  throw new Error(`it did not happen within ${patience} ms`)
}

function done(_: unknown): Promise<void> {
  return Promise.resolve()
}
