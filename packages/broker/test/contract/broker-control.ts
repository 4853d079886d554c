import { setTimeout as wait } from 'node:timers/promises'
import { reservePort } from '@antiphon/workshop'
import { createBroker } from '../../src/index.js'
import type { Authority, Broker } from '../../src/index.js'
import { memoryStorage } from '../storage/memory-storage.js'

// Only for connections that never close: the machine may be busy.
const closeTimeout = 60_000
const pollPeriod = 10

/** A broker of one contract case, with the faults that the case needs. Links are known by their Client Identifiers. */
export interface BrokerControl {
  /** The running broker: another one after a restart. */
  readonly broker: () => Broker
  readonly url: () => string
  readonly isRestarting: () => boolean
  /** Disconnects a client and refuses it until `restore`. */
  readonly cut: (clientId: string) => void
  readonly restore: (clientId: string) => void
  readonly loseSession: (clientId: string) => void
  readonly restart: () => Promise<void>
  readonly setReceiveMaximum: (receiveMaximum: number) => Promise<void>
  readonly refuseSubscribe: (filter: string, reasonCode: number) => void
  readonly refusePublish: (topic: string, reasonCode: number) => void
  readonly packets: (filter: string) => { readonly subscribe: number; readonly unsubscribe: number }
  readonly leftovers: (clientId: string) => Promise<readonly string[]>
  readonly close: () => Promise<void>
}

/** Starts an embedded broker with one listener. */
export async function startBroker(protocol: 'tcp' | 'ws'): Promise<BrokerControl> {
  const storage = memoryStorage()
  const refusedClientIds = new Set<string>()
  const refusals = { subscribe: new Map<string, number>(), publish: new Map<string, number>() }
  const subscribed: string[] = []
  const unsubscribed: string[] = []
  const authority: Authority = {
    authenticate: ({ clientId }) =>
      refusedClientIds.has(clientId) ? { admit: false, reasonCode: 0x88 } : { admit: true },
    authorizeSubscribe: ({ filter: requestedFilter }) => {
      subscribed.push(requestedFilter)
      const refuse = refusals.subscribe.get(requestedFilter)
      return refuse === undefined ? 'allow' : { refuse }
    },
    authorizePublish: ({ message: { topic } }) => {
      const refuse = refusals.publish.get(topic)
      return refuse === undefined ? 'allow' : { refuse }
    },
  }
  const start = async (port: number): Promise<{ broker: Broker; url: string }> => {
    const broker = createBroker({ authority, storage, closeTimeout: 0, limits: { receiveMaximum } })
    broker.events$.subscribe((event) => {
      if (event.type === 'unsubscribed') unsubscribed.push(event.filter)
    })
    return { broker, ...(await broker.listen({ protocol, port })) }
  }
  let receiveMaximum = 1_024
  // While the broker restarts, the system may give a port that it has chosen itself to a connection.
  const { port, release } = await reservePort()
  let running = await start(port)
  let isRestarting = false
  const restart = async (): Promise<void> => {
    isRestarting = true
    await running.broker.close()
    running = await start(port)
    isRestarting = false
  }
  const count = (filters: readonly string[], filter: string): number =>
    filters.filter((seen) => seen === filter).length

  return {
    broker: () => running.broker,
    url: () => running.url,
    isRestarting: () => isRestarting,
    cut: (clientId) => {
      refusedClientIds.add(clientId)
      running.broker.disconnect(clientId)
    },
    restore: (clientId) => void refusedClientIds.delete(clientId),
    loseSession: (clientId) => void running.broker.forget(clientId),
    restart,
    setReceiveMaximum: (changed) => {
      receiveMaximum = changed
      return restart()
    },
    refuseSubscribe: (filter, reasonCode) => void refusals.subscribe.set(filter, reasonCode),
    refusePublish: (topic, reasonCode) => void refusals.publish.set(topic, reasonCode),
    packets: (filter) => ({ subscribe: count(subscribed, filter), unsubscribe: count(unsubscribed, filter) }),
    leftovers: async (clientId) => {
      const isConnected = (): boolean => running.broker.session(clientId)?.client !== undefined
      for (let waited = 0; isConnected() && waited < closeTimeout; waited += pollPeriod)
        await wait(pollPeriod)
      return isConnected() ? ['a connection at the broker'] : []
    },
    close: async () => {
      await running.broker.close()
      release()
    },
  }
}
