import type { Link, LinkMiddleware } from '@antiphon/core'
import { linkOver, type LinkOptions, type Transport } from '@antiphon/core/link'
import { virtualBroker, type VirtualBrokerOptions } from '@antiphon/testing'
import { virtualTime } from '@antiphon/testing/internal'
import { asyncScheduler, filter, firstValueFrom, timer } from 'rxjs'
import type { Ability, ContractLinkOptions, ContractSetting, ContractWorld } from './world.js'

/** How to run a contract on virtual time. */
export interface VirtualSettingOptions extends Omit<VirtualBrokerOptions, 'scheduler'> {
  /** What stands between the virtual link and the contract. @defaultValue nothing */
  readonly middleware?: LinkMiddleware
  /** The machinery that makes a link of a transport. @defaultValue that of `@antiphon/core` */
  readonly over?: (transport: Transport, options: LinkOptions) => Link
  /** @defaultValue 5 */
  readonly protocolVersion?: 4 | 5
}

const everyAbility: Readonly<Record<Ability, true>> = {
  cut: true,
  'lose-session': true,
  restart: true,
  'refuse-subscribe': true,
  'refuse-publish': true,
  'send-malformed': true,
  'count-packets': true,
  leftovers: true,
  'no-subscribers': true,
  properties: true,
  shared: true,
  overlap: true,
  identifiers: true,
}

/** The setting of a contract over virtual brokers: for link middleware, and for the virtual link itself. */
export function virtualSetting(options: VirtualSettingOptions = {}): ContractSetting {
  const { protocolVersion = 5, overlap = 'once', limits = {} } = options
  const lacking: Partial<Record<Ability, string>> = {}
  if (protocolVersion === 4)
    for (const ability of ['no-subscribers', 'properties', 'refuse-publish'] as const)
      lacking[ability] = 'MQTT 3.1.1 has none'
  if (protocolVersion === 4 || limits.subscriptionIdentifiers === false) {
    lacking.identifiers = 'the broker names no subscription'
    if (overlap === 'each') lacking.overlap = 'the broker sends a copy for each and names no subscription'
  }
  return { makeWorld: () => virtualWorld(options), abilities: { ...everyAbility, ...lacking } }
}

function virtualWorld({
  middleware = (link) => link,
  protocolVersion = 5,
  over = linkOver,
  ...options
}: VirtualSettingOptions): ContractWorld {
  const time = virtualTime()
  const { scheduler } = time
  const broker = virtualBroker({ ...options, scheduler })
  const clientIds = new Map<Link, string>()
  let lastLink = 0
  const filtersSeen = { subscribe: [] as string[], unsubscribe: [] as string[] }

  const linkBy = (
    machinery: typeof over,
    { isRemembered = false, queuedMessages }: ContractLinkOptions = {},
  ): Link => {
    const clientId = `link-${(lastLink += 1)}`
    const transport = broker.transport({
      clientId,
      protocolVersion,
      ...(isRemembered ? { clean: false, sessionExpiry: 3_600 } : {}),
    })
    const counted = {
      ...transport,
      subscribe$: (...[requests, identifier]: Parameters<typeof transport.subscribe$>) => {
        filtersSeen.subscribe.push(...requests.map((request) => request.filter))
        return transport.subscribe$(requests, identifier)
      },
      unsubscribe$: (filters: readonly string[]) => {
        filtersSeen.unsubscribe.push(...filters)
        return transport.unsubscribe$(filters)
      },
    }
    const made = machinery(counted, {
      scheduler,
      reconnect: { initial: 10, maximum: 100, jitter: 0 },
      ...(queuedMessages === undefined ? {} : { queue: { messages: queuedMessages } }),
    })
    clientIds.set(made, clientId)
    return made
  }
  const link = (wanted?: ContractLinkOptions): Link => {
    const plain = linkBy(over, wanted)
    const made = middleware(plain)
    clientIds.set(made, clientIdOf(plain))
    return made
  }
  const clientIdOf = (known: Link): string => clientIds.get(known) ?? '(no link of this world)'

  const eventually = async <T>(happening: Promise<T>): Promise<T> => {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    happening.then(settle, settle)
    const end = scheduler.now() + 60_000
    for (let isQuiet = false; !isSettled && !isQuiet;) {
      await promises()
      if (isSettled || time.step(end)) continue
      await turn()
      isQuiet = !isSettled && !time.step(end)
    }
    if (!isSettled) throw new Error('It did not happen within a minute of virtual time.')
    return happening
  }
  const settle = async (): Promise<void> => {
    const end = scheduler.now() + 200
    do {
      do await promises()
      while (time.step(end))
      await turn()
    } while (time.step(end))
  }

  const peer = linkBy(linkOver)
  return {
    link,
    peer,
    eventually,
    settle,
    cut: async (target) => {
      broker.inject({ kind: 'cut', clientId: clientIdOf(target) })
      await eventually(firstValueFrom(target.state$.pipe(filter(({ status }) => status !== 'online'))))
    },
    restore: (target) => done(broker.inject({ kind: 'restore', clientId: clientIdOf(target) })),
    loseSession: (target) => done(broker.disconnect(clientIdOf(target), { session: 'lose' })),
    restart: async () => {
      broker.restart()
      await settle()
    },
    refuseSubscribe: (asked, reasonCode) => done(broker.refuseSubscribe(asked, reasonCode)),
    refusePublish: (topic, reasonCode) => done(broker.refusePublish(topic, reasonCode)),
    sendMalformed: async (target, topic) => {
      broker.inject({ kind: 'malform', clientId: clientIdOf(target) })
      broker.publish({ topic, payload: new Uint8Array() })
      await settle()
    },
    packets: (wanted) =>
      Promise.resolve({
        subscribe: filtersSeen.subscribe.filter((seen) => seen === wanted).length,
        unsubscribe: filtersSeen.unsubscribe.filter((seen) => seen === wanted).length,
      }),
    leftovers: async (target) => {
      await settle()
      const timers = time.pending().map((due) => `a timer at ${due}`)
      const isConnected = broker.session(clientIdOf(target))?.isConnected === true
      return isConnected ? [...timers, 'a connection'] : timers
    },
    dispose: async () => {
      const closing = [...clientIds.keys()].map((made) => made.close())
      await eventually(Promise.all(closing))
    },
  }
}

/** Lets promises settle that follow from one another, as far as handlers are wont to have them. */
async function promises(): Promise<void> {
  for (let rounds = 0; rounds < 10; rounds += 1) await Promise.resolve()
}

/** A turn of the event loop: lets all promises settle, and what RxJS reports outside of all streams. */
function turn(): Promise<unknown> {
  return firstValueFrom(timer(0, asyncScheduler))
}

/** What took effect at once, as the promise a world with a real broker needs. */
function done(_: unknown): Promise<void> {
  return Promise.resolve()
}
