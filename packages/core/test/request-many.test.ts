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

interface Stage extends AsyncWorld {
  readonly records: readonly ServeRecord[]
  readonly ask: (count: string, options?: ExchangeOptions) => AsyncIterable<string>
  readonly counts: () => ReturnType<typeof requesterStats>
  /** A `for await` loop that takes so many milliseconds for each item, and leaves after so many. */
  readonly loop: (
    items: AsyncIterable<string>,
    pace?: number,
    most?: number,
  ) => Promise<readonly (string | AntiphonError)[]>
}

/** Somebody who serves numbers, and somebody who asks for them. */
async function staged(handler: Handler<NonNullable<(typeof numbers)['types']>>): Promise<Stage> {
  const world = asyncWorld()
  const records: ServeRecord[] = []
  requests$(world.link('server'), numbers)
    .pipe(serve(handler))
    .subscribe((record) => records.push(record))
  const requester = world.link('caller')
  await world.advance(50)
  return {
    ...world,
    records,
    ask: (count, options) => requestMany(requester, numbers, count, options),
    counts: () => requesterStats(requester, numbers),
    loop: async (items, pace = 0, most = Infinity) => {
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

/** Numbers as an iterable, and how many were asked of it. */
function counting(): {
  readonly handler: Parameters<typeof staged>[0]
  readonly made: () => number
  readonly isStopped: () => boolean
} {
  let made = 0
  let isStopped = false
  return {
    handler: function* ({ value }) {
      try {
        for (let index = 0; index < Number(value); index++) {
          made++
          yield String(index)
        }
      } finally {
        isStopped = true
      }
    },
    made: () => made,
    isStopped: () => isStopped,
  }
}

const upTo = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => String(index))

describe('requestMany', () => {
  it('gives the items to a loop, then ends it', async () => {
    const { handler } = counting()
    const { ask: sendRequest, loop, advance, records, counts } = await staged(handler)
    const seen = loop(sendRequest('200'))
    await advance(1_000)
    expect(await seen).toEqual(upTo(200))
    expect(records).toMatchObject([{ outcome: 'responded', status: 200 }])
    expect(counts()).toMatchObject({ responded: 1, pending: 0 })
  })

  it('asks when the loop begins, and anew for each loop', async () => {
    const { handler } = counting()
    const { ask: sendRequest, loop, advance, counts } = await staged(handler)
    const items = sendRequest('3')
    await advance(100)
    expect(counts().requested).toBe(0)
    const loops = Promise.all([loop(items), loop(items)])
    await advance(100)
    expect(await loops).toEqual([upTo(3), upTo(3)])
    expect(counts().requested).toBe(2)
  })

  it.each([1, 2, 4, 10])('a slow loop stops a fast handler: no more than %d ahead', async (credit) => {
    const { handler, made } = counting()
    const { ask: sendRequest, loop, advance, scheduler } = await staged(handler)
    let taken = 0
    const ahead: number[] = []
    const seen = loop(
      {
        [Symbol.asyncIterator]: () => {
          const iterator = sendRequest('60', { credit })[Symbol.asyncIterator]()
          return {
            next: async () => {
              const result = await iterator.next()
              taken++
              return result
            },
          }
        },
      },
      100,
    )
    for (let step = 0; step < 800; step++) {
      await advance(10)
      ahead.push(made() - taken)
    }
    expect(scheduler.frame).toBeGreaterThan(8_000)
    expect(await seen).toEqual(upTo(60))
    // The iterable is asked once more for each credit than what is taken; what is granted counts as taken.
    expect(Math.max(...ahead)).toBeLessThanOrEqual(credit)
  })

  it('a loop slower than the timeout keeps its stream alive', async () => {
    const { handler } = counting()
    const { ask: sendRequest, loop, advance, records } = await staged(handler)
    const seen = loop(sendRequest('5', { credit: 2, timeout: 1_000 }), 7_000)
    await advance(60_000)
    expect(await seen).toEqual(upTo(5))
    expect(records).toMatchObject([{ outcome: 'responded' }])
  })

  it('a caller that vanished ends the stream, and the handler with it', async () => {
    const { handler, isStopped } = counting()
    const { ask: sendRequest, loop, advance, records, broker } = await staged(handler)
    void loop(sendRequest('1000', { credit: 2, timeout: 2_000 }), 1_000)
    await advance(1_500)
    broker.inject({ kind: 'cut', clientId: 'caller' })
    await advance(10_000)
    expect(isStopped()).toBe(true)
    expect(records).toMatchObject([{ outcome: 'expired' }])
  })

  it('a caller without a subscription ends the stream: its item reaches nobody', async () => {
    const world = await staged(({ value }) =>
      interval(100, world.scheduler).pipe(
        take(Number(value)),
        map((index) => String(index)),
      ),
    )
    void world.loop(world.ask('1000'))
    await world.advance(500)
    world.broker.inject({ kind: 'cut', clientId: 'caller', session: 'lose' })
    await world.advance(500)
    expect(world.records).toMatchObject([{ outcome: 'cancelled' }])
  })

  it('leaving the loop cancels the exchange and stops the handler', async () => {
    const { handler, made, isStopped } = counting()
    const { ask: sendRequest, loop, advance, records, counts } = await staged(handler)
    const seen = loop(sendRequest('1000', { credit: 8 }), 0, 3)
    await advance(100)
    expect(await seen).toEqual(upTo(3))
    expect(isStopped()).toBe(true)
    expect(made()).toBeLessThan(20)
    expect(records).toMatchObject([{ outcome: 'cancelled' }])
    expect(counts()).toMatchObject({ cancelled: 1, pending: 0 })
  })

  it('throws the error after k items, once they are taken', async () => {
    const {
      ask: sendRequest,
      loop,
      advance,
      records,
    } = await staged(function* () {
      yield* upTo(5)
      throw new Error('out of numbers')
    })
    const seen = loop(sendRequest(''), 10)
    await advance(1_000)
    const [error, ...items] = [...(await seen)].reverse()
    expect(items.reverse()).toEqual(upTo(5))
    expect(error).toMatchObject({ code: 'status', status: { code: 500 } })
    expect(records).toMatchObject([{ outcome: 'failed', status: 500 }])
  })

  it('throws what is wrong with the question', async () => {
    const { ask: sendRequest, loop, advance } = await staged(() => [])
    const seen = loop(sendRequest('\ud800'))
    await advance(10)
    expect(await seen).toMatchObject([{ code: 'encode' }])
  })

  it('throws once; asked again it is over', async () => {
    const { ask: sendRequest, advance } = await staged(() => {
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

  it('serves several takers who ask before there is anything, in order', async () => {
    const { handler } = counting()
    const { ask: sendRequest, advance } = await staged(handler)
    const iterator = sendRequest('2')[Symbol.asyncIterator]()
    const results = Promise.all([iterator.next(), iterator.next(), iterator.next()])
    await advance(100)
    expect(await results).toEqual([
      { done: false, value: '0' },
      { done: false, value: '1' },
      { done: true, value: undefined },
    ])
  })

  it('lets go of who waits when the loop is left', async () => {
    const { ask: sendRequest, advance } = await staged(() => new Promise<string>(() => undefined))
    const iterator = sendRequest('')[Symbol.asyncIterator]()
    const waiting = iterator.next()
    await advance(50)
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined })
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  it('a responder that sends more than was granted breaks the protocol', async () => {
    const world = asyncWorld()
    const { broker, link, advance } = world
    const plain = link('plain')
    plain.messages$('numbers').subscribe(({ responseTopic = '', correlationData }) => {
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
    const iterator = requestMany(link('caller'), numbers, '', { credit: 4 })[Symbol.asyncIterator]()
    const first = iterator.next()
    await advance(100)
    expect(await first).toMatchObject({ done: false })
    const rest: unknown[] = []
    for (let index = 0; index < 5; index++) rest.push(await iterator.next().catch((error: unknown) => error))
    expect(rest.filter((result) => result instanceof AntiphonError)).toMatchObject([{ code: 'protocol' }])
  })
})
