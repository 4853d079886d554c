import { ignoredRequests$, requests$, serve, type ServeOptions, type ServeRecord } from '@antiphon/core'
import {
  concat,
  delay,
  EMPTY,
  from,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  throwError,
  type ObservableInput,
} from 'rxjs'
import { describe, expect, it } from 'vitest'
import { asyncWorld } from './async-world.js'
import { bytesOf, observe, statusOf, textOf } from './observed.js'
import { echo, withEchoResponder, type ResponderSetup } from './responder/with-responder.js'

type EchoStage = Parameters<Parameters<typeof withEchoResponder>[0]>[0]

/** Asks with a correlation of its own for each. */
function askAll({ sendRequest }: Pick<ResponderSetup<never>, 'ask'>, payloads: readonly string[]): void {
  payloads.forEach((payload, index) =>
    sendRequest(payload, { correlationData: bytesOf(`${payload} ${index}`) }),
  )
}

function statuses({ responses }: Pick<EchoStage, 'replies'>): readonly (number | undefined)[] {
  return responses.map(({ message }) => statusOf(message))
}

describe('serve', () => {
  it.each<[kind: string, answer: () => ObservableInput<string>]>([
    ['an Observable', () => of('answer')],
    ['the first item of a longer Observable', () => of('answer', 'ignored')],
    ['an Observable that never ends', () => concat(of('answer'), NEVER)],
    ['an endless synchronous one', () => new Observable((s) => { while (!s.closed) s.next('answer') })], // prettier-ignore
    ['an array', () => ['answer', 'ignored']],
    ['an iterable', () => new Set(['answer'])],
  ])('answers with %s', (_, response) => {
    withEchoResponder(
      (setup) => {
        setup.sendRequest('x')
        setup.world.advance(10)
        expect(setup.responses.map(({ message }) => textOf(message))).toEqual(['answer'])
        expect(setup.records.values).toMatchObject([{ outcome: 'responded', status: 200 }])
      },
      { handler: response },
    )
  })

  it.each<[kind: string, answer: () => ObservableInput<string>]>([
    ['a Promise', () => Promise.resolve('answer')],
    ['an async function', async () => await Promise.resolve('answer')],
    ['an async iterable', async function* () { yield await Promise.resolve('answer') }], // prettier-ignore
  ])('answers with %s', async (_, response) => {
    const { link, broker, advance } = asyncWorld()
    const records: ServeRecord[] = []
    requests$(link('server'), echo)
      .pipe(serve(response))
      .subscribe((record) => records.push(record))
    await advance(50)
    broker.publish({ topic: 'echo', payload: bytesOf('x'), responseTopic: 'answers' })
    await advance(50)
    expect(records).toMatchObject([{ outcome: 'responded', status: 200 }])
  })

  it('unsubscribes a handler that has answered', () => {
    let isOpen = false
    withEchoResponder(
      ({ sendRequest, world }) => {
        sendRequest('x')
        world.advance(10)
        expect(isOpen).toBe(false)
      },
      {
        handler: () =>
          new Observable((subscriber) => {
            isOpen = true
            subscriber.next('answer')
            return () => (isOpen = false)
          }),
      },
    )
  })

  it('emits a record of each exchange: what, outcome, timings', () => {
    withEchoResponder(
      ({ sendRequest, world, records }) => {
        sendRequest('x', { messageExpiryInterval: 10 })
        world.advance(1_000)
        const [record] = records.values
        expect(record).toMatchObject({ endpoint: 'echo', params: {}, outcome: 'responded', status: 200 })
        expect(record?.request).toMatchObject({ topic: 'echo', payload: bytesOf('x') })
        const { receivedAt = NaN, startedAt = NaN, endedAt = NaN } = record ?? {}
        // The reply's way there and its acknowledgement's way back take a millisecond each.
        expect([startedAt - receivedAt, endedAt - startedAt]).toEqual([0, 102])
      },
      { handler: () => of('late').pipe(delay(100)) },
    )
  })

  it('fails with its source, and completes with it once all is answered', () => {
    withEchoResponder(({ world }) => {
      const failed = observe(world, throwError(() => new Error('no more')).pipe(serve(() => of('x'))))
      expect(failed.ending()).toMatchObject({ rawMessage: 'no more' })
      const empty = observe(world, EMPTY.pipe(serve(() => of('x'))))
      expect(empty.ending()).toBe('complete')
    })
  })

  it.each<[name: string, options: ServeOptions]>([
    ['concurrency', { concurrency: 0 }],
    ['concurrency', { concurrency: 1.5 }],
    ['queue', { queue: -1 }],
    ['queue', { queue: NaN }],
    ['handlerTimeout', { handlerTimeout: 0 }],
    ['handlerTimeout', { handlerTimeout: NaN }],
  ])('refuses a %s that is none: %o', (name, options) => {
    expect(() => serve(() => of(''), options)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(name) as string }),
    )
  })
})

describe('serve under load', () => {
  it('runs so many handlers at once as it is allowed to, the rest in the order they came', () => {
    let open = 0
    let mostOpen = 0
    const order: string[] = []
    withEchoResponder(
      (setup) => {
        askAll(setup, ['1', '2', '3', '4', '5'])
        setup.world.advance(1_000)
        expect(mostOpen).toBe(2)
        expect(order).toEqual(['1', '2', '3', '4', '5'])
        expect(statuses(setup)).toEqual([200, 200, 200, 200, 200])
      },
      {
        serve: { concurrency: 2 },
        handler: ({ value }) =>
          new Observable((subscriber) => {
            order.push(value)
            mostOpen = Math.max(mostOpen, ++open)
            const work = of(value).pipe(delay(100)).subscribe(subscriber)
            return () => {
              open--
              work.unsubscribe()
            }
          }),
      },
    )
  })

  it('answers 503 at once when the queue is full: 10 times the concurrency', () => {
    withEchoResponder(
      (setup) => {
        const { world, records, unacknowledged } = setup
        askAll(
          setup,
          Array.from({ length: 40 }, () => 'x'),
        )
        world.advance(50)
        expect(statuses(setup)).toEqual(Array(32).fill(503))
        expect(records.values.map(({ outcome }) => outcome)).toEqual(Array(32).fill('busy'))
        world.advance(1_000)
        expect(statuses(setup).filter((status) => status === 200)).toHaveLength(8)
        expect(unacknowledged()).toBe(0)
      },
      { serve: { concurrency: 4, queue: 4 }, handler: () => of('done').pipe(delay(100)) },
    )
  })

  it('works off a long queue of what ends at once', () => {
    withEchoResponder(
      (setup) => {
        askAll(
          setup,
          Array.from({ length: 2_500 }, () => 'x'),
        )
        setup.world.advance(20_000)
        expect(statuses(setup)).toHaveLength(2_500)
        expect(setup.unacknowledged()).toBe(0)
      },
      { serve: { concurrency: 1 } },
    )
  })
})

describe('a cancel', () => {
  const cancel = { userProperties: [['__stat', '499']] } as const

  it('reaches the handler: it is unsubscribed, acknowledged, and nobody is told', () => {
    let isStopped = false
    withEchoResponder(
      ({ sendRequest, world, responses, records, ignored, unacknowledged }) => {
        sendRequest('x')
        world.advance(10)
        sendRequest('', cancel)
        world.advance(10)
        expect(isStopped).toBe(true)
        expect(records.values).toMatchObject([{ outcome: 'cancelled' }])
        expect(ignored.map(({ reason }) => reason)).toEqual(['cancel'])
        expect([responses.length, unacknowledged()]).toEqual([0, 0])
      },
      { handler: () => new Observable(() => () => (isStopped = true)) },
    )
  })

  it('reaches what waits in the queue, which then does not run', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, responses, records, unacknowledged }) => {
        for (const name of ['1', '2', '3']) sendRequest(name, { correlationData: bytesOf(name) })
        world.advance(10)
        sendRequest('', { ...cancel, correlationData: bytesOf('2') })
        world.advance(1_000)
        expect(handled.map(({ value }) => value)).toEqual(['1', '3'])
        expect(responses).toHaveLength(2)
        expect(records.values.map(({ outcome }) => outcome).sort()).toEqual([
          'cancelled',
          'responded',
          'responded',
        ])
        expect(unacknowledged()).toBe(0)
      },
      { serve: { concurrency: 1 }, handler: () => of('done').pipe(delay(100)) },
    )
  })

  it('makes room in the queue', () => {
    withEchoResponder(
      (setup) => {
        const { sendRequest, world, handled } = setup
        for (const name of ['1', '2']) sendRequest(name, { correlationData: bytesOf(name) })
        world.advance(10)
        sendRequest('', { ...cancel, correlationData: bytesOf('2') })
        sendRequest('3', { correlationData: bytesOf('3') })
        world.advance(1_000)
        expect(handled.map(({ value }) => value)).toEqual(['1', '3'])
        expect(statuses(setup)).toEqual([200, 200])
      },
      { serve: { concurrency: 1, queue: 1 }, handler: () => of('done').pipe(delay(100)) },
    )
  })

  it('is idempotent, and does nothing to what is over or was never asked', () => {
    withEchoResponder(({ sendRequest, world, handled, responses, ignored, unacknowledged }) => {
      sendRequest('', cancel)
      sendRequest('x')
      world.advance(10)
      sendRequest('', cancel)
      sendRequest('', cancel)
      world.advance(10)
      expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 1, 0])
      expect(ignored.map(({ reason }) => reason)).toEqual(['cancel', 'cancel', 'cancel'])
    })
  })

  it('of another reply topic is about another request', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        sendRequest('', { ...cancel, responseTopic: 'other' })
        world.advance(1_000)
        expect(responses).toHaveLength(1)
      },
      { handler: () => of('done').pipe(delay(100)) },
    )
  })
})

describe('a closed link', () => {
  it('stops what runs and what waits, which nobody can be told of any more', () => {
    let stopped = 0
    withEchoResponder(
      (setup) => {
        const { world, records, server, handled } = setup
        askAll(setup, ['1', '2', '3'])
        world.advance(50)
        void server.close()
        world.advance(5_000)
        expect(stopped).toBe(2)
        expect(handled).toHaveLength(2)
        expect(records.values).toMatchObject([
          { outcome: 'unsent', error: { code: 'link-closed' } },
          { outcome: 'unsent', error: { code: 'link-closed' } },
          { outcome: 'unsent', error: { code: 'link-closed' } },
        ])
        expect(records.ending()).toBe('complete')
      },
      { serve: { concurrency: 2 }, handler: () => new Observable(() => () => stopped++) },
    )
  })

  it('is not the end of the requests: what runs then is still answered', () => {
    withEchoResponder(({ world, server }) => {
      const answered = observe(
        world,
        requests$(server, echo).pipe(
          take(1),
          serve(() => of('answer').pipe(delay(100))),
        ),
      )
      world.broker.publish({ topic: 'echo', payload: bytesOf('x'), responseTopic: 'other' })
      world.advance(500)
      expect(answered.values).toMatchObject([{ outcome: 'responded' }])
      expect(answered.ending()).toBe('complete')
    })
  })
})

describe('draining', () => {
  it('stops intake with 503, finishes what runs and what waits, then completes and unsubscribes', () => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      (setup) => {
        const { world, records, unacknowledged, handled } = setup
        askAll(setup, ['1', '2', '3'])
        world.advance(50)
        drain$.next()
        askAll(setup, ['late'])
        world.advance(50)
        expect(statuses(setup)).toEqual([503])
        expect(records.ending()).toBeUndefined()
        expect(world.broker.session('server')?.subscriptions).toHaveLength(1)
        world.advance(1_000)
        expect(handled.map(({ value }) => value)).toEqual(['1', '2', '3'])
        expect(statuses(setup)).toEqual([503, 200, 200, 200])
        expect(records.ending()).toBe('complete')
        expect(world.broker.session('server')?.subscriptions).toEqual([])
        expect(unacknowledged()).toBe(0)
      },
      { serve: { concurrency: 2, drain$ }, handler: () => of('done').pipe(delay(200)) },
    )
  })

  it('completes at once when nothing is in hand', () => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      ({ world, records }) => {
        drain$.next()
        world.advance(10)
        expect(records.ending()).toBe('complete')
      },
      { serve: { drain$ } },
    )
  })

  it('that begins before anything else does not even subscribe', () => {
    withEchoResponder(
      ({ world, records }) => {
        expect(records.ending()).toBe('complete')
        expect(world.broker.counts().packets).toEqual({})
      },
      { serve: { drain$: of('now') } },
    )
  })

  it('waits for the PUBACK of the last reply', () => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      ({ sendRequest, world, records }) => {
        world.broker.inject({ kind: 'delay', by: 1_000, packets: ['puback'], clientId: 'server' })
        sendRequest('x')
        world.advance(10)
        drain$.next()
        world.advance(500)
        expect(records.ending()).toBeUndefined()
        world.advance(1_000)
        expect(records.ending()).toBe('complete')
      },
      { serve: { drain$ } },
    )
  })
})

describe('refusals$', () => {
  it('tells of all responders of a link', () => {
    withEchoResponder(({ world, server, ignored }) => {
      const again = observe(world, ignoredRequests$(server))
      from(['a', 'b']).subscribe((payload) =>
        world.broker.publish({ topic: 'echo', payload: bytesOf(payload), responseTopic: 'bad/#' }),
      )
      world.advance(10)
      expect(again.values).toHaveLength(2)
      expect(ignored).toHaveLength(2)
    })
  })
})
