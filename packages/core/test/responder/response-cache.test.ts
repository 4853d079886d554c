import { ApplicationError } from '@antiphon/core'
import { delay, of, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { ResponseCache } from '../../src/responder/response-cache.js'
import { bytesOf, statusOf, textOf } from '../observed.js'
import { withEchoResponder } from './with-responder.js'

describe('a repeated request', () => {
  it('that was answered gets the same bytes again, with its own expiry', () => {
    withEchoResponder(({ sendRequest, world, handled, responses, ignored, unacknowledged }) => {
      sendRequest('x', { messageExpiryInterval: 100 })
      world.advance(10_000)
      sendRequest('x', { messageExpiryInterval: 90 })
      world.advance(10)
      expect(handled).toHaveLength(1)
      const [first, second] = responses.map(({ message }) => message)
      expect(first?.messageExpiryInterval).toBe(100)
      expect(second).toEqual({ ...first, messageExpiryInterval: 90 })
      expect(ignored).toMatchObject([{ reason: 'duplicate' }])
      expect(unacknowledged()).toBe(0)
    })
  })

  it('is known by response topic and correlation, not by its payload or topic', () => {
    withEchoResponder(({ sendRequest, world, responses }) => {
      sendRequest('x')
      world.advance(10)
      sendRequest('y')
      world.advance(10)
      expect(responses.map(({ message }) => textOf(message))).toEqual(['x!', 'x!'])
    })
  })

  it('is another request under another response topic', () => {
    withEchoResponder(({ sendRequest, world, handled, responses }) => {
      sendRequest('x', { responseTopic: 'one' })
      sendRequest('y', { responseTopic: 'two' })
      world.advance(10)
      expect(handled).toHaveLength(2)
      const seen = responses.map(({ message }) => [message.topic, textOf(message)])
      expect(seen).toEqual([
        ['one', 'x!'],
        ['two', 'y!'],
      ])
    })
  })

  it('without a correlation is another request each time, and its reply has none either', () => {
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
    ['nothing but zeros', new Uint8Array(16)],
    ['what is not UTF-8', Uint8Array.of(0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80)],
    ['every byte', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
    ['no byte at all', new Uint8Array()],
    ['65 535 bytes', Uint8Array.from({ length: 65_535 }, (_, index) => (index * 7) % 256)],
  ])('is known by a correlation of %s, which is echoed byte for byte', (_, correlationData) => {
    withEchoResponder(({ sendRequest, world, handled, responses }) => {
      sendRequest('x', { correlationData })
      sendRequest('x', { correlationData: Uint8Array.of(...correlationData.subarray(0, 300), 1) })
      world.advance(10)
      sendRequest('x', { correlationData })
      world.advance(10)
      expect(handled).toHaveLength(2)
      expect(responses).toHaveLength(3)
      for (const index of [0, 2]) {
        const echoed = responses[index]?.message.correlationData ?? bytesOf('none')
        expect(Buffer.compare(echoed, correlationData)).toBe(0)
      }
    })
  })

  it('joins the one that runs: one run, one reply, all acknowledged after it', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, responses, ignored, unacknowledged }) => {
        for (let count = 0; count < 3; count++) sendRequest('x')
        world.advance(400)
        expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 0, 3])
        world.advance(400)
        expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 1, 0])
        expect(ignored.map(({ reason }) => reason)).toEqual(['duplicate', 'duplicate'])
      },
      { handler: () => of('done').pipe(delay(500)) },
    )
  })

  it('joins one that waits in the queue', () => {
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

  it('joins one whose reply is on its way to the broker', () => {
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
    ['an application’s', () => throwError(() => new ApplicationError({ code: 'no' })), 500],
    ['any other', () => throwError(() => new Error('oops')), 500],
    ['a time limit’s', () => of('late').pipe(delay(1_000)), 408],
  ] as const)('gets an error again as well: %s', (_, handler, status) => {
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

  it('gets a 400 again', () => {
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

  it('of a 503 runs: that one did not take place', () => {
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

  it('of one that was called off gets nothing, and does not run', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, responses, unacknowledged }) => {
        sendRequest('x')
        world.advance(100)
        sendRequest('', { userProperties: [['__stat', '499']] })
        world.advance(100)
        sendRequest('x')
        world.advance(1_000)
        expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 0, 0])
      },
      { handler: () => of('done').pipe(delay(500)) },
    )
  })

  it('is acknowledged only after its reply’s PUBACK', () => {
    withEchoResponder(({ sendRequest, world, unacknowledged }) => {
      sendRequest('x')
      world.advance(10)
      world.broker.inject({ kind: 'delay', by: 1_000, packets: ['puback'], clientId: 'server' })
      sendRequest('x')
      world.advance(500)
      expect(unacknowledged()).toBe(1)
      world.advance(1_000)
      expect(unacknowledged()).toBe(0)
    })
  })

  it('is acknowledged even when its reply is refused', () => {
    withEchoResponder(({ sendRequest, world, unacknowledged }) => {
      sendRequest('x')
      world.advance(10)
      world.broker.refusePublish('answers', 0x87)
      sendRequest('x')
      world.advance(10)
      expect(unacknowledged()).toBe(0)
    })
  })

  it('is a redelivery after a lost connection as well: the same bytes, no second run', () => {
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

  it('is a redelivery that joins what still runs', () => {
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
      { handler: () => of('done').pipe(delay(500)) },
    )
  })
})

describe('what is remembered', () => {
  it('lives as long as the message expiry', () => {
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

  it('lives for `keepFor` without one', () => {
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
    ['bytes', { bytes: 2 * ('answers'.length + 1 + 1 + 1 + 1) }],
  ])('is bounded in %s; the oldest goes first', (_, duplicates) => {
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
      { handler: () => of('y'), requests: { responseCache: duplicates } },
    )
  })

  it('is never one that runs, however many there are', () => {
    const go = new Subject<string>()
    withEchoResponder(
      ({ sendRequest, world, handled, unacknowledged }) => {
        for (const round of [1, 2])
          for (let index = 0; index < 20; index++)
            sendRequest(String(round), { correlationData: bytesOf(String(index)) })
        world.advance(10)
        expect(handled).toHaveLength(20)
        go.next('now')
        world.advance(10)
        expect(unacknowledged()).toBe(0)
      },
      { handler: () => go, requests: { responseCache: { entries: 1, bytes: 1 } } },
    )
  })

  it.each(['entries', 'bytes', 'ttl'])('refuses bounds that are none: %s', (name) => {
    expect(() => withEchoResponder(() => undefined, { requests: { responseCache: { [name]: -1 } } })).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(name) as string }),
    )
  })

  it('counts the correlations themselves, which may be long', () => {
    const duplicates = new ResponseCache<string>({ entries: 1_000, bytes: 1_000_000, ttl: 1_000 })
    for (let index = 0; index < 1_000; index++) {
      const key = `${index}${'k'.repeat(65_000)}`
      duplicates.end(duplicates.begin(key, 'running'), { responses: [], expiresAt: 1_000 }, 0)
    }
    expect(duplicates.size).toBeLessThan(16)
  })

  it('goes by itself when its time is over and others come', () => {
    const duplicates = new ResponseCache<string>({ entries: 1_000, bytes: 1_000_000, ttl: 1_000 })
    for (const [key, until] of [
      ['a', 10],
      ['b', 20],
      ['c', 30],
    ] as const) {
      duplicates.end(duplicates.begin(key, 'running'), { responses: [], expiresAt: until }, 0)
    }
    duplicates.end(duplicates.begin('d', 'running'), { responses: [], expiresAt: 100 }, 20)
    expect(duplicates.size).toBe(2)
    expect(duplicates.find('c', 20)).toMatchObject({ expiresAt: 30 })
    expect(duplicates.find('c', 30)).toBeUndefined()
    expect(duplicates.size).toBe(1)
  })
})
