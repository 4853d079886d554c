import { exchange$, userProperty } from '@antiphon/core'
import { firstValueFrom, map, NEVER, take, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { statusOf } from '../observed.js'
import { withHostileRequester } from './hostile-requester.js'
import { serveStreams, upload, upTo, type StreamWorld } from './stream-world.js'

/** Returns the credits of all acceptances that a responder has sent. */
const creditsOf = ({ published }: StreamWorld): readonly (string | undefined)[] =>
  published
    .filter(({ message }) => statusOf(message) === 202)
    .map(({ message }) => userProperty(message.userProperties, '__credit'))

describe('a handler that stops reading its items', () => {
  it('gives no credit for the item with which it unsubscribes', () => {
    withHostileRequester(
      ({ open, sendItem, credits, failures }) => {
        open()
        sendItem('0')
        expect(credits()).toEqual([['1', '0']])
        expect(failures()).toEqual([])
      },
      {
        credit: 1,
        handler: ({ value }) => {
          value.pipe(take(1)).subscribe()
          return NEVER
        },
      },
    )
  })

  it('gives no credit for the item to which it responds, nor repeats its credit', () => {
    withHostileRequester(
      ({ open, sendItem, responses, world }) => {
        open()
        sendItem('0')
        world.advance(5_000)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([202, 200])
      },
      { credit: 1, handler: ({ value }) => value.pipe(map((item) => String(item))) },
    )
  })

  it('receives no item that waited for the one to which it responds', () => {
    const seen: number[] = []
    withHostileRequester(
      ({ open, sendItem, responses }) => {
        open()
        sendItem('1', '11')
        sendItem('0', '10')
        expect(seen).toEqual([10])
        expect(responses.map(({ message }) => statusOf(message))).toEqual([202, 200])
      },
      {
        handler: ({ value }) =>
          value.pipe(
            map((item) => {
              seen.push(item)
              return String(item)
            }),
          ),
      },
    )
  })

  it('drops the items that arrive after it has left its loop, and may still respond', async () => {
    const world = await serveStreams(
      upload,
      async ({ value }) => {
        for await (const _ of value) break
        await firstValueFrom(timer(500, world.scheduler))
        return 'left'
      },
      { requests: { credit: 4 } },
    )
    const call = world.watch(exchange$(world.requester, upload, upTo(20)))
    await world.advance(2_000)
    expect(call.values).toEqual(['left'])
    expect(new Set(creditsOf(world))).toEqual(new Set(['4']))
  })

  it('is done when it calls next after return', async () => {
    const results: unknown[] = []
    const world = await serveStreams(upload, async ({ value }) => {
      const items = value[Symbol.asyncIterator]()
      results.push(await items.next(), await items.return?.(), await items.next())
      return 'left'
    })
    const call = world.watch(exchange$(world.requester, upload, ['a', 'b']))
    await world.advance(1_000)
    expect(results).toEqual([
      { done: false, value: 'a' },
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
    expect(call.values).toEqual(['left'])
  })
})

describe('a handler that reads its items slowly', () => {
  it('gives no credit for the items that it reads after the end of the stream', async () => {
    const world = await serveStreams(
      upload,
      async ({ value }) => {
        let read = 0
        for await (const _ of value) {
          read++
          await firstValueFrom(timer(100, world.scheduler))
        }
        return String(read)
      },
      { requests: { credit: 4 } },
    )
    const call = world.watch(exchange$(world.requester, upload, upTo(3), { timeout: 30_000 }))
    await world.advance(2_000)
    expect(call.values).toEqual(['3'])
    // One to begin with, and one that acknowledges the end.
    expect(creditsOf(world)).toEqual(['4', '4'])
  })

  it('reads all items of a stream that had ended before its requester cancelled', async () => {
    const read: string[] = []
    const world = await serveStreams(upload, async ({ value }) => {
      for await (const item of value) {
        read.push(item)
        await firstValueFrom(timer(100, world.scheduler))
      }
      read.push('done')
      return 'too late'
    })
    const call = world.watch(exchange$(world.requester, upload, upTo(3)))
    await world.advance(150)
    call.unsubscribe()
    await world.advance(1_000)
    expect(read).toEqual(['0', '1', '2', 'done'])
    expect(world.records).toMatchObject([{ outcome: 'cancelled' }])
  })
})

describe('a handler whose requester sends an invalid item', () => {
  it('is stopped by its signal, and its request is recorded as failed', () => {
    const reasons: unknown[] = []
    withHostileRequester(
      ({ open, sendItem, records }) => {
        open()
        sendItem('0:first')
        expect(reasons).toMatchObject([
          { code: 'cancelled', rawMessage: 'the responder stopped before the handler had responded' },
        ])
        expect(records.values).toMatchObject([{ outcome: 'failed', status: 400 }])
      },
      {
        handler: ({ signal }) => {
          signal.addEventListener('abort', () => reasons.push(signal.reason))
          return NEVER
        },
      },
    )
  })
})
