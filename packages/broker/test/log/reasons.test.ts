import { describe, expect, it } from 'vitest'
import type { Authority, BrokerOptions } from '../../src/index.js'
import { makeWorld, type AnyPacket } from '../world.js'

/** Sends packets of one client and returns the events of its subscriptions and messages. */
async function eventsOf(
  options: BrokerOptions,
  ...packets: readonly AnyPacket[]
): Promise<readonly unknown[]> {
  const world = makeWorld(options)
  const client = world.join('a')
  for (const packet of packets) client.send(packet)
  await world.settle()
  return world.events.filter(({ type }) => type === 'subscribed' || type === 'published')
}

const subscribe = (...filters: readonly string[]): AnyPacket => ({
  cmd: 'subscribe',
  messageId: 1,
  subscriptions: filters.map((topic) => ({ topic, qos: 1 })),
})
const publish = (topic: string): AnyPacket => ({ cmd: 'publish', topic, payload: 'x', qos: 1, messageId: 2 })
const authority = (hooks: Authority): BrokerOptions => ({ authority: hooks })

describe('events of refusals', () => {
  it.each<[BrokerOptions, string, string]>([
    [
      authority({ authorizeSubscribe: () => ({ refuse: 0x87, reasonString: 'no template' }) }),
      'x',
      'no template',
    ],
    [
      authority({
        authorizeSubscribe: () => {
          throw new Error()
        },
      }),
      'x',
      'the hook authorizeSubscribe failed',
    ],
    [{}, 'a/#/b', 'the filter is invalid: its # is not'],
    [{ limits: { topicLevels: 2 } }, 'a/b/c', 'limits.topicLevels'],
  ])('gives the reason of a refused subscription, options %#', async (options, filter, reason) => {
    expect(await eventsOf(options, subscribe(filter))).toEqual([
      expect.objectContaining({
        type: 'subscribed',
        filter,
        reason: expect.stringContaining(reason) as string,
      }),
    ])
  })

  it('names the limit of filters per SUBSCRIBE and of subscriptions per client', async () => {
    const two = await eventsOf({ limits: { filtersPerSubscribe: 1 } }, subscribe('a', 'b'))
    expect(two).toMatchObject([
      { reasonCode: 1 },
      { reasonCode: 0x97, reason: expect.stringMatching(/filtersPerSubscribe is 1/) as string },
    ])
    const options = { limits: { subscriptionsPerClient: 1 } }
    expect(await eventsOf(options, subscribe('a'), subscribe('b'))).toMatchObject([
      { reasonCode: 1 },
      { reasonCode: 0x97, reason: 'limits.subscriptionsPerClient is 1' },
    ])
  })

  it('gives the reason of a refused message, and reports a message that a hook took', async () => {
    const refusing = authority({ authorizePublish: () => ({ refuse: 0x87, reasonString: 'no space' }) })
    expect(await eventsOf(refusing, publish('a'))).toMatchObject([{ reasonCode: 0x87, reason: 'no space' }])
    expect(await eventsOf({}, publish('$SYS/a'))).toMatchObject([
      { reason: expect.stringMatching(/only the broker/) as string },
    ])
    const taking = authority({ authorizePublish: () => ({ take: Promise.resolve(0) }) })
    expect(await eventsOf(taking, publish('a'))).toMatchObject([{ reasonCode: 0, message: { topic: 'a' } }])
    const events = await eventsOf(authority({ authorizePublish: () => ({ take: 0x97 }) }), publish('a'))
    expect(events).toMatchObject([{ reasonCode: 0x97 }])
    expect(events[0]).not.toHaveProperty('reason')
  })
})
