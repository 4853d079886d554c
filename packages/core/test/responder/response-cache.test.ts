import { ApplicationError, requests$, serve, type Delivery, type Link } from '@antiphon/core'
import { asyncScheduler, concat, delay, EMPTY, NEVER, of, Subject, throwError } from 'rxjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ResponseCache } from '../../src/responder/response-cache.js'
import { bytesOf, statusOf, textOf } from '../observed.js'
import { synchronousLink } from '../synchronous-link.js'
import { cancelProperties, echo, requestProperties, withEchoResponder } from './with-responder.js'

describe('a duplicate request', () => {
  it('answers a duplicate with the same bytes and its own expiry', () => {
    withEchoResponder(({ sendRequest, world, handled, responses, ignored, unacknowledged }) => {
      sendRequest('x', { messageExpiryInterval: 100 })
      world.advance(10_000)
      sendRequest('x', { messageExpiryInterval: 90 })
      world.advance(10)
      expect(handled).toHaveLength(1)
      const [first, second] = responses.map(({ message }) => message)
      expect(first?.messageExpiryInterval).toBe(100)
      expect(second).toEqual({ ...first, messageExpiryInterval: 90 })
      expect(ignored).toMatchObject([
        { reason: 'duplicate', detail: 'it repeats a request that was answered' },
      ])
      expect(unacknowledged()).toBe(0)
    })
  })

  it('handles a request whose requester uses a correlation again with another payload', () => {
    withEchoResponder(({ sendRequest, world, responses }) => {
      sendRequest('x')
      world.advance(10)
      sendRequest('y')
      world.advance(10)
      expect(responses.map(({ message }) => textOf(message))).toEqual(['x!', 'y!'])
    })
  })

  it.each([2_000, 100_000])('recognises a duplicate of %i bytes by its length and content', (length) => {
    withEchoResponder(({ sendRequest, world, handled }) => {
      sendRequest('x'.repeat(length))
      world.advance(10)
      sendRequest('x'.repeat(length))
      sendRequest('x'.repeat(length - 1))
      sendRequest(`${'x'.repeat(length - 1)}y`)
      world.advance(10)
      expect(handled).toHaveLength(3)
    })
  })

  it('handles a request with the correlation of a running one and another payload', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, unacknowledged }) => {
        sendRequest('x')
        sendRequest('y')
        sendRequest('x')
        world.advance(1_000)
        expect(responses.map(({ message }) => textOf(message))).toEqual(['x!', 'y!'])
        sendRequest('x')
        world.advance(1_000)
        expect(responses.map(({ message }) => textOf(message))).toEqual(['x!', 'y!', 'x!'])
        expect(unacknowledged()).toBe(0)
      },
      { handler: ({ value }) => of(`${value}!`).pipe(delay(100)) },
    )
  })

  it('handles a request with another response topic as another request', () => {
    withEchoResponder(({ sendRequest, world, handled, responses }) => {
      sendRequest('x', { responseTopic: 'one' })
      sendRequest('y', { responseTopic: 'two' })
      world.advance(10)
      expect(handled).toHaveLength(2)
      const sent = responses.map(({ message }) => [message.topic, textOf(message)])
      expect(sent).toEqual([
        ['one', 'x!'],
        ['two', 'y!'],
      ])
    })
  })

  it('handles each request without a correlation, and responds without one', () => {
    withEchoResponder(({ sendRequest, world, handled, responses }) => {
      sendRequest('x', { correlationData: undefined } as never)
      sendRequest('x', { correlationData: undefined } as never)
      world.advance(10)
      expect(handled).toHaveLength(2)
      for (const { message } of responses) expect(message).not.toHaveProperty('correlationData')
      expect(responses).toHaveLength(2)
    })
  })

  it.each<[what: string, token: Uint8Array]>([
    ['0x00', Uint8Array.of(0)],
    ['zeros only', new Uint8Array(16)],
    ['invalid UTF-8', Uint8Array.of(0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80)],
    ['every byte', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
    ['no bytes', new Uint8Array()],
    ['65 535 bytes', Uint8Array.from({ length: 65_535 }, (_, index) => (index * 7) % 256)],
  ])('recognises a duplicate by a correlation of %s, and returns it byte for byte', (_, correlationData) => {
    withEchoResponder(({ sendRequest, world, handled, responses }) => {
      sendRequest('x', { correlationData })
      sendRequest('x', { correlationData: Uint8Array.of(...correlationData.subarray(0, 300), 1) })
      world.advance(10)
      sendRequest('x', { correlationData })
      world.advance(10)
      expect(handled).toHaveLength(2)
      expect(responses).toHaveLength(3)
      for (const index of [0, 2]) {
        const echoed = responses[index]?.message.correlationData ?? bytesOf('missing')
        expect(Buffer.compare(echoed, correlationData)).toBe(0)
      }
    })
  })

  it('runs the handler once for duplicates of a running request, and acknowledges all after the response', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, responses, ignored, unacknowledged }) => {
        for (let count = 0; count < 3; count++) sendRequest('x')
        world.advance(400)
        expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 0, 3])
        world.advance(400)
        expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 1, 0])
        expect(ignored.map(({ reason }) => reason)).toEqual(['duplicate', 'duplicate'])
      },
      { requests: { acknowledge: 'after-response' }, handler: () => of('done').pipe(delay(500)) },
    )
  })

  it('acknowledges duplicates of a running request at once with acknowledge: on-start', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, responses, unacknowledged }) => {
        for (let count = 0; count < 3; count++) sendRequest('x')
        world.advance(400)
        expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 0, 0])
        world.advance(400)
        expect([handled.length, responses.length]).toEqual([1, 1])
      },
      { handler: () => of('done').pipe(delay(500)) },
    )
  })

  it('runs the handler once for a duplicate of a queued request', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, responses, unacknowledged }) => {
        sendRequest('first', { correlationData: bytesOf('1') })
        sendRequest('second', { correlationData: bytesOf('2') })
        sendRequest('second', { correlationData: bytesOf('2') })
        world.advance(5_000)
        expect([handled.length, responses.length, unacknowledged()]).toEqual([2, 2, 0])
      },
      { handler: () => of('done').pipe(delay(500)), serve: { concurrency: 1 } },
    )
  })

  it('sends no second response to a duplicate that arrives before the PUBACK of the response', () => {
    const stalled = { kind: 'reorder', by: 1_000, packets: ['puback'], clientId: 'server' } as const
    withEchoResponder(({ sendRequest, world, handled, responses, unacknowledged }) => {
      world.broker.inject(stalled)
      sendRequest('x')
      world.advance(100)
      sendRequest('x')
      world.advance(100)
      expect([handled.length, responses.length]).toEqual([1, 1])
      world.advance(2_000)
      expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 1, 0])
    })
  })

  it.each([
    ['of an ApplicationError', () => throwError(() => new ApplicationError({ code: 'no' })), 500],
    ['of any other error', () => throwError(() => new Error('oops')), 500],
    ['of a timeout', () => of('late').pipe(delay(1_000)), 408],
  ] as const)('answers a duplicate with the same failure %s', (_, handler, status) => {
    withEchoResponder(
      ({ sendRequest, world, handled, responses }) => {
        sendRequest('x')
        world.advance(200)
        sendRequest('x')
        world.advance(200)
        expect(handled).toHaveLength(1)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([status, status])
        expect(responses[1]?.message).toEqual(responses[0]?.message)
      },
      { handler, serve: { handlerTimeout: 100 } },
    )
  })

  it('answers a duplicate of an invalid request 400 again', () => {
    withEchoResponder(({ sendRequest, world, responses, handled }) => {
      const payload = Uint8Array.of(0xff)
      sendRequest('', { payload })
      world.advance(10)
      sendRequest('', { payload })
      world.advance(10)
      expect(responses.map(({ message }) => statusOf(message))).toEqual([400, 400])
      expect(handled).toEqual([])
    })
  })

  it('handles a duplicate of a request that was answered 503', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('first', { correlationData: bytesOf('1') })
        sendRequest('second', { correlationData: bytesOf('2') })
        world.advance(1_000)
        sendRequest('second', { correlationData: bytesOf('2') })
        world.advance(1_000)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([503, 200, 200])
      },
      { handler: () => of('done').pipe(delay(500)), serve: { concurrency: 1, queue: 0 } },
    )
  })

  it('neither handles nor answers a duplicate of a cancelled request', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, responses, unacknowledged, sendControl }) => {
        sendRequest('x')
        world.advance(100)
        sendControl(cancelProperties)
        world.advance(100)
        sendRequest('x')
        world.advance(1_000)
        expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 0, 0])
      },
      { handler: () => of('done').pipe(delay(500)) },
    )
  })

  it('acknowledges a duplicate only after the PUBACK of its response', () => {
    withEchoResponder(
      ({ sendRequest, world, unacknowledged }) => {
        sendRequest('x')
        world.advance(10)
        world.broker.inject({ kind: 'delay', by: 1_000, packets: ['puback'], clientId: 'server' })
        sendRequest('x')
        world.advance(500)
        expect(unacknowledged()).toBe(1)
        world.advance(1_000)
        expect(unacknowledged()).toBe(0)
      },
      { requests: { acknowledge: 'after-response' } },
    )
  })

  it('acknowledges a duplicate even when the broker refuses its response', () => {
    withEchoResponder(({ sendRequest, world, unacknowledged }) => {
      sendRequest('x')
      world.advance(10)
      world.broker.refusePublish('responses', 0x87)
      sendRequest('x')
      world.advance(10)
      expect(unacknowledged()).toBe(0)
    })
  })

  it('answers a redelivery after a lost connection from the cache', () => {
    withEchoResponder(({ sendRequest, world, handled, responses, unacknowledged }) => {
      world.broker.inject({
        kind: 'drop',
        clientId: 'server',
        direction: 'from-client',
        packets: ['puback'],
      })
      sendRequest('x')
      world.advance(10)
      expect([responses.length, unacknowledged()]).toEqual([1, 1])
      world.broker.disconnect('server')
      world.advance(100)
      expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 2, 0])
    })
  })

  it('runs the handler once for a redelivery of a running request', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, responses, unacknowledged }) => {
        sendRequest('x')
        world.advance(100)
        world.broker.disconnect('server')
        world.advance(100)
        expect(unacknowledged()).toBe(1)
        world.advance(1_000)
        expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 1, 0])
      },
      { requests: { acknowledge: 'after-response' }, handler: () => of('done').pipe(delay(500)) },
    )
  })
})

describe('the response cache', () => {
  it('caches a response until its request expires', () => {
    withEchoResponder(({ sendRequest, world, handled }) => {
      sendRequest('x', { messageExpiryInterval: 10 })
      world.advance(9_900)
      sendRequest('x')
      world.advance(10)
      expect(handled).toHaveLength(1)
      world.advance(100)
      sendRequest('x')
      world.advance(10)
      expect(handled).toHaveLength(2)
    })
  })

  it('caches a response for ttl if its request has no expiry', () => {
    withEchoResponder(
      ({ sendRequest, world, handled }) => {
        sendRequest('x')
        world.advance(2_900)
        sendRequest('x')
        world.advance(200)
        sendRequest('x')
        world.advance(10)
        expect(handled).toHaveLength(2)
      },
      { requests: { responseCache: { ttl: 3_000 } } },
    )
  })

  it.each([
    ['entries', { entries: 2 }],
    ['bytes', { bytes: 2 * ('responses'.length + 1 + 1 + 1 + 1) }],
  ])('evicts the oldest responses beyond the limit of %s', (_, bounds) => {
    withEchoResponder(
      ({ sendRequest, world, handled }) => {
        for (const correlation of ['1', '2', '3']) {
          sendRequest('x', { correlationData: bytesOf(correlation) })
          world.advance(10)
        }
        for (const correlation of ['3', '2', '1']) {
          sendRequest('x', { correlationData: bytesOf(correlation) })
          world.advance(10)
        }
        expect(
          handled.map(({ message }) => textOf({ payload: message.correlationData ?? bytesOf('') })),
        ).toEqual(['1', '2', '3', '1'])
      },
      { handler: () => of('y'), requests: { responseCache: bounds } },
    )
  })

  it('never evicts a running request', () => {
    const go = new Subject<string>()
    withEchoResponder(
      ({ sendRequest, world, handled, unacknowledged }) => {
        for (const _round of [1, 2])
          for (let index = 0; index < 20; index++)
            sendRequest('x', { correlationData: bytesOf(String(index)) })
        world.advance(10)
        expect(handled).toHaveLength(20)
        go.next('now')
        world.advance(10)
        expect(unacknowledged()).toBe(0)
      },
      { handler: () => go, requests: { responseCache: { entries: 1, bytes: 1 } } },
    )
  })

  it.each(['entries', 'bytes', 'ttl'])('rejects a negative responseCache.%s', (name) => {
    expect(() => withEchoResponder(() => undefined, { requests: { responseCache: { [name]: -1 } } })).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(name) as string }),
    )
  })

  it('counts the bytes of correlations towards the limit of bytes', () => {
    const cache = new ResponseCache<string>({ entries: 1_000, bytes: 1_000_000, ttl: 1_000 })
    for (let index = 0; index < 1_000; index++) {
      const key = `${index}${'k'.repeat(65_000)}`
      cache.end(cache.begin(key, 'running', new Uint8Array()), 1_000, 0)
    }
    expect(cache.size).toBeLessThan(16)
  })

  it('evicts expired responses when others are added', () => {
    const cache = new ResponseCache<string>({ entries: 1_000, bytes: 1_000_000, ttl: 1_000 })
    for (const [key, expiresAt] of [
      ['a', 10],
      ['b', 20],
      ['c', 30],
    ] as const) {
      cache.end(cache.begin(key, 'running', new Uint8Array()), expiresAt, 0)
    }
    cache.end(cache.begin('d', 'running', new Uint8Array()), 100, 20)
    expect(cache.size).toBe(2)
    expect(cache.find('c', 20)).toMatchObject({ expiresAt: 30 })
    expect(cache.find('c', 30)).toBeUndefined()
    expect(cache.size).toBe(1)
  })
})

describe('the response cache when the system clock is set', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('remembers what was answered when the clock is set forward', () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const deliveries$ = new Subject<Delivery>()
    const link: Link = {
      ...synchronousLink(() => undefined),
      scheduler: asyncScheduler,
      subscription$: (filter) =>
        concat(of({ filter, grantedQoS: 1, deliveries$, unsubscribe$: EMPTY } as const), NEVER),
    }
    const handled: string[] = []
    requests$(link, echo)
      .pipe(
        serve(({ value }) => {
          handled.push(value)
          return value
        }),
      )
      .subscribe()
    const message = { topic: 'echo', payload: bytesOf('x'), qos: 1, retain: false, dup: false } as const
    const delivery = { message: { ...message, ...requestProperties }, acknowledge: () => undefined }
    deliveries$.next(delivery)
    vi.setSystemTime(Date.now() + 3_600_000)
    deliveries$.next(delivery)
    expect(handled).toEqual(['x'])
  })
})
