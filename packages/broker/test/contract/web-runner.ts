/**
 * Runs the contracts over links on the platform's WebSocket in a runtime without Node: a browser, Deno, Bun, workerd. The broker is in
 * the process of the test, whose server carries out faults and receives the results.
 */
import { exchangeContract, linkContract, type Ability, type ContractWorld } from '@antiphon/conformance'
import type { Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt/web'
import { filter, firstValueFrom } from 'rxjs'

declare const server: string

// Only for promises that never settle: the machine may be busy.
const eventuallyTimeout = 60_000

async function call(name: string, ...args: readonly unknown[]): Promise<unknown> {
  const response = await fetch(`${server}/call`, { method: 'POST', body: JSON.stringify({ name, args }) })
  return response.json()
}

const abilities: Readonly<Record<Ability, true | string>> = {
  cut: true,
  'lose-session': true,
  restart: true,
  'refuse-subscribe': true,
  'refuse-publish': true,
  'send-malformed': 'the broker sends no malformed packets',
  'count-packets': true,
  leftovers: true,
  'receive-maximum': true,
  'no-subscribers': true,
  properties: true,
  shared: true,
  overlap: true,
  identifiers: true,
}

async function makeWorld(): Promise<ContractWorld> {
  const url = (await call('start')) as string
  const clientIds = new Map<Link, string>()
  const link: ContractWorld['link'] = ({ persistentSession = false, maxQueuedMessages } = {}) => {
    const clientId = `link-${clientIds.size}`
    const created = connect(url, {
      clientId,
      clean: !persistentSession,
      ...(persistentSession && { properties: { sessionExpiryInterval: 3_600 } }),
      reconnect: { initial: 10, maximum: 100, jitter: 0 },
      ...(maxQueuedMessages !== undefined && { queue: { messages: maxQueuedMessages } }),
    })
    clientIds.set(created, clientId)
    return created
  }
  const on =
    (name: string) =>
    async (target: Link): Promise<void> =>
      void (await call(name, clientIds.get(target)))
  const peer = link()
  await firstValueFrom(peer.state$.pipe(filter(({ status }) => status === 'online')))

  return {
    link,
    peer,
    eventually: (promise) => Promise.race([promise, failAfterTimeout()]),
    settle: async () => {
      for (let round = 0; round < 3; round += 1) {
        for (const known of clientIds.keys()) await roundTrip(known)
        await new Promise((resolve) => setTimeout(resolve))
      }
    },
    cut: async (target) => {
      await on('cut')(target)
      await firstValueFrom(target.state$.pipe(filter(({ status }) => status !== 'online')))
    },
    restore: on('restore'),
    loseSession: on('loseSession'),
    restart: async () => void (await call('restart')),
    setReceiveMaximum: async (maximum) => void (await call('setReceiveMaximum', maximum)),
    refuseSubscribe: async (topicFilter, reasonCode) =>
      void (await call('refuseSubscribe', topicFilter, reasonCode)),
    refusePublish: async (topic, reasonCode) => void (await call('refusePublish', topic, reasonCode)),
    packets: (topicFilter) =>
      call('packets', topicFilter) as Promise<{ subscribe: number; unsubscribe: number }>,
    leftovers: (target) => call('leftovers', clientIds.get(target)) as Promise<string[]>,
    dispose: async () => {
      await Promise.all([...clientIds.keys()].map((known) => known.close()))
      await call('close')
    },
  }
}

/** Resolves when the broker has processed what the link sent before, and the link what the broker sent before. */
async function roundTrip(link: Link): Promise<void> {
  const state = await firstValueFrom(link.state$)
  if (state.status !== 'online') return
  await firstValueFrom(link.publish$({ topic: 'settle', payload: new Uint8Array() })).catch(() => undefined)
}

function failAfterTimeout(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(
      () => reject(new Error(`the expected promise did not resolve within ${eventuallyTimeout} ms`)),
      eventuallyTimeout,
    )
  })
}

/** Runs all cases, one after the other, and reports each result to the server. */
export async function runContracts(): Promise<void> {
  const setting = { makeWorld, abilities }
  const contracts = [linkContract(setting), exchangeContract(setting)]
  for (const { name, run } of contracts.flatMap(({ cases }) => cases)) {
    const failure = await run().then(
      () => null,
      (error: unknown) => (error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error)),
    )
    await call('report', name, failure)
  }
  await call('end')
}
