import { endpoint, text, userProperty, type OutgoingMessage } from '@antiphon/core'
import { concat, delay, EMPTY, from, interval, map, NEVER, Observable, of, take, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, statusOf, textOf, type PublishedMessage } from '../observed.js'
import {
  cancelProperties,
  creditProperties,
  withResponder,
  type ResponderSetup,
  type ResponderSetupOptions,
} from './with-responder.js'

const numbers = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })
type Numbers = NonNullable<(typeof numbers)['types']>

/** Runs a test with a responder for `numbers` and a requester that subscribes to the response topic. */
function withNumbersResponder(
  options: Partial<ResponderSetupOptions<Numbers>>,
  test: (setup: ResponderSetup<Numbers> & { readonly items: () => readonly string[] }) => void,
): void {
  withResponder({ endpoint: numbers, handler: () => EMPTY, ...options }, (setup) => {
    setup.world.broker.link({ clientId: 'requester' }).messages$('responses').subscribe()
    setup.world.advance(50)
    test({ ...setup, items: () => setup.responses.map(toText) })
  })
}

/** Formats a response as `position status payload`. */
function toText({ message }: PublishedMessage): string {
  return `${userProperty(message.userProperties, '__stream')} ${statusOf(message)} ${textOf(message)}`.trim()
}

function properties(...pairs: readonly (readonly [string, string])[]): Partial<OutgoingMessage> {
  return { userProperties: pairs }
}

describe('a stream of responses', () => {
  it('numbers items and end from 0, each with the properties of a response', () => {
    withNumbersResponder(
      { handler: () => ['a', 'b'] },
      ({ sendRequest, world, items, responses, records, unacknowledged }) => {
        sendRequest('x', { messageExpiryInterval: 30 })
        world.advance(100)
        expect(items()).toEqual(['0 200 a', '1 200 b', '2:last 204'])
        for (const { message } of responses)
          expect(message).toMatchObject({
            topic: 'responses',
            correlationData: bytesOf('token'),
            messageExpiryInterval: 30,
            qos: 1,
          })
        expect(records.values).toMatchObject([{ outcome: 'responded', status: 200 }])
        expect(unacknowledged()).toBe(0)
      },
    )
  })

  it('sends only the end of an empty stream', () => {
    withNumbersResponder({ handler: () => EMPTY }, ({ sendRequest, world, items }) => {
      sendRequest('x')
      world.advance(100)
      expect(items()).toEqual(['0:last 204'])
    })
  })

  it('sends each item when the handler emits it', () => {
    withNumbersResponder(
      {
        handler: () =>
          interval(1_000).pipe(
            map((index) => String(index)),
            take(3),
          ),
      },
      ({ sendRequest, world, items }) => {
        sendRequest('x')
        world.advance(2_500)
        expect(items()).toEqual(['0 200 0', '1 200 1'])
      },
    )
  })

  it('ends a stream with 500 when the handler fails after some items', () => {
    const failing = concat(
      of('a', 'b'),
      throwError(() => new Error('oops')),
    )
    withNumbersResponder({ handler: () => failing }, ({ sendRequest, world, items, records }) => {
      sendRequest('x')
      world.advance(100)
      expect(items()).toEqual(['0 200 a', '1 200 b', '2:last 500'])
      expect(records.values).toMatchObject([{ outcome: 'failed', status: 500 }])
    })
  })

  it('ends a stream with 500 in place of an item that does not encode', () => {
    withNumbersResponder(
      { handler: () => ['a', '\ud800', 'c'] },
      ({ sendRequest, world, items, records }) => {
        sendRequest('x')
        world.advance(100)
        expect(items()).toEqual(['0 200 a', '1:last 500'])
        expect(records.values).toMatchObject([{ outcome: 'failed', status: 500, error: { code: 'encode' } }])
      },
    )
  })

  it('ends a stream with 500 in place of an item that cannot be sent', () => {
    const later = concat(of('a'), of('b').pipe(delay(500)), NEVER)
    withNumbersResponder({ handler: () => later }, ({ sendRequest, world, items, records }) => {
      sendRequest('x')
      world.advance(100)
      const undo = world.broker.refusePublish('responses', 0x97)
      world.broker.published$.subscribe(({ reasonCode }) => reasonCode >= 0x80 && undo())
      world.advance(1_000)
      expect(items()).toEqual(['0 200 a', '1 200 b', '1:last 500'])
      expect(records.values).toMatchObject([{ outcome: 'failed', error: { code: 'publish-refused' } }])
    })
  })

  it('ends a stream with 408 after handlerTimeout', () => {
    withNumbersResponder(
      { handler: () => interval(300).pipe(map((index) => String(index))), serve: { handlerTimeout: 1_000 } },
      ({ sendRequest, world, items, records }) => {
        sendRequest('x')
        world.advance(2_000)
        expect(items()).toEqual(['0 200 0', '1 200 1', '2 200 2', '3:last 408'])
        expect(records.values).toMatchObject([{ outcome: 'timed-out', status: 408 }])
      },
    )
  })

  it('answers a stream request 503 without a position when the queue is full', () => {
    withNumbersResponder(
      { handler: () => NEVER, serve: { concurrency: 1, queue: 0 } },
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        sendRequest('y', { correlationData: bytesOf('other') })
        world.advance(100)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([503])
      },
    )
  })

  it('stops a stream and its handler on cancel', () => {
    let isStopped = false
    const endless = new Observable<string>((subscriber) => {
      subscriber.next('a')
      return () => (isStopped = true)
    })
    withNumbersResponder(
      { handler: () => endless },
      ({ sendRequest, world, items, records, unacknowledged, sendControl }) => {
        sendRequest('x')
        world.advance(10)
        sendControl(cancelProperties)
        world.advance(10)
        expect(isStopped).toBe(true)
        expect(items()).toEqual(['0 200 a'])
        expect(records.values).toMatchObject([{ outcome: 'cancelled' }])
        expect(unacknowledged()).toBe(0)
      },
    )
  })

  it('sends the whole stream again to a duplicate', () => {
    withNumbersResponder({ handler: () => ['a', 'b'] }, ({ sendRequest, world, items, handled }) => {
      sendRequest('x')
      world.advance(100)
      sendRequest('x')
      world.advance(100)
      const whole = ['0 200 a', '1 200 b', '2:last 204']
      expect(items()).toEqual([...whole, ...whole])
      expect(handled).toHaveLength(1)
    })
  })

  it('neither repeats nor reruns a stream that is too long to cache', () => {
    const long = Array.from({ length: 1_000 }, (_, index) => String(index))
    withNumbersResponder(
      { handler: () => long },
      ({ sendRequest, world, items, handled, ignored, unacknowledged }) => {
        sendRequest('x')
        world.advance(1_000)
        sendRequest('x')
        world.advance(1_000)
        expect(items()).toHaveLength(1_001)
        expect(handled).toHaveLength(1)
        const detail = 'it repeats a request that has too many responses to cache'
        expect(ignored).toMatchObject([{ reason: 'duplicate', detail }])
        expect(unacknowledged()).toBe(0)
      },
    )
  })
})

describe('the credit of a stream of responses', () => {
  it('pulls no item without credit, and continues when credit is granted', () => {
    let made = 0
    function* endless(): Generator<string> {
      for (;;) yield String(made++)
    }
    withNumbersResponder({ handler: endless }, ({ sendRequest, world, items, sendControl }) => {
      sendRequest('x', properties(['__credit', '3']))
      world.advance(1_000)
      expect([items().length, made]).toEqual([3, 3])
      sendControl(creditProperties(5))
      world.advance(1_000)
      expect([items().length, made]).toEqual([5, 5])
      sendControl(creditProperties(4))
      world.advance(1_000)
      expect([items().length, made]).toEqual([5, 5])
    })
  })

  it('counts a credit message that is delivered twice once', () => {
    withNumbersResponder(
      { handler: () => ['a', 'b', 'c', 'd', 'e', 'f'] },
      ({ sendRequest, sendControl, world, items }) => {
        sendRequest('x', properties(['__credit', '1']))
        world.advance(100)
        for (let delivery = 0; delivery < 2; delivery++) sendControl(creditProperties(3))
        world.advance(100)
        expect(items()).toEqual(['0 200 a', '1 200 b', '2 200 c'])
      },
    )
  })

  it('sends the end or error of an Observable without credit', () => {
    const failing = concat(
      of('a', 'b'),
      throwError(() => new Error('oops')),
    )
    for (const [responses$, end] of [
      [of('a', 'b'), '2:last 204'],
      [failing, '2:last 500'],
    ] as const)
      withNumbersResponder({ handler: () => responses$ }, ({ sendRequest, world, items }) => {
        sendRequest('x', properties(['__credit', '2']))
        world.advance(1_000)
        expect(items()).toEqual(['0 200 a', '1 200 b', end])
      })
  })

  it('sends the end of an iterable only with credit, as it has to be pulled', () => {
    withNumbersResponder({ handler: () => ['a', 'b'] }, ({ sendRequest, world, items, sendControl }) => {
      sendRequest('x', properties(['__credit', '2']))
      world.advance(1_000)
      expect(items()).toEqual(['0 200 a', '1 200 b'])
      sendControl(creditProperties(3))
      world.advance(1_000)
      expect(items().at(-1)).toBe('2:last 204')
    })
  })

  it.each(['-1', 'x', '', '1.5', '9'.repeat(12)])('ignores an invalid credit of %j', (credit) => {
    withNumbersResponder({ handler: () => ['a', 'b', 'c'] }, ({ sendRequest, world, items }) => {
      sendRequest('x', properties(['__credit', credit]))
      world.advance(100)
      expect(items()).toHaveLength(4)
    })
  })

  it('buffers the items of an Observable until credit is granted', () => {
    withNumbersResponder(
      { handler: () => from(Array.from({ length: 50 }, (_, index) => String(index))) },
      ({ sendRequest, world, items, sendControl }) => {
        sendRequest('x', properties(['__credit', '1']))
        world.advance(100)
        expect(items()).toHaveLength(1)
        sendControl(creditProperties(101))
        world.advance(100)
        expect(items()).toHaveLength(51)
      },
    )
  })

  it('ends an Observable that overflows the buffer with 500, after the buffered items', () => {
    const flood = new Observable<string>((subscriber) => {
      while (!subscriber.closed) subscriber.next('drop')
    })
    withNumbersResponder({ handler: () => flood }, ({ sendRequest, world, items, records, sendControl }) => {
      sendRequest('x', properties(['__credit', '5']))
      world.advance(100)
      sendControl(creditProperties(1_000_005))
      world.advance(10_000)
      expect(items().at(-1)).toMatch(/^\d+:last 500$/)
      expect(records.values).toMatchObject([{ outcome: 'failed', status: 500 }])
    })
  })

  it('acknowledges and ignores credit for an unknown request', () => {
    withNumbersResponder({}, ({ world, ignored, handled, unacknowledged, sendControl }) => {
      sendControl(creditProperties(5))
      world.advance(10)
      expect([handled.length, ignored.length, unacknowledged()]).toEqual([0, 0, 0])
    })
  })

  it('ignores credit after the end of the stream', () => {
    withNumbersResponder({ handler: () => ['a'] }, ({ sendRequest, world, items, sendControl }) => {
      sendRequest('x')
      world.advance(100)
      sendControl(creditProperties(5))
      world.advance(100)
      expect(items()).toHaveLength(2)
    })
  })
})

describe('a stream whose requester has disappeared', () => {
  it('stops a stream after its expiry without an item or credit', () => {
    withNumbersResponder({ handler: () => NEVER }, ({ sendRequest, world, records, unacknowledged }) => {
      sendRequest('x', { messageExpiryInterval: 5 })
      world.advance(60_000)
      const [record] = records.values
      expect(record).toMatchObject({ outcome: 'expired' })
      expect((record?.endedAt ?? NaN) - (record?.startedAt ?? NaN)).toBe(5_000)
      expect(unacknowledged()).toBe(0)
    })
  })

  it('continues a stream beyond its expiry while items are sent or credit is granted', () => {
    withNumbersResponder(
      {
        handler: () =>
          interval(4_000).pipe(
            map((index) => String(index)),
            take(5),
          ),
      },
      ({ sendRequest, world, records }) => {
        sendRequest('x', { messageExpiryInterval: 5 })
        world.advance(60_000)
        expect(records.values).toMatchObject([{ outcome: 'responded' }])
      },
    )
    withNumbersResponder({ handler: () => NEVER }, ({ sendRequest, world, records, sendControl }) => {
      sendRequest('x', { messageExpiryInterval: 5 })
      for (let count = 0; count < 5; count++) {
        world.advance(4_000)
        sendControl(creditProperties(0))
      }
      expect(records.values).toEqual([])
      world.advance(6_000)
      expect(records.values).toMatchObject([{ outcome: 'expired' }])
    })
  })

  it('stops a stream when the broker reports no subscriber to an item', () => {
    withNumbersResponder(
      { handler: () => interval(100).pipe(map((index) => String(index))) },
      ({ sendRequest, world, records, items }) => {
        sendRequest('x', { responseTopic: 'without/subscribers' })
        world.advance(1_000)
        expect(items()).toHaveLength(1)
        expect(records.values).toMatchObject([{ outcome: 'cancelled' }])
      },
    )
  })
})
