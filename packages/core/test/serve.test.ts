import { ignoredRequests$, requests$, serve, type ServeOptions, type ServeRecord } from '@antiphon/core'
import {
  concat,
  delay,
  EMPTY,
  from,
  NEVER,
  Observable,
  of,
  take,
  throwError,
  type ObservableInput,
} from 'rxjs'
import { describe, expect, it } from 'vitest'
import { asyncWorld } from './async-world.js'
import { bytesOf, observe, statusOf, textOf } from './observed.js'
import { cancelProperties, echo, withEchoResponder, type ResponderSetup } from './responder/with-responder.js'

type EchoSetup = Parameters<Parameters<typeof withEchoResponder>[0]>[0]

/** Sends each payload with Correlation Data of its own. */
function sendAll(
  { sendRequest }: Pick<ResponderSetup<never>, 'sendRequest'>,
  payloads: readonly string[],
): void {
  payloads.forEach((payload, index) =>
    sendRequest(payload, { correlationData: bytesOf(`${payload} ${index}`) }),
  )
}

function statuses({ responses }: Pick<EchoSetup, 'responses'>): readonly (number | undefined)[] {
  return responses.map(({ message }) => statusOf(message))
}

describe('serve', () => {
  it.each<[kind: string, handler: () => ObservableInput<string>]>([
    ['an Observable', () => of('response')],
    ['the first item of a longer Observable', () => of('response', 'ignored')],
    ['an Observable that never ends', () => concat(of('response'), NEVER)],
    ['an endless synchronous Observable', () => new Observable((s) => { while (!s.closed) s.next('response') })], // prettier-ignore
    ['an array', () => ['response', 'ignored']],
    ['an iterable', () => new Set(['response'])],
  ])('responds with %s', (_, handler) => {
    withEchoResponder(
      (setup) => {
        setup.sendRequest('x')
        setup.world.advance(10)
        expect(setup.responses.map(({ message }) => textOf(message))).toEqual(['response'])
        expect(setup.records.values).toMatchObject([{ outcome: 'responded', status: 200 }])
      },
      { handler },
    )
  })

  it.each<[kind: string, handler: () => ObservableInput<string>]>([
    ['a Promise', () => Promise.resolve('response')],
    ['an async function', async () => await Promise.resolve('response')],
    ['an async iterable', async function* () { yield await Promise.resolve('response') }], // prettier-ignore
  ])('responds with %s', async (_, handler) => {
    const { link, broker, advance } = asyncWorld()
    const records: ServeRecord[] = []
    requests$(link('server'), echo)
      .pipe(serve(handler))
      .subscribe((record) => records.push(record))
    await advance(50)
    broker.publish({ topic: 'echo', payload: bytesOf('x'), responseTopic: 'responses' })
    await advance(50)
    expect(records).toMatchObject([{ outcome: 'responded', status: 200 }])
  })

  it('unsubscribes from a handler that has responded', () => {
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
            subscriber.next('response')
            return () => (isOpen = false)
          }),
      },
    )
  })

  it('emits a record of each exchange with its request, outcome and times', () => {
    withEchoResponder(
      ({ sendRequest, world, records }) => {
        sendRequest('x', { messageExpiryInterval: 10 })
        world.advance(1_000)
        const [record] = records.values
        expect(record).toMatchObject({ endpoint: 'echo', params: {}, outcome: 'responded', status: 200 })
        expect(record?.request).toMatchObject({ topic: 'echo', payload: bytesOf('x') })
        const { receivedAt = NaN, startedAt = NaN, endedAt = NaN } = record ?? {}
        // The response and its acknowledgement take a millisecond each.
        expect([startedAt - receivedAt, endedAt - startedAt]).toEqual([0, 102])
      },
      { handler: () => of('late').pipe(delay(100)) },
    )
  })

  it('fails with its source, and completes with it once every request is answered', () => {
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
  ])('rejects an invalid option %s: %o', (name, options) => {
    expect(() => serve(() => of(''), options)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(name) as string }),
    )
  })
})

describe('serve under load', () => {
  it('runs as many handlers as concurrency allows, and the others in order of receipt', () => {
    let open = 0
    let mostOpen = 0
    const order: string[] = []
    withEchoResponder(
      (setup) => {
        sendAll(setup, ['1', '2', '3', '4', '5'])
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

  it('answers 503 at once when the queue is full, under 10 times the load', () => {
    withEchoResponder(
      (setup) => {
        const { world, records, unacknowledged } = setup
        sendAll(
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

  it('handles a long queue of synchronous handlers without a stack overflow', () => {
    withEchoResponder(
      (setup) => {
        sendAll(
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

describe('serve on cancel', () => {
  it('unsubscribes from the handler of a cancelled request, acknowledges it and sends no response', () => {
    let isStopped = false
    withEchoResponder(
      ({ sendRequest, world, responses, records, ignored, unacknowledged, sendControl }) => {
        sendRequest('x')
        world.advance(10)
        sendControl(cancelProperties)
        world.advance(10)
        expect(isStopped).toBe(true)
        expect(records.values).toMatchObject([{ outcome: 'cancelled' }])
        expect(ignored.map(({ reason }) => reason)).toEqual(['cancel'])
        expect([responses.length, unacknowledged()]).toEqual([0, 0])
      },
      { handler: () => new Observable(() => () => (isStopped = true)) },
    )
  })

  it('removes a cancelled request from the queue without handling it', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, responses, records, unacknowledged, sendControl }) => {
        for (const name of ['1', '2', '3']) sendRequest(name, { correlationData: bytesOf(name) })
        world.advance(10)
        sendControl(cancelProperties, { correlationData: bytesOf('2') })
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

  it('queues another request in place of a cancelled one', () => {
    withEchoResponder(
      (setup) => {
        const { sendRequest, sendControl, world, handled } = setup
        for (const name of ['1', '2']) sendRequest(name, { correlationData: bytesOf(name) })
        world.advance(10)
        sendControl(cancelProperties, { correlationData: bytesOf('2') })
        sendRequest('3', { correlationData: bytesOf('3') })
        world.advance(1_000)
        expect(handled.map(({ value }) => value)).toEqual(['1', '3'])
        expect(statuses(setup)).toEqual([200, 200])
      },
      { serve: { concurrency: 1, queue: 1 }, handler: () => of('done').pipe(delay(100)) },
    )
  })

  it('ignores a cancel of an unknown or settled request, also when repeated', () => {
    withEchoResponder(({ sendRequest, world, handled, responses, ignored, unacknowledged, sendControl }) => {
      sendControl(cancelProperties)
      sendRequest('x')
      world.advance(10)
      sendControl(cancelProperties)
      sendControl(cancelProperties)
      world.advance(10)
      expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 1, 0])
      expect(ignored.map(({ reason }) => reason)).toEqual(['cancel', 'cancel'])
    })
  })

  it('ignores a cancel with another response topic', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, sendControl }) => {
        sendRequest('x')
        sendControl(cancelProperties, { responseTopic: 'other' })
        world.advance(1_000)
        expect(responses).toHaveLength(1)
      },
      { handler: () => of('done').pipe(delay(100)) },
    )
  })
})

describe('serve on a closed link', () => {
  it('abandons running and queued requests as unsent when the link is closed', () => {
    let stopped = 0
    withEchoResponder(
      (setup) => {
        const { world, records, server, handled } = setup
        sendAll(setup, ['1', '2', '3'])
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

  it('still answers running requests when the source completes on an open link', () => {
    withEchoResponder(({ world, server }) => {
      const served = observe(
        world,
        requests$(server, echo).pipe(
          take(1),
          serve(() => of('response').pipe(delay(100))),
        ),
      )
      world.broker.publish({ topic: 'echo', payload: bytesOf('x'), responseTopic: 'other' })
      world.advance(500)
      expect(served.values).toMatchObject([{ outcome: 'responded' }])
      expect(served.ending()).toBe('complete')
    })
  })
})

describe('ignoredRequests$', () => {
  it('emits the ignored requests of a link to each subscriber', () => {
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
