import { endpoint, exchange$, responseSubscription$, text, topicParams, type Link } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { observe, respondOn } from '../observed.js'
import { inWorld, type World } from '../world.js'

/** Each sensor has a response topic of its own. */
const readings = endpoint({
  topic: 'readings/{sensor}',
  responseTopic: 'readings/{sensor}/response',
  request: text,
  response: text,
  correlation: topicParams(),
})

/** Responds to each request after a second, with the name of the sensor. */
function startSensors(world: World): void {
  respondOn(
    world,
    'readings/+',
    ({ topic }) => [{ topic: `${topic}/response`, payload: new TextEncoder().encode(topic.split('/')[1]) }],
    1_000,
  )
  world.advance(100)
}

const openLink = (world: World, maxResponseSubscriptions: number): Link =>
  world.link('requester', { maxResponseSubscriptions })

const send = (world: World, link: Link, sensor: string, timeout = 60_000): ReturnType<typeof observe> =>
  observe(world, exchange$(link, readings, { params: { sensor }, value: 'now' }, { timeout }))

/** The response filters that the broker has of the requester. */
const filtersOf = ({ broker }: World): readonly string[] =>
  broker
    .subscriptions()
    .filter(({ clientId }) => clientId === 'requester')
    .map(({ filter }) => filter)

describe('maxResponseSubscriptions', () => {
  it('lets further requests wait in order until a subscription is released', () => {
    inWorld((world) => {
      startSensors(world)
      const link = openLink(world, 2)
      const calls = ['a', 'b', 'c', 'd', 'e'].map((sensor) => send(world, link, sensor))
      let most = 0
      for (let step = 0; step < 40; step++) {
        world.advance(100)
        most = Math.max(most, filtersOf(world).length)
      }
      expect(calls.map(({ values }) => values)).toEqual([['a'], ['b'], ['c'], ['d'], ['e']])
      expect(most).toBe(2)
      const [first, second, third] = calls.map(({ at }) => at[0] ?? 0)
      expect(second).toBe(first)
      expect(third).toBeGreaterThan(second ?? 0)
    })
  })

  it('lets requests share a subscription that exists', () => {
    inWorld((world) => {
      startSensors(world)
      const link = openLink(world, 1)
      const shared = endpoint({ topic: 'echo', request: text, response: text })
      const calls = ['x', 'y'].map((value) => observe(world, exchange$(link, shared, value)))
      world.advance(500)
      expect(filtersOf(world)).toEqual(['response/requester'])
      expect(world.broker.session('requester')).toBeDefined()
      expect(calls.map(({ ending }) => ending())).toEqual([undefined, undefined])
    })
  })

  it('ends a subscription that is kept for later requests in favour of a new one', () => {
    inWorld((world) => {
      startSensors(world)
      const link = openLink(world, 1)
      send(world, link, 'a')
      world.advance(2_000)
      expect(filtersOf(world)).toEqual(['readings/a/response'])
      const later = send(world, link, 'b')
      world.advance(2_000)
      expect([filtersOf(world), later.values]).toEqual([['readings/b/response'], ['b']])
    })
  })

  it('says in the timeout of a waiting request what to do', () => {
    inWorld((world) => {
      const link = openLink(world, 1)
      send(world, link, 'a')
      const waiting = send(world, link, 'b', 1_000)
      world.advance(2_000)
      expect(waiting.ending()).toMatchObject({
        code: 'timeout',
        awaited: 'subscription',
        message: expect.stringContaining(
          'All 1 response subscriptions of the link are in use: raise maxResponseSubscriptions, or let requests share a response topic or filter',
        ) as string,
      })
    })
  })

  it('does not subscribe for a request that was cancelled while it waited', () => {
    inWorld((world) => {
      startSensors(world)
      const link = openLink(world, 1)
      send(world, link, 'a')
      const cancelled = send(world, link, 'b')
      const last = send(world, link, 'c')
      const changes: string[] = []
      world.broker.subscriptions$.subscribe((change) => changes.push(JSON.stringify(change)))
      cancelled.unsubscribe()
      world.advance(3_000)
      expect([cancelled.values, last.values]).toEqual([[], ['c']])
      expect(changes.join()).toContain('readings/c')
      expect(changes.join()).not.toContain('readings/b')
    })
  })

  it('subscribes for the next request when the broker refuses a subscription', () => {
    inWorld((world) => {
      startSensors(world)
      world.broker.refuseSubscribe('readings/a/response', 0x87)
      const link = openLink(world, 1)
      const refused = send(world, link, 'a')
      const next = send(world, link, 'b')
      world.advance(2_000)
      expect(refused.ending()).toMatchObject({ code: 'subscribe-refused' })
      expect(next.values).toEqual(['b'])
    })
  })

  it('fails all waiting requests when the link is closed', () => {
    inWorld((world) => {
      const link = openLink(world, 1)
      const calls = Array.from({ length: 5_000 }, (_, index) => send(world, link, `sensor-${index}`))
      world.advance(100)
      void link.close()
      world.advance(5_000)
      expect(new Set(calls.map((call) => (call.ending() as { code?: string }).code))).toEqual(
        new Set(['link-closed']),
      )
    })
  })

  it('does not count a request twice that follows the state of the link', () => {
    inWorld((world) => {
      startSensors(world)
      const link = openLink(world, 1)
      const options = { timeout: 60_000, onDisconnect: 'fail' } as const
      const [first, second] = ['a', 'b'].map((sensor) =>
        observe(world, exchange$(link, readings, { params: { sensor }, value: 'now' }, options)),
      )
      world.advance(200)
      world.broker.restart()
      world.advance(5_000)
      expect(first?.ending()).toMatchObject({ code: 'connection-lost' })
      expect(second?.values).toEqual(['b'])
    })
  })

  it('gives a subscription to responseSubscription$ beyond the limit', () => {
    inWorld((world) => {
      const link = openLink(world, 1)
      send(world, link, 'a')
      const kept = observe(world, responseSubscription$(link, readings, { params: { sensor: 'b' } }))
      world.advance(100)
      expect(kept.values).toHaveLength(1)
    })
  })
})
