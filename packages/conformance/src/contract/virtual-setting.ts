import type { Link, LinkMiddleware } from '@antiphon/core'
import { linkOver, type LinkOptions, type Transport } from '@antiphon/core/link'
import { virtualBroker, type VirtualBrokerOptions } from '@antiphon/testing'
import { virtualTime } from '@antiphon/testing/internal'
import { asyncScheduler, filter, firstValueFrom, timer } from 'rxjs'
import type { Ability, ContractLinkOptions, ContractSetting, ContractWorld } from './world.js'

/** The options of `virtualSetting`. */
export interface VirtualSettingOptions extends Omit<VirtualBrokerOptions, 'scheduler'> {
  /** The middleware under test, between the virtual link and the contract. @defaultValue none */
  readonly middleware?: LinkMiddleware
  /** Makes a link over a transport. @defaultValue `linkOver` of `@antiphon/core/link` */
  readonly over?: (transport: Transport, options: LinkOptions) => Link
  /** The protocol version of the links, 4 for MQTT 3.1.1. @defaultValue 5 */
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
  'receive-maximum': true,
  'no-subscribers': true,
  properties: true,
  shared: true,
  overlap: true,
  identifiers: true,
}

/**
 * Returns a setting over virtual brokers on virtual time: for link middleware, and for the virtual link itself.
 *
 * @example
 * ```ts
 * const contract = linkContract(virtualSetting({ middleware: counted }))
 * ```
 */
export function virtualSetting(options: VirtualSettingOptions = {}): ContractSetting {
  const { protocolVersion = 5, overlap = 'once', limits = {} } = options
  const lackedAbilities: Partial<Record<Ability, string>> = {}
  if (protocolVersion === 4)
    for (const ability of ['no-subscribers', 'properties', 'receive-maximum', 'refuse-publish'] as const)
      lackedAbilities[ability] = 'MQTT 3.1.1 does not support it'
  if (protocolVersion === 4 || limits.subscriptionIdentifiers === false) {
    lackedAbilities.identifiers = 'the broker sends no Subscription Identifiers'
    if (overlap === 'each')
      lackedAbilities.overlap =
        'the broker sends one copy for each overlapping subscription, without Subscription Identifiers'
  }
  return { makeWorld: () => virtualWorld(options), abilities: { ...everyAbility, ...lackedAbilities } }
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
  let linkCount = 0
  const sentFilters = { subscribe: [] as string[], unsubscribe: [] as string[] }

  const makeLink = (
    makeLinkOver: typeof over,
    { persistentSession = false, maxQueuedMessages }: ContractLinkOptions = {},
  ): Link => {
    const clientId = `link-${(linkCount += 1)}`
    const transport = broker.transport({
      clientId,
      protocolVersion,
      ...(persistentSession ? { clean: false, sessionExpiryInterval: 3_600 } : {}),
    })
    const countedTransport = {
      ...transport,
      subscribe$: (...[requests, identifier]: Parameters<typeof transport.subscribe$>) => {
        sentFilters.subscribe.push(...requests.map((request) => request.filter))
        return transport.subscribe$(requests, identifier)
      },
      unsubscribe$: (filters: readonly string[]) => {
        sentFilters.unsubscribe.push(...filters)
        return transport.unsubscribe$(filters)
      },
    }
    const made = makeLinkOver(countedTransport, {
      scheduler,
      reconnect: { initial: 10, maximum: 100, jitter: 0 },
      ...(maxQueuedMessages === undefined ? {} : { queue: { messages: maxQueuedMessages } }),
    })
    clientIds.set(made, clientId)
    return made
  }
  const link = (linkOptions?: ContractLinkOptions): Link => {
    const plain = makeLink(over, linkOptions)
    const made = middleware(plain)
    clientIds.set(made, clientIdOf(plain))
    return made
  }
  const clientIdOf = (target: Link): string => clientIds.get(target) ?? '(not a link of this world)'

  const eventually = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    const end = scheduler.now() + 60_000
    for (let isQuiet = false; !isSettled && !isQuiet;) {
      await flushPromises()
      if (isSettled || time.step(end)) continue
      await nextTurn()
      isQuiet = !isSettled && !time.step(end)
    }
    if (!isSettled) throw new Error('the promise did not settle within 60 000 ms of virtual time')
    return promise
  }
  const settle = async (): Promise<void> => {
    const end = scheduler.now() + 200
    do {
      do await flushPromises()
      while (time.step(end))
      await nextTurn()
    } while (time.step(end))
  }

  const peer = makeLink(linkOver)
  return {
    link,
    peer,
    eventually,
    settle,
    cut: async (target) => {
      broker.inject({ kind: 'cut', clientId: clientIdOf(target) })
      await eventually(firstValueFrom(target.state$.pipe(filter(({ status }) => status !== 'online'))))
    },
    restore: (target) => resolved(broker.inject({ kind: 'restore', clientId: clientIdOf(target) })),
    loseSession: (target) => resolved(broker.disconnect(clientIdOf(target), { session: 'lose' })),
    restart: async () => {
      broker.restart()
      await settle()
    },
    refuseSubscribe: (requested, reasonCode) => resolved(broker.refuseSubscribe(requested, reasonCode)),
    refusePublish: (topic, reasonCode) => resolved(broker.refusePublish(topic, reasonCode)),
    setReceiveMaximum: (receiveMaximum) => resolved(broker.setLimits({ receiveMaximum })),
    sendMalformed: async (target, topic) => {
      broker.inject({ kind: 'malform', clientId: clientIdOf(target) })
      broker.publish({ topic, payload: new Uint8Array() })
      await settle()
    },
    packets: (topicFilter) =>
      Promise.resolve({
        subscribe: sentFilters.subscribe.filter((sent) => sent === topicFilter).length,
        unsubscribe: sentFilters.unsubscribe.filter((sent) => sent === topicFilter).length,
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

/** Flushes the microtask queue several times, enough for the promise chains of usual handlers. */
async function flushPromises(): Promise<void> {
  for (let rounds = 0; rounds < 10; rounds += 1) await Promise.resolve()
}

/** Waits for one turn of the event loop: settles all promises and runs the `onUnhandledError` reports of RxJS. */
function nextTurn(): Promise<unknown> {
  return firstValueFrom(timer(0, asyncScheduler))
}

/** Returns a resolved promise for a member that takes effect synchronously. */
function resolved(_: unknown): Promise<void> {
  return Promise.resolve()
}
