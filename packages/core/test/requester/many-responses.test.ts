import {
  requesterStats,
  endpoint,
  exchange$,
  json,
  text,
  userProperty,
  type AntiphonError,
  type OutgoingMessage,
  type UserProperties,
} from '@antiphon/core'
import * as t from 'io-ts'
import { take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import {
  accept,
  observe,
  publishedBy,
  responseTo,
  textOf,
  withoutCancels,
  type Observed,
  type PublishedMessage,
} from '../observed.js'
import { inWorld, type World } from '../world.js'

const numbers = endpoint({ topic: 'numbers', request: text, response: text, responses: 'many' })

/** A pending request of a `many` endpoint, whose responses the test publishes. */
interface Fixture {
  readonly world: World
  readonly call: Observed<string>
  readonly published: readonly PublishedMessage[]
  /** Publishes the item, or the end, with this `__stream`. */
  readonly sendItem: (position: string, status?: UserProperties) => void
  readonly stats: () => ReturnType<typeof requesterStats>
}

function withPendingRequest(
  test: (fixture: Fixture) => void,
  options: Parameters<typeof exchange$>[3] = {},
  items = Infinity,
): void {
  inWorld((world) => {
    const published = publishedBy(world, 'requester')
    const requester = world.link('requester')
    const response$ = exchange$(requester, numbers, 'go', { timeout: 1_000, ...options })
    const call = observe(world, items === Infinity ? response$ : response$.pipe(take(items)))
    world.advance(10)
    const [sent] = published
    const sendItem: Fixture['sendItem'] = (position, status = [['__stat', '200']]) => {
      const request: OutgoingMessage = sent?.message ?? { topic: '', payload: new Uint8Array() }
      const payload = position.endsWith(':last') ? '' : `item ${position}`
      world.broker.publish(
        responseTo(request, payload, { userProperties: [...status, ['__stream', position]] }),
      )
      world.advance(2)
    }
    test({ world, call, published, sendItem, stats: () => requesterStats(requester, numbers) })
  })
}

const failureStatus: UserProperties = [['__stat', '500']]
const endStatus: UserProperties = [['__stat', '204']]

describe('the responses of a many endpoint', () => {
  it('emits the items and completes with the end of the stream', () => {
    withPendingRequest(({ call, sendItem, stats }) => {
      for (const position of ['0', '1', '2']) sendItem(position)
      expect(call.ending()).toBeUndefined()
      sendItem('3:last', endStatus)
      expect(call.values).toEqual(['item 0', 'item 1', 'item 2'])
      expect(call.ending()).toBe('complete')
      expect(stats()).toMatchObject({ pending: 0, responded: 1 })
    })
  })

  it('completes a stream without items', () => {
    withPendingRequest(({ call, sendItem }) => {
      sendItem('0:last', endStatus)
      expect(call.values).toEqual([])
      expect(call.ending()).toBe('complete')
    })
  })

  it('emits an item before the end of the stream', () => {
    withPendingRequest(({ call, sendItem }) => {
      sendItem('0')
      expect(call.values).toEqual(['item 0'])
    })
  })

  it('emits items that arrive out of order in order', () => {
    withPendingRequest(({ call, sendItem }) => {
      for (const position of ['2', '4:last', '0'])
        sendItem(position, position.endsWith('last') ? endStatus : undefined)
      expect(call.values).toEqual(['item 0'])
      for (const position of ['3', '1']) sendItem(position)
      expect(call.values).toEqual(['item 0', 'item 1', 'item 2', 'item 3'])
      expect(call.ending()).toBe('complete')
    })
  })

  it('drops duplicate items', () => {
    withPendingRequest(({ call, sendItem }) => {
      for (const position of ['0', '0', '2', '2', '1', '1', '0']) sendItem(position)
      sendItem('3:last', endStatus)
      expect(call.values).toEqual(['item 0', 'item 1', 'item 2'])
    })
  })

  it('fails with a timeout that names the missing item', () => {
    withPendingRequest(({ world, call, sendItem, stats }) => {
      for (const position of ['0', '2', '3']) sendItem(position)
      world.advance(2_000)
      expect(call.values).toEqual(['item 0'])
      expect(call.ending()).toMatchObject({
        code: 'timeout',
        message: expect.stringMatching(
          /numbers: no item 1 within 1000 ms \(request [-0-9a-f]{36}\); later items received: 2/,
        ) as string,
      })
      expect(stats()).toMatchObject({ pending: 0, timedOut: 1 })
    })
  })

  it('fails with a timeout that speaks of no later items if there are none', () => {
    withPendingRequest(({ world, call, sendItem }) => {
      sendItem('0')
      world.advance(2_000)
      const { rawMessage } = call.ending() as AntiphonError
      expect(rawMessage).toMatch(/^numbers: no item 1 within 1000 ms \(request [-0-9a-f]{36}\)\. The broker/)
    })
  })

  it('sends no cancel when the responder ends the stream with a failure', () => {
    withPendingRequest(({ world, call, published, sendItem }) => {
      accept(world, published[0]?.message)
      sendItem('0')
      sendItem('1:last', failureStatus)
      world.advance(10)
      expect(call.ending()).toMatchObject({ code: 'status' })
      expect(published.map(({ message }) => message.topic)).toEqual(['numbers'])
    })
  })

  it('emits items with `skipLate: false`', () => {
    withPendingRequest(
      ({ call, sendItem }) => {
        sendItem('0')
        sendItem('1:last', endStatus)
        expect([call.values, call.ending()]).toEqual([['item 0'], 'complete'])
      },
      { skipLate: false },
    )
  })

  it('fails with the responder’s failure when items before it are missing until the timeout', () => {
    withPendingRequest(({ world, call, sendItem }) => {
      sendItem('0')
      sendItem('2:last', failureStatus)
      world.advance(500)
      expect(call.ending()).toBeUndefined()
      world.advance(2_000)
      expect(call.values).toEqual(['item 0'])
      expect(call.ending()).toMatchObject({ code: 'status', status: { code: 500 } })
    })
  })

  it('emits the items before a failure, then fails with it', () => {
    withPendingRequest(({ call, sendItem, stats }) => {
      sendItem('2:last', failureStatus)
      sendItem('1')
      expect(call.ending()).toBeUndefined()
      sendItem('0')
      expect(call.values).toEqual(['item 0', 'item 1'])
      expect(call.ending()).toMatchObject({ code: 'status', status: { code: 500 } })
      expect(stats()).toMatchObject({ pending: 0, failed: 1 })
    })
  })

  it('fails with protocol on an item more than 1024 ahead of a missing one', () => {
    withPendingRequest(({ call, sendItem }) => {
      sendItem('0')
      sendItem('1025')
      expect(call.ending()).toBeUndefined()
      sendItem('1026')
      const { code, rawMessage } = call.ending() as AntiphonError
      expect([code, rawMessage]).toEqual([
        'protocol',
        expect.stringContaining('item 1026 arrived before item 1: at most 1024 items are reordered'),
      ])
    })
  })

  it('fails with protocol on an item beyond the credit', () => {
    withPendingRequest(
      ({ call, sendItem }) => {
        sendItem('1')
        sendItem('2')
        expect(call.ending()).toBeUndefined()
        sendItem('3')
        expect(call.ending()).toMatchObject({
          code: 'protocol',
          rawMessage: expect.stringContaining('item 3 exceeds the credit') as string,
        })
      },
      { credit: 2 },
    )
  })

  it('takes no credit for a duplicate item', () => {
    withPendingRequest(
      ({ call, sendItem }) => {
        for (const position of ['1', '1', '1', '2', '0']) sendItem(position)
        expect(call.values).toEqual(['item 0', 'item 1', 'item 2'])
        expect(call.ending()).toBeUndefined()
      },
      { credit: 3 },
    )
  })

  it('fails with protocol on a response without __stream, and sends a cancel', () => {
    withPendingRequest(({ world, call, published }) => {
      accept(world, published[0]?.message)
      world.broker.publish(responseTo((published[0] as PublishedMessage).message, 'item'))
      world.advance(2)
      expect(published.at(-1)?.message).toMatchObject({
        topic: 'control/server',
        userProperties: [
          ['__ctl', 'cancel'],
          ['__stat', '499'],
          ['__stMsg', 'protocol'],
        ],
      })
      expect(call.ending()).toMatchObject({
        code: 'protocol',
        rawMessage: expect.stringContaining(
          "the response's __stream is missing: expected <index> or <index>:last",
        ) as string,
      })
    })
  })

  it.each(['', 'x', '-1', '1.5', '0:first', '1 ', '9'.repeat(20)])(
    'fails with protocol on the invalid __stream %j',
    (position) => {
      withPendingRequest(({ call, sendItem }) => {
        sendItem(position)
        expect(call.ending()).toMatchObject({
          code: 'protocol',
          rawMessage: expect.stringContaining(
            `the response's __stream is "${position}": expected <index> or <index>:last`,
          ) as string,
        })
      })
    },
  )

  it('fails with a failure that has no __stream, such as a 503, and sends no cancel', () => {
    withPendingRequest(({ world, call, published }) => {
      const [request] = published
      if (request === undefined) throw new Error('no request was published')
      accept(world, request.message)
      world.broker.publish(responseTo(request.message, '', { userProperties: [['__stat', '503']] }))
      world.advance(2)
      expect(call.ending()).toMatchObject({ code: 'status', status: { code: 503 } })
      expect(published).toHaveLength(1)
    })
  })

  it('restarts the timeout with each item', () => {
    withPendingRequest(({ world, call, sendItem }) => {
      world.advance(900)
      for (const position of ['0', '1', '2']) {
        sendItem(position)
        world.advance(900)
      }
      expect(call.ending()).toBeUndefined()
      const last = call.at.at(-1) ?? 0
      world.advance(1_000)
      expect(call.ending()).toMatchObject({ code: 'timeout' })
      expect(call.endedAt()).toBe(last + 1_000)
    })
  })

  it('cancels a stream when its subscriber unsubscribes', () => {
    withPendingRequest(
      ({ call, sendItem, published, world, stats }) => {
        accept(world, published[0]?.message)
        for (const position of ['0', '1', '2']) sendItem(position)
        world.advance(10)
        expect(call.values).toEqual(['item 0', 'item 1'])
        expect(published.map(({ message }) => message.userProperties)).toEqual([
          [
            ['__credit', '2'],
            ['__ctl', '1'],
          ],
          [
            ['__ctl', 'credit'],
            ['__credit', '3'],
          ],
          [
            ['__ctl', 'cancel'],
            ['__stat', '499'],
          ],
        ])
        expect(stats()).toMatchObject({ pending: 0, cancelled: 1 })
      },
      { credit: 2 },
      2,
    )
  })

  it('raises the total of the credit after half of it is consumed', () => {
    withPendingRequest(
      ({ published, sendItem, world }) => {
        accept(world, published[0]?.message)
        for (let index = 0; index < 10; index++) sendItem(String(index))
        world.advance(10)
        const creditOf = ({ message }: PublishedMessage): string | undefined =>
          userProperty(message.userProperties, '__credit')
        expect(published.map(creditOf)).toEqual(['6', '9', '12', '15'])
        const [request, credit] = published.map(({ message }) => message)
        expect(credit).toMatchObject({
          topic: 'control/server',
          qos: 0,
          payload: new Uint8Array(),
          correlationData: request?.correlationData,
          responseTopic: request?.responseTopic,
        })
      },
      { credit: 6 },
    )
  })

  it('sends the total of the credit when it learns the control topic', () => {
    withPendingRequest(
      ({ published, sendItem, world }) => {
        for (let index = 0; index < 3; index++) sendItem(String(index))
        expect(published).toHaveLength(1)
        accept(world, published[0]?.message)
        expect(published.at(-1)?.message).toMatchObject({ topic: 'control/server' })
        expect(userProperty(published.at(-1)?.message.userProperties, '__credit')).toBe('9')
      },
      { credit: 6 },
    )
  })

  it('repeats the total of the credit while no item arrives, and times out as without credit', () => {
    withPendingRequest(
      ({ published, call, sendItem, world }) => {
        accept(world, published[0]?.message)
        for (let index = 0; index < 3; index++) sendItem(String(index))
        const last = call.at.at(-1) ?? NaN
        world.advance(2_000)
        const totals = published
          .slice(1)
          .map(({ message }) => userProperty(message.userProperties, '__credit'))
        expect(totals).toEqual(['9', '9', '9', undefined])
        expect(call.ending()).toMatchObject({ code: 'timeout' })
        expect(call.endedAt()).toBe(last + 1_000)
      },
      { credit: 6 },
    )
  })

  it('sends no credit without the `credit` option', () => {
    withPendingRequest(({ published, sendItem, world }) => {
      for (let index = 0; index < 100; index++) sendItem(String(index))
      world.advance(10)
      expect(published).toHaveLength(1)
      expect(published[0]?.message.userProperties).toEqual([['__ctl', '1']])
    })
  })

  it('does not retry a request after its first item', () => {
    withPendingRequest(
      ({ published, sendItem, world }) => {
        sendItem('0')
        world.advance(800)
        sendItem('1')
        world.advance(800)
        expect(published).toHaveLength(1)
      },
      { retry: { count: 3 } },
    )
  })

  it('retries a request without any item until the timeout', () => {
    withPendingRequest(
      ({ published, call, world }) => {
        world.advance(5_000)
        expect(withoutCancels(published).map(({ message }) => textOf(message))).toEqual(['go', 'go', 'go'])
        expect(call.ending()).toMatchObject({ code: 'timeout' })
        expect(call.endedAt()).toBe(1_000)
      },
      { retry: { count: 2, on: () => true } },
    )
  })
})

describe('retrying a many endpoint', () => {
  const retry = { count: 1, on: () => true, backOff: { initial: 10, jitter: 0 } }
  const readings = endpoint({
    topic: 'numbers',
    request: text,
    response: json(t.number),
    responses: 'many',
  })

  it('fails instead of retrying once an item was emitted, and sends a cancel', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const call = observe(world, exchange$(world.link('requester'), readings, 'go', { retry }))
      world.advance(10)
      const request = published[0]?.message ?? { topic: '', payload: new Uint8Array() }
      for (const [index, payload] of ['0', '1', 'invalid', '3', '4', '5'].entries()) {
        world.broker.publish(responseTo(request, payload, { userProperties: [['__stream', String(index)]] }))
        world.advance(2)
        if (index === 0) accept(world, request)
      }
      world.advance(5_000)
      expect(call.values).toEqual([0, 1])
      expect(call.ending()).toMatchObject({ code: 'decode' })
      expect(published.map(({ message }) => message.userProperties)).toEqual([
        [['__ctl', '1']],
        [
          ['__ctl', 'cancel'],
          ['__stat', '499'],
          ['__stMsg', 'decode'],
        ],
      ])
    })
  })

  it('retries with a new correlation before the first item, and emits the items of the new attempt only', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const call = observe(world, exchange$(world.link('requester'), readings, 'go', { retry }))
      world.advance(10)
      const send = (attempt: number, position: string, payload: string): void => {
        const request = withoutCancels(published)[attempt]?.message ?? {
          topic: '',
          payload: new Uint8Array(),
        }
        world.broker.publish(responseTo(request, payload, { userProperties: [['__stream', position]] }))
        world.advance(2)
      }
      send(0, '1', '1')
      send(0, '0', 'invalid')
      world.advance(20)
      send(0, '2', '2')
      send(1, '0', '10')
      send(1, '1', '11')
      send(1, '2:last', '')
      expect(call.values).toEqual([10, 11])
      expect(call.ending()).toBe('complete')
    })
  })
})
