import { endpoint, text, userProperty, type OutgoingMessage } from '@antiphon/core'
import { concat, delay, EMPTY, from, interval, map, NEVER, Observable, of, take, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, statusOf, textOf, type PublishedMessage } from '../observed.js'
import { onStage, type Stage, type StageOptions } from './stage.js'

const numbers = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })
type Numbers = NonNullable<(typeof numbers)['types']>

/** A stage with a caller who listens to the answers. */
function onNumbers(
  options: Partial<StageOptions<Numbers>>,
  test: (stage: Stage<Numbers> & { readonly items: () => readonly string[] }) => void,
): void {
  onStage({ endpoint: numbers, handler: () => EMPTY, ...options }, (stage) => {
    stage.world.broker.link({ clientId: 'caller' }).messages$('answers').subscribe()
    stage.world.advance(50)
    test({ ...stage, items: () => stage.replies.map(shown) })
  })
}

/** A reply as `place status payload`. */
function shown({ message }: PublishedMessage): string {
  return `${userProperty(message.userProperties, '__stream')} ${statusOf(message)} ${textOf(message)}`.trim()
}

function properties(...pairs: readonly (readonly [string, string])[]): Partial<OutgoingMessage> {
  return { userProperties: pairs }
}

describe('a stream of answers', () => {
  it('is items and an end on one counter from 0, each with the properties of a reply', () => {
    onNumbers(
      { handler: () => ['a', 'b'] },
      ({ ask: sendRequest, world, items, replies: responses, records, unacknowledged }) => {
        sendRequest('x', { messageExpiryInterval: 30 })
        world.advance(100)
        expect(items()).toEqual(['0 200 a', '1 200 b', '2:last 204'])
        for (const { message } of responses)
          expect(message).toMatchObject({
            topic: 'answers',
            correlationData: bytesOf('token'),
            messageExpiryInterval: 30,
            qos: 1,
          })
        expect(records.values).toMatchObject([{ outcome: 'responded', status: 200 }])
        expect(unacknowledged()).toBe(0)
      },
    )
  })

  it('may be empty', () => {
    onNumbers({ handler: () => EMPTY }, ({ ask: sendRequest, world, items }) => {
      sendRequest('x')
      world.advance(100)
      expect(items()).toEqual(['0:last 204'])
    })
  })

  it('is sent as it comes', () => {
    onNumbers(
      {
        handler: () =>
          interval(1_000).pipe(
            map((index) => String(index)),
            take(3),
          ),
      },
      ({ ask: sendRequest, world, items }) => {
        sendRequest('x')
        world.advance(2_500)
        expect(items()).toEqual(['0 200 0', '1 200 1'])
      },
    )
  })

  it('ends with its error after k items', () => {
    const failing = concat(
      of('a', 'b'),
      throwError(() => new Error('oops')),
    )
    onNumbers({ handler: () => failing }, ({ ask: sendRequest, world, items, records }) => {
      sendRequest('x')
      world.advance(100)
      expect(items()).toEqual(['0 200 a', '1 200 b', '2:last 500'])
      expect(records.values).toMatchObject([{ outcome: 'failed', status: 500 }])
    })
  })

  it('ends with an error in the place of an item that does not encode', () => {
    onNumbers({ handler: () => ['a', '\ud800', 'c'] }, ({ ask: sendRequest, world, items, records }) => {
      sendRequest('x')
      world.advance(100)
      expect(items()).toEqual(['0 200 a', '1:last 500'])
      expect(records.values).toMatchObject([{ outcome: 'failed', status: 500, error: { code: 'encode' } }])
    })
  })

  it('ends with an error in the place of an item that could not be sent', () => {
    const later = concat(of('a'), of('b').pipe(delay(500)), NEVER)
    onNumbers({ handler: () => later }, ({ ask: sendRequest, world, items, records }) => {
      sendRequest('x')
      world.advance(100)
      const undo = world.broker.refusePublish('answers', 0x97)
      world.broker.published$.subscribe(({ reasonCode }) => reasonCode >= 0x80 && undo())
      world.advance(1_000)
      expect(items()).toEqual(['0 200 a', '1 200 b', '1:last 500'])
      expect(records.values).toMatchObject([{ outcome: 'failed', error: { code: 'publish-refused' } }])
    })
  })

  it('ends with 408 when the time limit comes', () => {
    onNumbers(
      { handler: () => interval(300).pipe(map((index) => String(index))), serve: { handlerTimeout: 1_000 } },
      ({ ask: sendRequest, world, items, records }) => {
        sendRequest('x')
        world.advance(2_000)
        expect(items()).toEqual(['0 200 0', '1 200 1', '2 200 2', '3:last 408'])
        expect(records.values).toMatchObject([{ outcome: 'timed-out', status: 408 }])
      },
    )
  })

  it('is answered 503 without a place when there is no room', () => {
    onNumbers(
      { handler: () => NEVER, serve: { concurrency: 1, queue: 0 } },
      ({ ask: sendRequest, world, replies: responses }) => {
        sendRequest('x')
        sendRequest('y', { correlationData: bytesOf('other') })
        world.advance(100)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([503])
      },
    )
  })

  it('is stopped by a cancel, and its handler with it', () => {
    let isStopped = false
    const endless = new Observable<string>((subscriber) => {
      subscriber.next('a')
      return () => (isStopped = true)
    })
    onNumbers({ handler: () => endless }, ({ ask: sendRequest, world, items, records, unacknowledged }) => {
      sendRequest('x')
      world.advance(10)
      sendRequest('', properties(['__stat', '499']))
      world.advance(10)
      expect(isStopped).toBe(true)
      expect(items()).toEqual(['0 200 a'])
      expect(records.values).toMatchObject([{ outcome: 'cancelled' }])
      expect(unacknowledged()).toBe(0)
    })
  })

  it('is repeated as a whole to who asks again', () => {
    onNumbers({ handler: () => ['a', 'b'] }, ({ ask: sendRequest, world, items, handled }) => {
      sendRequest('x')
      world.advance(100)
      sendRequest('x')
      world.advance(100)
      const whole = ['0 200 a', '1 200 b', '2:last 204']
      expect(items()).toEqual([...whole, ...whole])
      expect(handled).toHaveLength(1)
    })
  })

  it('too long to be kept is not repeated, nor run again', () => {
    const long = Array.from({ length: 1_000 }, (_, index) => String(index))
    onNumbers(
      { handler: () => long },
      ({ ask: sendRequest, world, items, handled, refusals, unacknowledged }) => {
        sendRequest('x')
        world.advance(1_000)
        sendRequest('x')
        world.advance(1_000)
        expect(items()).toHaveLength(1_001)
        expect(handled).toHaveLength(1)
        expect(refusals).toMatchObject([{ reason: 'duplicate' }])
        expect(unacknowledged()).toBe(0)
      },
    )
  })
})

describe('the credit of a stream', () => {
  it('stops the demand at 0, and a grant resumes it', () => {
    let made = 0
    function* endless(): Generator<string> {
      for (;;) yield String(made++)
    }
    onNumbers({ handler: endless }, ({ ask: sendRequest, world, items }) => {
      sendRequest('x', properties(['__credit', '3']))
      world.advance(1_000)
      expect([items().length, made]).toEqual([3, 3])
      sendRequest('', properties(['__grant', '2']))
      world.advance(1_000)
      expect([items().length, made]).toEqual([5, 5])
      sendRequest('', properties(['__grant', '0']))
      world.advance(1_000)
      expect([items().length, made]).toEqual([5, 5])
    })
  })

  it('does not hold back the end of an Observable, nor its error', () => {
    const failing = concat(
      of('a', 'b'),
      throwError(() => new Error('oops')),
    )
    for (const [responses$, end] of [
      [of('a', 'b'), '2:last 204'],
      [failing, '2:last 500'],
    ] as const)
      onNumbers({ handler: () => responses$ }, ({ ask: sendRequest, world, items }) => {
        sendRequest('x', properties(['__credit', '2']))
        world.advance(1_000)
        expect(items()).toEqual(['0 200 a', '1 200 b', end])
      })
  })

  it('holds back the end of an iterable, which has to be asked for it', () => {
    onNumbers({ handler: () => ['a', 'b'] }, ({ ask: sendRequest, world, items }) => {
      sendRequest('x', properties(['__credit', '2']))
      world.advance(1_000)
      expect(items()).toEqual(['0 200 a', '1 200 b'])
      sendRequest('', properties(['__grant', '1']))
      world.advance(1_000)
      expect(items().at(-1)).toBe('2:last 204')
    })
  })

  it.each(['-1', 'x', '', '1.5', '9'.repeat(12)])('that says %j is none', (credit) => {
    onNumbers({ handler: () => ['a', 'b', 'c'] }, ({ ask: sendRequest, world, items }) => {
      sendRequest('x', properties(['__credit', credit]))
      world.advance(100)
      expect(items()).toHaveLength(4)
    })
  })

  it('keeps what an Observable gives meanwhile, within bounds', () => {
    onNumbers(
      { handler: () => from(Array.from({ length: 50 }, (_, index) => String(index))) },
      ({ ask: sendRequest, world, items }) => {
        sendRequest('x', properties(['__credit', '1']))
        world.advance(100)
        expect(items()).toHaveLength(1)
        sendRequest('', properties(['__grant', '100']))
        world.advance(100)
        expect(items()).toHaveLength(51)
      },
    )
  })

  it('ends an Observable that is out of hand with an error, after what it kept', () => {
    const flood = new Observable<string>((subscriber) => {
      while (!subscriber.closed) subscriber.next('drop')
    })
    onNumbers({ handler: () => flood }, ({ ask: sendRequest, world, items, records }) => {
      sendRequest('x', properties(['__credit', '5']))
      world.advance(100)
      sendRequest('', properties(['__grant', '1000000']))
      world.advance(10_000)
      expect(items().at(-1)).toMatch(/^\d+:last 500$/)
      expect(records.values).toMatchObject([{ outcome: 'failed', status: 500 }])
    })
  })

  it('of a request that is not known here goes by, acknowledged', () => {
    onNumbers({}, ({ ask: sendRequest, world, refusals, handled, unacknowledged }) => {
      sendRequest('', properties(['__grant', '5']))
      world.advance(10)
      expect([handled.length, refusals.length, unacknowledged()]).toEqual([0, 0, 0])
    })
  })

  it('that comes when all is over does nothing', () => {
    onNumbers({ handler: () => ['a'] }, ({ ask: sendRequest, world, items }) => {
      sendRequest('x')
      world.advance(100)
      sendRequest('', properties(['__grant', '5']))
      world.advance(100)
      expect(items()).toHaveLength(2)
    })
  })
})

describe('a stream whose caller has vanished', () => {
  it('stops for want of a sign of life, as long as the caller would have waited', () => {
    onNumbers({ handler: () => NEVER }, ({ ask: sendRequest, world, records, unacknowledged }) => {
      sendRequest('x', { messageExpiryInterval: 5 })
      world.advance(60_000)
      const [record] = records.values
      expect(record).toMatchObject({ outcome: 'expired' })
      expect((record?.endedAt ?? NaN) - (record?.startedAt ?? NaN)).toBe(5_000)
      expect(unacknowledged()).toBe(0)
    })
  })

  it('lives as long as there are items, or grants', () => {
    onNumbers(
      {
        handler: () =>
          interval(4_000).pipe(
            map((index) => String(index)),
            take(5),
          ),
      },
      ({ ask: sendRequest, world, records }) => {
        sendRequest('x', { messageExpiryInterval: 5 })
        world.advance(60_000)
        expect(records.values).toMatchObject([{ outcome: 'responded' }])
      },
    )
    onNumbers({ handler: () => NEVER }, ({ ask: sendRequest, world, records }) => {
      sendRequest('x', { messageExpiryInterval: 5 })
      for (let count = 0; count < 5; count++) {
        world.advance(4_000)
        sendRequest('', properties(['__grant', '0']))
      }
      expect(records.values).toEqual([])
      world.advance(6_000)
      expect(records.values).toMatchObject([{ outcome: 'expired' }])
    })
  })

  it('stops when an item reaches nobody', () => {
    onNumbers(
      { handler: () => interval(100).pipe(map((index) => String(index))) },
      ({ ask: sendRequest, world, records, items }) => {
        sendRequest('x', { responseTopic: 'nobody/here' })
        world.advance(1_000)
        expect(items()).toHaveLength(1)
        expect(records.values).toMatchObject([{ outcome: 'cancelled' }])
      },
    )
  })
})
