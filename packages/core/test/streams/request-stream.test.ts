import {
  AntiphonError,
  ApplicationError,
  endpoint,
  exchange$,
  gather$,
  inOrder,
  payloadField,
  request,
  request$,
  text,
  type Handler,
} from '@antiphon/core'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import {
  concat,
  count,
  firstValueFrom,
  interval,
  map,
  NEVER,
  of,
  Subject,
  take,
  tap,
  throwError,
  timer,
  toArray,
} from 'rxjs'
import { describe, expect, it } from 'vitest'
import { positionsOf, serveStreams, upload, upTo, type Upload } from './stream-world.js'

const joined: Handler<Upload> = ({ value }) =>
  value.pipe(
    toArray(),
    map((items) => items.join(' ')),
  )

describe('a request stream with one response', () => {
  it('passes the items to the handler as an Observable, in order', async () => {
    const { watch, requester, advance, records } = await serveStreams(upload, joined)
    const call = watch(exchange$(requester, upload, upTo(500)))
    await advance(2_000)
    expect(call.ending()).toBe('complete')
    expect(call.values).toEqual([upTo(500).join(' ')])
    expect(records).toMatchObject([{ outcome: 'responded', status: 200 }])
  })

  it('passes the items to a for await loop of the handler', async () => {
    const { watch, requester, advance } = await serveStreams(upload, async ({ value }) => {
      const items: string[] = []
      for await (const item of value) items.push(item)
      return items.join(' ')
    })
    const call = watch(exchange$(requester, upload, of('a', 'b', 'c')))
    await advance(1_000)
    expect(call.values).toEqual(['a b c'])
  })

  it('responds to a stream without items', async () => {
    const { watch, requester, advance } = await serveStreams(upload, ({ value }) =>
      value.pipe(
        count(),
        map((value) => String(value)),
      ),
    )
    const call = watch(exchange$(requester, upload, []))
    await advance(1_000)
    expect(call.values).toEqual(['0'])
  })

  it('sends the items of async iterables, Promises and Subjects that emit before the request is accepted', async () => {
    const { watch, requester, advance } = await serveStreams(upload, joined)
    const subject = new Subject<string>()
    async function* generate(): AsyncGenerator<string> {
      yield* ['a', 'b']
    }
    const calls = [generate(), Promise.resolve('c'), subject].map((items) =>
      watch(exchange$(requester, upload, items)),
    )
    subject.next('d')
    subject.complete()
    await advance(1_000)
    expect(calls.map(({ values }) => values)).toEqual([['a b'], ['c'], ['d']])
  })

  it('returns the response as a promise, and sends a stream for each value of a source', async () => {
    const { requester, advance, watch } = await serveStreams(upload, joined)
    const response = request(requester, upload, of('a', 'b'))
    const call = watch(of(['c'], ['d', 'e']).pipe(request$(requester, upload)))
    await advance(1_000)
    expect(await response).toBe('a b')
    expect(call.values).toEqual(['c', 'd e'])
  })

  it('passes the parameters of the topic beside the stream', async () => {
    const log = requestStreamEndpoint({ topic: 'log/{device}', request: text, response: text })
    const { requester, advance, watch } = await serveStreams(log, ({ value, params }) =>
      value.pipe(
        count(),
        map((lines) => `${params.device} ${lines}`),
      ),
    )
    const call = watch(exchange$(requester, log, { params: { device: 'lamp' }, value: ['on', 'off'] }))
    await advance(1_000)
    expect(call.values).toEqual(['lamp 2'])
  })

  it.each([1, 2, 7])('lets the requester send at most %d items ahead of a slow loop', async (credit) => {
    let sent = 0
    let read = 0
    const ahead: number[] = []
    function* generate(): Generator<string> {
      while (sent < 40) yield String(sent++)
    }
    const world = await serveStreams(
      upload,
      async ({ value }) => {
        for await (const _ of value) {
          read++
          await firstValueFrom(timer(10, world.scheduler))
          ahead.push(sent - read)
        }
        return String(read)
      },
      { requests: { credit } },
    )
    const call = world.watch(exchange$(world.requester, upload, generate()))
    await world.advance(10_000)
    expect(call.values).toEqual(['40'])
    expect(Math.max(...ahead)).toBeLessThanOrEqual(credit)
  })

  it('pulls nothing from an iterable before the handler reads', async () => {
    let pulled = 0
    function* generate(): Generator<string> {
      pulled++
      yield 'a'
    }
    const { requester, advance, watch } = await serveStreams(upload, () => NEVER)
    watch(exchange$(requester, upload, generate(), { timeout: 500 }))
    await advance(400)
    expect(pulled).toBe(0)
  })

  it('stops the stream when the handler responds before its end', async () => {
    let isStopped = false
    const { requester, advance, watch, scheduler } = await serveStreams(upload, ({ value }) =>
      value.pipe(
        take(3),
        toArray(),
        map((value) => String(value)),
      ),
    )
    const items$ = concat(
      interval(10, scheduler).pipe(
        map((value) => String(value)),
        take(1_000),
      ),
    ).pipe(tap({ unsubscribe: () => (isStopped = true) }))
    const call = watch(exchange$(requester, upload, items$))
    await advance(1_000)
    expect(call.values).toEqual(['0,1,2'])
    expect(isStopped).toBe(true)
  })

  it('reports to a loop that reads on that the handler has responded', async () => {
    const ends: unknown[] = []
    const { requester, advance, watch } = await serveStreams(upload, ({ value }) => {
      value.subscribe({ error: (error: unknown) => ends.push(AntiphonError.from(error).message) })
      return 'early'
    })
    const call = watch(exchange$(requester, upload, NEVER))
    await advance(1_000)
    expect(call.values).toEqual(['early'])
    expect(ends).toEqual(['[cancelled] the handler has responded before the end of the request stream'])
  })

  it('passes an error of the stream to the handler, and fails the exchange with it', async () => {
    const ends: AntiphonError[] = []
    const { requester, advance, watch, records } = await serveStreams(upload, ({ value }) =>
      value.pipe(
        toArray(),
        map((value) => String(value)),
        tap({ error: (error: unknown) => ends.push(AntiphonError.from(error)) }),
      ),
    )
    const failure = new ApplicationError({ code: 'torn', message: 'the tape is torn' })
    const call = watch(
      exchange$(
        requester,
        upload,
        concat(
          ['a', 'b'],
          throwError(() => failure),
        ),
      ),
    )
    await advance(1_000)
    expect(call.ending()).toMatchObject({ code: 'unknown', cause: failure, endpoint: 'upload' })
    expect(ends).toMatchObject([
      { code: 'status', status: { code: 500, message: 'the tape is torn', applicationCode: 'torn' } },
    ])
    expect(records).toMatchObject([{ outcome: 'failed' }])
  })

  it('cancels a handler that goes on after an error of the stream, and reveals no details of it', async () => {
    const seen: unknown[] = []
    const { requester, advance, watch, records } = await serveStreams(upload, ({ value }) => {
      value.subscribe({ error: (error: unknown) => seen.push(AntiphonError.from(error).message) })
      return NEVER
    })
    watch(
      exchange$(
        requester,
        upload,
        concat(
          ['a'],
          throwError(() => new Error('secret')),
        ),
      ),
    )
    await advance(1_000)
    expect(seen).toEqual(["[status] the requester's stream failed with 500: the request stream failed"])
    expect(records).toMatchObject([{ outcome: 'cancelled' }])
  })

  it('cancels the request if its stream fails before it is accepted', async () => {
    const { requester, advance, watch, records } = await serveStreams(upload, () => NEVER)
    const call = watch(
      exchange$(
        requester,
        upload,
        throwError(() => new Error('no input')),
      ),
    )
    await advance(1_000)
    expect(call.ending()).toMatchObject({ code: 'unknown', rawMessage: 'no input' })
    expect(records).toMatchObject([])
  })

  it('fails with invalid-argument or encode for what is no stream, and for an item that cannot be encoded', async () => {
    const { requester, advance, watch } = await serveStreams(upload, joined)
    const calls = ['text', 5, of(1, 2)].map((items) => watch(exchange$(requester, upload, items as never)))
    await advance(1_000)
    expect(calls.map((call) => call.ending())).toMatchObject([
      { message: expect.stringContaining('the request is "text": it must be a stream of items') as string },
      { message: expect.stringContaining('the request is 5: it must be a stream of items') as string },
      { code: 'encode' },
    ])
  })

  it('cancels the handler and the stream when the requester unsubscribes', async () => {
    let isStopped = false
    const ends: unknown[] = []
    const world = await serveStreams(upload, async ({ value }) => {
      try {
        for await (const item of value) ends.push(item)
      } catch (error) {
        ends.push((error as Error).message)
      }
      return 'too late'
    })
    const items$ = interval(100, world.scheduler).pipe(
      map((value) => String(value)),
      tap({ unsubscribe: () => (isStopped = true) }),
    )
    const call = world.watch(exchange$(world.requester, upload, items$))
    await world.advance(250)
    call.unsubscribe()
    await world.advance(100)
    expect(isStopped).toBe(true)
    expect(ends).toEqual(['0', '1', '[cancelled] the requester cancelled the request'])
    expect(world.records).toMatchObject([{ outcome: 'cancelled' }])
  })

  it('survives a stream that is silent for longer than the timeout', async () => {
    const world = await serveStreams(upload, joined)
    const items$ = concat(of('a'), timer(60_000, world.scheduler).pipe(map(() => 'b')))
    const call = world.watch(exchange$(world.requester, upload, items$, { timeout: 700 }))
    await world.advance(59_000)
    expect(call.ending()).toBeUndefined()
    await world.advance(3_000)
    expect(call.values).toEqual(['a b'])
  })

  it('times out if the handler does not respond after the end of the stream', async () => {
    const world = await serveStreams(upload, ({ value }) => {
      value.subscribe()
      return NEVER
    })
    const call = world.watch(exchange$(world.requester, upload, ['a'], { timeout: 2_000 }))
    await world.advance(5_000)
    expect(call.ending()).toMatchObject({ code: 'timeout' })
    expect(call.endedAt()).toBeLessThan(2_200)
    expect(world.records).toMatchObject([{ outcome: 'expired' }])
  })

  it('stops the handler of a requester that is gone', async () => {
    const world = await serveStreams(upload, joined)
    world.watch(exchange$(world.requester, upload, concat(of('a'), NEVER), { timeout: 2_000 }))
    await world.advance(1_000)
    world.broker.inject({ kind: 'cut', clientId: 'requester' })
    await world.advance(5_000)
    expect(world.records).toMatchObject([{ outcome: 'expired' }])
  })

  it('limits the whole stream by totalTimeout, and the handler by handlerTimeout', async () => {
    const world = await serveStreams(upload, joined, { serve: { handlerTimeout: 3_000 } })
    const items$ = interval(100, world.scheduler).pipe(map((value) => String(value)))
    const [total, handler] = [2_000, Infinity].map((totalTimeout) =>
      world.watch(exchange$(world.requester, upload, items$, { totalTimeout })),
    )
    await world.advance(10_000)
    expect(total?.ending()).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('no end of the stream within 2000 ms') as string,
    })
    expect(handler?.ending()).toMatchObject({ code: 'status', status: { code: 408 } })
  })

  it('sends items that exceed the Maximum Packet Size in chunks', async () => {
    const { requester, advance, watch, published } = await serveStreams(
      upload,
      ({ value }) =>
        value.pipe(
          map(({ length }) => length),
          toArray(),
          map((value) => String(value)),
        ),
      { broker: { limits: { maximumPacketSize: 1_000 } } },
    )
    const call = watch(exchange$(requester, upload, ['x'.repeat(5_000), 'y', 'z'.repeat(2_500)]))
    await advance(1_000)
    expect(call.values).toEqual(['5000,1,2500'])
    expect(published.length).toBeGreaterThan(10)
  })

  it('keeps concurrent streams apart', async () => {
    const { requester, advance, watch } = await serveStreams(upload, joined)
    const calls = upTo(20).map((name) =>
      watch(
        exchange$(
          requester,
          upload,
          upTo(10).map((item) => `${name}.${item}`),
        ),
      ),
    )
    await advance(2_000)
    expect(calls.map(({ values }) => values)).toEqual(
      upTo(20).map((name) => [
        upTo(10)
          .map((item) => `${name}.${item}`)
          .join(' '),
      ]),
    )
  })

  it('lets the items be read once', async () => {
    const errors: unknown[] = []
    const { requester, advance, watch } = await serveStreams(upload, ({ value }) => {
      const first$ = value.pipe(
        count(),
        map((value) => String(value)),
      )
      queueMicrotask(() =>
        value.subscribe({ error: (error: unknown) => errors.push(AntiphonError.from(error).message) }),
      )
      return first$
    })
    const call = watch(exchange$(requester, upload, ['a', 'b']))
    await advance(1_000)
    expect(errors).toEqual([
      '[invalid-argument] cannot read the items of a request twice: pipe them through share()',
    ])
    expect(call.values).toEqual(['2'])
  })

  it('sends each item once if nothing is lost', async () => {
    const world = await serveStreams(upload, joined, { requests: { credit: 4 } })
    world.watch(exchange$(world.requester, upload, upTo(20)))
    await world.advance(2_000)
    expect(positionsOf(world)).toEqual([...upTo(20), '20:last'])
  })
})

describe('a request stream and its contract', () => {
  it('needs Correlation Data, exchange control messages and a response topic', () => {
    const contract = { topic: 'x', request: text, response: text } as const
    expect(() => requestStreamEndpoint({ ...contract, correlation: inOrder() })).toThrow(
      'a request stream needs Correlation Data: use correlationData() in place of inOrder',
    )
    expect(() => requestStreamEndpoint({ ...contract, correlation: payloadField('id') })).toThrow(
      'needs Correlation Data',
    )
    expect(() => requestStreamEndpoint({ ...contract, cancel: 'local' })).toThrow(
      'needs exchange control messages',
    )
    expect(() => requestStreamEndpoint({ ...contract, acceptsNotifications: true })).toThrow(
      'needs a response topic',
    )
  })

  it('cannot be gathered', async () => {
    const { requester } = await serveStreams(upload, joined)
    expect(() => gather$(requester, upload, ['a'])).toThrow('cannot gather: upload has request streams')
  })

  it('is refused at once by a responder without a control topic', async () => {
    const { requester, advance, watch } = await serveStreams(upload, joined, {
      requests: { controlTopic: false },
    })
    const call = watch(exchange$(requester, upload, ['a'], { timeout: 60_000 }))
    await advance(100)
    expect(call.ending()).toMatchObject({
      code: 'status',
      status: {
        code: 400,
        message: 'the responder cannot receive items: it has no control topic',
        propertyName: '__ctl',
      },
    })
  })

  it('is refused at once by a responder for single requests, and a single request by one for streams', async () => {
    const single = endpoint({ topic: 'upload', request: text, response: text })
    const first = await serveStreams(single, () => 'single')
    const call = first.watch(exchange$(first.requester, upload, ['a']))
    await first.advance(100)
    expect(call.ending()).toMatchObject({
      status: { code: 400, propertyName: '__ctl', propertyValue: 'open' },
    })
    const second = await serveStreams(upload, joined)
    const other = second.watch(exchange$(second.requester, single, 'a'))
    await second.advance(100)
    expect(other.ending()).toMatchObject({ status: { code: 400, propertyName: '__ctl' } })
  })

  it('fails at once on MQTT 3.1.1', async () => {
    const { link, advance, watch } = await serveStreams(upload, joined)
    const old = link('old', { protocolVersion: 4 })
    const call = watch(exchange$(old, upload, ['a']))
    await advance(100)
    expect(call.ending()).toMatchObject({ code: 'invalid-argument' })
  })
})
