import {
  AntiphonError,
  requesterStats,
  endpoint,
  requestMany,
  requests$,
  serve,
  text,
  type ExchangeOptions,
  type Handler,
  type ServeRecord,
} from '@antiphon/core'
import { firstValueFrom, interval, map, take, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { asyncWorld, type AsyncWorld } from './async-world.js'

const numbers = endpoint({ topic: 'numbers', request: text, response: text, responses: 'many' })

interface Fixture extends AsyncWorld {
  readonly records: readonly ServeRecord[]
  readonly sendRequest: (count: string, options?: ExchangeOptions) => AsyncIterable<string>
  readonly stats: () => ReturnType<typeof requesterStats>
  /** Reads items in a `for await` loop: waits `pace` milliseconds after each item, and breaks after `most` items. */
  readonly collect: (
    items: AsyncIterable<string>,
    pace?: number,
    most?: number,
  ) => Promise<readonly (string | AntiphonError)[]>
}

/** Sets up a responder for `numbers` and a requester. */
async function setUp(handler: Handler<NonNullable<(typeof numbers)['types']>>): Promise<Fixture> {
  const world = asyncWorld()
  const records: ServeRecord[] = []
  requests$(world.link('server'), numbers)
    .pipe(serve(handler))
    .subscribe((record) => records.push(record))
  const requester = world.link('requester')
  await world.advance(50)
  return {
    ...world,
    records,
    sendRequest: (count, options) => requestMany(requester, numbers, count, options),
    stats: () => requesterStats(requester, numbers),
    collect: async (items, pace = 0, most = Infinity) => {
      const seen: (string | AntiphonError)[] = []
      try {
        for await (const item of items) {
          seen.push(item)
          if (seen.length >= most) break
          if (pace > 0) await firstValueFrom(timer(pace, world.scheduler))
        }
      } catch (error) {
        seen.push(AntiphonError.from(error))
      }
      return seen
    },
  }
}

/** Creates a handler that responds with an iterable of numbers, and counts how many were read from it. */
function countingHandler(): {
  readonly handler: Parameters<typeof setUp>[0]
  readonly yielded: () => number
  readonly isStopped: () => boolean
} {
  let yieldedCount = 0
  let isStopped = false
  return {
    handler: function* ({ value }) {
      try {
        for (let index = 0; index < Number(value); index++) {
          yieldedCount++
          yield String(index)
        }
      } finally {
        isStopped = true
      }
    },
    yielded: () => yieldedCount,
    isStopped: () => isStopped,
  }
}

const upTo = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => String(index))

describe('requestMany', () => {
  it('emits the items to a for await loop, then ends it', async () => {
    const { handler } = countingHandler()
    const { sendRequest, collect, advance, records, stats } = await setUp(handler)
    const seen = collect(sendRequest('200'))
    await advance(1_000)
    expect(await seen).toEqual(upTo(200))
    expect(records).toMatchObject([{ outcome: 'responded', status: 200 }])
    expect(stats()).toMatchObject({ responded: 1, pending: 0 })
  })

  it('sends a request for each loop when the loop begins', async () => {
    const { handler } = countingHandler()
    const { sendRequest, collect, advance, stats } = await setUp(handler)
    const items = sendRequest('3')
    await advance(100)
    expect(stats().requested).toBe(0)
    const loops = Promise.all([collect(items), collect(items)])
    await advance(100)
    expect(await loops).toEqual([upTo(3), upTo(3)])
    expect(stats().requested).toBe(2)
  })

  it.each([1, 2, 4, 10])('lets a handler run at most %d items ahead of a slow loop', async (credit) => {
    const { handler, yielded } = countingHandler()
    const { sendRequest, collect, advance, scheduler } = await setUp(handler)
    let readCount = 0
    const ahead: number[] = []
    const seen = collect(
      {
        [Symbol.asyncIterator]: () => {
          const iterator = sendRequest('60', { credit })[Symbol.asyncIterator]()
          return {
            next: async () => {
              const result = await iterator.next()
              readCount++
              return result
            },
          }
        },
      },
      100,
    )
    for (let step = 0; step < 800; step++) {
      await advance(10)
      ahead.push(yielded() - readCount)
    }
    expect(scheduler.frame).toBeGreaterThan(8_000)
    expect(await seen).toEqual(upTo(60))
    // Each item that is read grants credit for one more, so the handler stays at most `credit` items ahead.
    expect(Math.max(...ahead)).toBeLessThanOrEqual(credit)
  })

  it('keeps the stream alive for a loop that is slower than the timeout', async () => {
    const { handler } = countingHandler()
    const { sendRequest, collect, advance, records } = await setUp(handler)
    const seen = collect(sendRequest('5', { credit: 2, timeout: 1_000 }), 7_000)
    await advance(60_000)
    expect(await seen).toEqual(upTo(5))
    expect(records).toMatchObject([{ outcome: 'responded' }])
  })

  it('ends the stream and its handler when the requester’s connection is lost', async () => {
    const { handler, isStopped } = countingHandler()
    const { sendRequest, collect, advance, records, broker } = await setUp(handler)
    void collect(sendRequest('1000', { credit: 2, timeout: 2_000 }), 1_000)
    await advance(1_500)
    broker.inject({ kind: 'cut', clientId: 'requester' })
    await advance(10_000)
    expect(isStopped()).toBe(true)
    expect(records).toMatchObject([{ outcome: 'expired' }])
  })

  it('cancels the stream when the requester has lost its session and an item has no subscriber', async () => {
    const world = await setUp(({ value }) =>
      interval(100, world.scheduler).pipe(
        take(Number(value)),
        map((index) => String(index)),
      ),
    )
    void world.collect(world.sendRequest('1000'))
    await world.advance(500)
    world.broker.inject({ kind: 'cut', clientId: 'requester', session: 'lose' })
    await world.advance(500)
    expect(world.records).toMatchObject([{ outcome: 'cancelled' }])
  })

  it('cancels the exchange and stops the handler when the loop breaks', async () => {
    const { handler, yielded, isStopped } = countingHandler()
    const { sendRequest, collect, advance, records, stats } = await setUp(handler)
    const seen = collect(sendRequest('1000', { credit: 8 }), 0, 3)
    await advance(100)
    expect(await seen).toEqual(upTo(3))
    expect(isStopped()).toBe(true)
    expect(yielded()).toBeLessThan(20)
    expect(records).toMatchObject([{ outcome: 'cancelled' }])
    expect(stats()).toMatchObject({ cancelled: 1, pending: 0 })
  })

  it('throws the error of a stream after the items before it have been read', async () => {
    const { sendRequest, collect, advance, records } = await setUp(function* () {
      yield* upTo(5)
      throw new Error('out of numbers')
    })
    const seen = collect(sendRequest(''), 10)
    await advance(1_000)
    const [error, ...items] = [...(await seen)].reverse()
    expect(items.reverse()).toEqual(upTo(5))
    expect(error).toMatchObject({ code: 'status', status: { code: 500 } })
    expect(records).toMatchObject([{ outcome: 'failed', status: 500 }])
  })

  it('throws into the loop when the request cannot be encoded', async () => {
    const { sendRequest, collect, advance } = await setUp(() => [])
    const seen = collect(sendRequest('\ud800'))
    await advance(10)
    expect(await seen).toMatchObject([{ code: 'encode' }])
  })

  it('rejects the first pending next with the error, and resolves later ones as done', async () => {
    const { sendRequest, advance } = await setUp(() => {
      throw new Error('at once')
    })
    const iterator = sendRequest('')[Symbol.asyncIterator]()
    const results = Promise.allSettled([iterator.next(), iterator.next(), iterator.next()])
    await advance(100)
    const [first, second, third] = await results
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'status' } })
    expect([second, third]).toEqual([
      { status: 'fulfilled', value: { done: true, value: undefined } },
      { status: 'fulfilled', value: { done: true, value: undefined } },
    ])
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })

  it('resolves concurrent calls of next in order', async () => {
    const { handler } = countingHandler()
    const { sendRequest, advance } = await setUp(handler)
    const iterator = sendRequest('2')[Symbol.asyncIterator]()
    const results = Promise.all([iterator.next(), iterator.next(), iterator.next()])
    await advance(100)
    expect(await results).toEqual([
      { done: false, value: '0' },
      { done: false, value: '1' },
      { done: true, value: undefined },
    ])
  })

  it('resolves a pending next as done when return is called', async () => {
    const { sendRequest, advance } = await setUp(() => new Promise<string>(() => undefined))
    const iterator = sendRequest('')[Symbol.asyncIterator]()
    const waiting = iterator.next()
    await advance(50)
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined })
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  it('fails with protocol when the responder exceeds the credit', async () => {
    const world = asyncWorld()
    const { broker, link, advance } = world
    const peer = link('plain')
    peer.messages$('numbers').subscribe(({ responseTopic = '', correlationData }) => {
      if (correlationData === undefined) return
      for (let index = 0; index < 100; index++)
        broker.publish({
          topic: responseTopic,
          correlationData,
          payload: new Uint8Array(),
          userProperties: [['__stream', String(index)]],
        })
    })
    await advance(50)
    const iterator = requestMany(link('requester'), numbers, '', { credit: 4 })[Symbol.asyncIterator]()
    const first = iterator.next()
    await advance(100)
    expect(await first).toMatchObject({ done: false })
    const rest: unknown[] = []
    for (let index = 0; index < 5; index++) rest.push(await iterator.next().catch((error: unknown) => error))
    expect(rest.filter((result) => result instanceof AntiphonError)).toMatchObject([{ code: 'protocol' }])
  })
})
