import { createBroker, type Broker } from '@antiphon/broker'
import type { Delivery, Link } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { signed, signerOf, type Rejection, type SignedOptions } from '@antiphon/signed'
import { firstValueFrom, map, Subject, switchMap } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { newKey } from './signed-world.js'

const payload = new Uint8Array([1])
const request = { topic: 'a', payload, responseTopic: 'r', correlationData: payload }

let broker: Broker
let alice: Awaited<ReturnType<typeof newKey>>
let rejections: Rejection[]

const signedLink = (link: Link, options: Partial<SignedOptions> = {}): Link =>
  signed({
    key: alice.key,
    keys: { keys: [] },
    onRejected: (rejection) => rejections.push(rejection),
    ...options,
  })(link)

/** Subscribes to a filter and records the deliveries without acknowledging them. */
async function deliveriesOf(link: Link, filter = 'a'): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = []
  const opened = new Subject<void>()
  const isOpen = firstValueFrom(opened)
  link.subscription$(filter).subscribe(({ deliveries$ }) => {
    deliveries$.subscribe((delivery) => deliveries.push(delivery))
    opened.next()
  })
  await isOpen
  return deliveries
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve))
}

beforeEach(async () => {
  broker = createBroker()
  alice = await newKey('alice')
  rejections = []
})

afterEach(() => broker.close())

describe('the deliveries of a signed link', () => {
  it('include a redelivery of what was not acknowledged, on the next connection', async () => {
    const reconnect = { initial: 1, maximum: 1, jitter: 0 }
    const session = { clientId: 'server', clean: false, sessionExpiryInterval: 100, reconnect } as const
    const deliveries = await deliveriesOf(signedLink(broker.link(session)))
    await firstValueFrom(signedLink(broker.link()).publish$(request))
    await until(() => deliveries.length === 1)
    broker.disconnect('server')
    await until(() => deliveries.length === 2)
    expect(deliveries.map(({ message }) => [message.dup, signerOf(message)?.keyId])).toEqual([
      [false, 'alice'],
      [true, 'alice'],
    ])
    expect(rejections).toEqual([])
  })

  it('include no repetition of what was acknowledged, also if the broker calls it a redelivery', async () => {
    const redelivering = linkMiddleware({
      deliveries$: (deliveries$) =>
        deliveries$.pipe(map((delivery) => ({ ...delivery, message: { ...delivery.message, dup: true } }))),
    })
    const deliveries = await deliveriesOf(signedLink(redelivering(broker.link())))
    const plain = broker.link()
    const seen = firstValueFrom(plain.subscription$('a').pipe(switchMap(({ deliveries$ }) => deliveries$)))
    await firstValueFrom(plain.subscription$('a'))
    await firstValueFrom(signedLink(broker.link()).publish$(request))
    await until(() => deliveries.length === 1)
    deliveries[0]?.acknowledge()
    const { userProperties = [] } = (await seen).message
    await firstValueFrom(plain.publish$({ ...request, userProperties }))
    await until(() => rejections.length === 1)
    expect(rejections).toMatchObject([{ reason: 'replayed' }])
    expect(deliveries).toHaveLength(1)
  })

  it('reach every subscriber and every subscription once', async () => {
    const link = signedLink(broker.link())
    const all = await Promise.all([deliveriesOf(link), deliveriesOf(link), deliveriesOf(link, '#')])
    await firstValueFrom(signedLink(broker.link()).publish$(request))
    await until(() => all.every(({ length }) => length === 1))
    expect(rejections).toEqual([])
  })

  it('survive an onRejected that throws', async () => {
    const thrown: unknown[] = []
    const onUncaught = (error: unknown): void => void thrown.push(error)
    const previous = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', onUncaught)
    onTestFinished(() => {
      process.removeListener('uncaughtException', onUncaught)
      for (const listener of previous) process.on('uncaughtException', listener)
    })
    const onRejected = (): void => {
      throw new Error('broken log')
    }
    const deliveries = await deliveriesOf(signedLink(broker.link(), { onRejected }))
    await firstValueFrom(broker.link().publish$(request))
    await until(() => thrown.length === 1)
    await firstValueFrom(signedLink(broker.link()).publish$(request))
    await until(() => deliveries.length === 1)
    expect(String(thrown[0])).toContain('broken log')
  })

  it('drop a request without Correlation Data that is not signed, and pass one that is', async () => {
    const deliveries = await deliveriesOf(signedLink(broker.link()))
    const bare = { topic: 'a', payload, responseTopic: 'r' }
    await firstValueFrom(broker.link().publish$(bare))
    await firstValueFrom(signedLink(broker.link()).publish$(bare))
    await until(() => deliveries.length === 1)
    expect(rejections).toMatchObject([{ reason: 'unsigned' }])
  })
})
