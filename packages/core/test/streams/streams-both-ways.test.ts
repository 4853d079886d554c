import { exchange$, requestMany, type Handler } from '@antiphon/core'
import {
  concat,
  concatMap,
  delay,
  firstValueFrom,
  from,
  interval,
  map,
  NEVER,
  of,
  Subject,
  take,
  throwError,
  timer,
} from 'rxjs'
import { describe, expect, it } from 'vitest'
import { chat, serveStreams, upTo, type Chat } from './stream-world.js'

const echo: Handler<Chat> = async function* ({ value }) {
  for await (const item of value) yield `${item}!`
}

const answers = (count: number): readonly string[] => upTo(count).map((item) => `${item}!`)

describe('streams both ways', () => {
  it.each([1, 2, 16])('exchange 300 items each way at a credit of %d each way', async (credit) => {
    const { requester, watch, advance, records } = await serveStreams(chat, echo, { requests: { credit } })
    const call = watch(exchange$(requester, chat, upTo(300), { credit }))
    await advance(10_000)
    expect(call.values).toEqual(answers(300))
    expect(call.ending()).toBe('complete')
    expect(records).toMatchObject([{ outcome: 'responded' }])
  })

  it('emit the responses of an Observable while the request stream goes on', async () => {
    const world = await serveStreams(chat, ({ value }) => value.pipe(map((item) => `${item}!`)))
    const items$ = interval(100, world.scheduler).pipe(
      map((value) => String(value)),
      take(10),
    )
    const call = world.watch(exchange$(world.requester, chat, items$))
    await world.advance(600)
    expect(call.values).toEqual(answers(5))
    await world.advance(1_000)
    expect(call.values).toEqual(answers(10))
    expect(call.ending()).toBe('complete')
  })

  it('let a slow for await loop of the requester hold back its own stream', async () => {
    let sent = 0
    let read = 0
    const ahead: number[] = []
    function* generate(): Generator<string> {
      while (sent < 50) yield String(sent++)
    }
    const world = await serveStreams(chat, echo, { requests: { credit: 4 } })
    const loop = (async () => {
      for await (const _ of requestMany(world.requester, chat, generate(), { credit: 4 })) {
        read++
        await firstValueFrom(timer(50, world.scheduler))
        ahead.push(sent - read)
      }
    })()
    await world.advance(10_000)
    await loop
    expect(read).toBe(50)
    // Four items each way, and one that the handler holds.
    expect(Math.max(...ahead)).toBeLessThanOrEqual(10)
  })

  it('go on with responses after the end of the request stream', async () => {
    const later$ = new Subject<string>()
    const world = await serveStreams(chat, ({ value }) => concat(value, later$))
    interval(900, world.scheduler)
      .pipe(
        map((value) => String(value)),
        take(5),
      )
      .subscribe(later$)
    const call = world.watch(exchange$(world.requester, chat, ['a', 'b'], { timeout: 1_000 }))
    await world.advance(10_000)
    expect(call.values).toEqual(['a', 'b', ...upTo(5)])
  })

  it('wait for the first response as long as the request stream is alive, with and without credit', async () => {
    const world = await serveStreams(chat, ({ value }) => value.pipe(concatMap((item) => of(item))))
    const items$ = timer(10_000, world.scheduler).pipe(map(() => 'late'))
    const calls = [{}, { credit: 3 }].map((options) =>
      world.watch(exchange$(world.requester, chat, items$, { timeout: 1_000, ...options })),
    )
    await world.advance(12_000)
    expect(calls.map(({ values }) => values)).toEqual([['late'], ['late']])
  })

  it('end when the responder completes first, and stop the request stream', async () => {
    const world = await serveStreams(chat, ({ value }) => value.pipe(take(2)))
    const call = world.watch(
      exchange$(world.requester, chat, interval(10, world.scheduler).pipe(map((value) => String(value)))),
    )
    await world.advance(1_000)
    expect(call.values).toEqual(['0', '1'])
    expect(call.ending()).toBe('complete')
    await world.advance(10_000)
    expect(world.scheduler.actions.length).toBeLessThan(10)
  })

  it('fail with the error of either side', async () => {
    const world = await serveStreams(chat, ({ value }) => value)
    const failing = world.watch(
      exchange$(world.requester, chat, concat(['a'], throwError(() => new Error('broken')).pipe(delay(50)))),
    )
    await world.advance(1_000)
    expect(failing.values).toEqual([])
    expect(failing.ending()).toMatchObject({ rawMessage: 'broken' })
    const failed = await serveStreams(chat, ({ value }) =>
      value.pipe(
        map((item) => {
          if (item === '3') throw new Error('handler')
          return item
        }),
      ),
    )
    const call = failed.watch(exchange$(failed.requester, chat, upTo(10)))
    await failed.advance(1_000)
    expect(call.values).toEqual(upTo(3))
    expect(call.ending()).toMatchObject({ code: 'status', status: { code: 500 } })
  })

  it('stop on both sides when the for await loop of the requester is left', async () => {
    let isReturned = false
    async function* generate(): AsyncGenerator<string> {
      try {
        for (const item of upTo(1_000)) yield item
      } finally {
        isReturned = true
      }
    }
    const world = await serveStreams(chat, echo)
    const loop = (async () => {
      for await (const item of requestMany(world.requester, chat, generate())) if (item === '5!') break
    })()
    await world.advance(1_000)
    await loop
    await world.advance(1_000)
    expect(isReturned).toBe(true)
    expect(world.records).toMatchObject([{ outcome: 'cancelled' }])
  })

  it('send the same stream for each loop of an iterable, and of a cold Observable', async () => {
    const world = await serveStreams(chat, echo)
    const items = requestMany(world.requester, chat, from(['a', 'b']))
    const collect = async (): Promise<readonly string[]> => {
      const seen: string[] = []
      for await (const item of items) seen.push(item)
      return seen
    }
    const loops = Promise.all([collect(), collect()])
    await world.advance(1_000)
    expect(await loops).toEqual([
      ['a!', 'b!'],
      ['a!', 'b!'],
    ])
  })

  it('report items that the requester sends faster than the responder gives credit', async () => {
    const world = await serveStreams(chat, ({ value }) =>
      value.pipe(
        take(1),
        concatMap(() => NEVER),
      ),
    )
    const call = world.watch(exchange$(world.requester, chat, from(upTo(20_000))))
    await world.advance(1_000)
    expect(call.ending()).toBeUndefined()
    await world.advance(30_000)
    expect(call.ending()).toBeUndefined()
    call.unsubscribe()
  })
})
