import { bytes, endpoint, json, request$, requests$, serve, text, type Handler } from '@antiphon/core'
import * as t from 'io-ts'
import { config, EMPTY, Observable, of, Subject } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { asyncWorld } from '../async-world.js'
import { bytesOf, observe, statusOf, textOf } from '../observed.js'
import { inWorld } from '../world.js'
import { cancelProperties, echo, withEchoResponder, withResponder } from './with-responder.js'

const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })
type ManyTypes = NonNullable<(typeof many)['types']>
const point = t.type({ length: t.number, width: t.number })
const points = endpoint({ topic: 'echo', request: text, response: json(point) })
type PointTypes = NonNullable<(typeof points)['types']>

/** Collects the errors that RxJS reports as unhandled. */
function collectUnhandledErrors(): readonly unknown[] {
  const errors: unknown[] = []
  config.onUnhandledError = (error) => errors.push(error)
  return errors
}

afterEach(() => {
  config.onUnhandledError = null
})

describe('a handler of many responses', () => {
  it.each<[what: string, handler: () => unknown]>([
    ['returns nothing', () => undefined],
    ['returns a string', () => 'text'],
    ['returns an object that is no stream', () => ({ a: 1 })],
    [
      'returns an iterable whose iterator throws',
      () => ({
        [Symbol.iterator]: () => {
          throw new Error('no iterator')
        },
      }),
    ],
  ])('that %s fails its request, and the next one is handled', (_, handler) => {
    let runs = 0
    withResponder<ManyTypes>(
      {
        endpoint: many,
        handler: (() => (runs++ === 0 ? handler() : of('fine'))) as Handler<ManyTypes>,
        serve: { concurrency: 1 },
      },
      ({ sendRequest, world, responses, records }) => {
        sendRequest('1', { correlationData: bytesOf('1') })
        sendRequest('2', { correlationData: bytesOf('2') })
        world.advance(100)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([500, 200, 204])
        expect(records.values.map(({ outcome }) => outcome)).toEqual(['failed', 'responded'])
        expect(records.values[0]?.error).toBeInstanceOf(Error)
      },
    )
  })

  it('that returns an async iterator whose next throws fails its request', async () => {
    const { link, advance, broker } = asyncWorld()
    const outcomes: string[] = []
    const handler = (): AsyncIterable<string> => ({
      [Symbol.asyncIterator]: () => ({
        next: () => {
          throw new Error('no next')
        },
      }),
    })
    requests$(link('server'), many)
      .pipe(serve(handler))
      .subscribe(({ outcome }) => outcomes.push(outcome))
    await advance(50)
    broker.publish({ topic: 'echo', payload: bytesOf('x'), responseTopic: 'responses' })
    await advance(50)
    expect(outcomes).toEqual(['failed'])
  })

  it('sends the end of a stream that lasts longer than its request with the expiry of an item', () => {
    const items$ = new Subject<string>()
    withResponder<ManyTypes>(
      { endpoint: many, handler: () => items$ },
      ({ sendRequest, world, responses }) => {
        world.link('requester').messages$('responses').subscribe()
        world.advance(10)
        sendRequest('x', { messageExpiryInterval: 10 })
        for (let second = 0; second < 30; second += 5) {
          world.advance(5_000)
          items$.next('item')
        }
        world.advance(5_000)
        items$.complete()
        world.advance(10)
        const expiries = responses.map(({ message }) => message.messageExpiryInterval)
        expect(expiries).toEqual(Array(7).fill(10))
      },
    )
  })

  it('that throws when it is stopped still ends its stream and frees its place', () => {
    const errors = collectUnhandledErrors()
    const handler = (): Iterable<string> => ({
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: 'item' }),
        return: () => {
          throw new Error('not stoppable')
        },
      }),
    })
    withResponder<ManyTypes>(
      { endpoint: many, handler, serve: { concurrency: 1 } },
      ({ sendRequest, sendControl, world, responses, records }) => {
        world.link('requester').messages$('responses').subscribe()
        world.advance(10)
        const credit = [['__credit', '1']] as const
        sendRequest('1', { correlationData: bytesOf('1'), userProperties: credit })
        world.advance(10)
        sendControl(cancelProperties, { correlationData: bytesOf('1') })
        sendRequest('2', { correlationData: bytesOf('2'), userProperties: credit })
        world.advance(10)
        expect(records.values.map(({ outcome }) => outcome)).toEqual(['cancelled'])
        expect(responses).toHaveLength(2)
        expect(errors).toMatchObject([{ message: 'not stoppable' }])
      },
    )
  })
})

describe('a handler of a single response', () => {
  it('may return the response itself: a string', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('Vienna')
        world.advance(10)
        expect(responses.map(({ message }) => textOf(message))).toEqual(['Vienna'])
      },
      { handler: ({ value }) => value },
    )
  })

  it('may return the response itself: an object with a length', () => {
    withResponder<PointTypes>(
      { endpoint: points, handler: () => ({ length: 2, width: 3 }) },
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(10)
        expect(responses.map(({ message }) => textOf(message))).toEqual(['{"length":2,"width":3}'])
      },
    )
  })

  it('may return the response itself: bytes', () => {
    const raw = endpoint({ topic: 'echo', request: bytes, response: bytes })
    withResponder<NonNullable<(typeof raw)['types']>>(
      { endpoint: raw, handler: ({ value }) => value },
      ({ sendRequest, world, responses }) => {
        sendRequest('abc')
        world.advance(10)
        expect(responses.map(({ message }) => textOf(message))).toEqual(['abc'])
      },
    )
  })

  it('may be an async function', async () => {
    const { link, advance } = asyncWorld()
    requests$(link('server'), echo)
      .pipe(serve(async ({ value }) => value))
      .subscribe()
    await advance(50)
    const answers: string[] = []
    of('Vienna')
      .pipe(request$(link('requester'), echo))
      .subscribe((answer) => answers.push(answer))
    await advance(50)
    expect(answers).toEqual(['Vienna'])
  })

  it('that returns nothing fails its request', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x')
        world.advance(10)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([500])
        expect(records.values).toMatchObject([
          {
            outcome: 'failed',
            error: { message: 'the handler returned undefined: it must return a response' },
          },
        ])
      },
      { handler: (() => undefined) as never },
    )
  })

  it('is refused by the compiler if it returns neither a response nor a stream of responses', () => {
    inWorld(({ link }) => {
      const server = link('server')
      // @ts-expect-error -- a number is no response of this endpoint
      requests$(server, echo).pipe(serve(() => 1))
      // @ts-expect-error -- nothing is returned
      requests$(server, echo).pipe(serve(() => undefined))
      // @ts-expect-error -- a string is no stream of strings
      requests$(server, many).pipe(serve(() => 'text'))
      // @ts-expect-error -- an object is no stream
      requests$(server, many).pipe(serve(() => ({ a: 1 })))
      requests$(server, many).pipe(serve(() => ['a', 'b']))
      requests$(server, many).pipe(serve(() => new Set(['a'])))
      requests$(server, many).pipe(serve(() => Promise.resolve('a')))
      requests$(server, points).pipe(serve(() => [{ length: 1, width: 1 }]))
    })
  })

  it.each<[what: string, handler: Handler<NonNullable<(typeof echo)['types']>>]>([
    ['an Observable', () => of('first', 'second')],
    ['an array', () => ['first', 'second']],
    [
      'an endless Observable',
      () =>
        new Observable((subscriber) => {
          while (!subscriber.closed) subscriber.next('first')
        }),
    ],
  ])('is recorded if it emits more than one response: %s', (_, handler) => {
    withEchoResponder(
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x')
        world.advance(10)
        expect(responses.map(({ message }) => textOf(message))).toEqual(['first'])
        expect(records.values).toMatchObject([{ outcome: 'responded', hasUnsentResponse: true }])
      },
      { handler },
    )
  })

  it('is recorded without hasUnsentResponse if it emits one response', () => {
    withEchoResponder(({ sendRequest, world, records }) => {
      sendRequest('x')
      world.advance(10)
      expect(records.values[0]).not.toHaveProperty('hasUnsentResponse')
    })
  })

  it('that completes without a response fails if the requester could not decode an empty payload', () => {
    inWorld((world) => {
      const records = observe(world, requests$(world.link('server'), points).pipe(serve(() => EMPTY)))
      world.advance(50)
      const answer = observe(world, of('x').pipe(request$(world.link('requester'), points)))
      world.advance(100)
      expect(answer.ending()).toMatchObject({
        code: 'status',
        status: { code: 500, message: 'the handler completed without a response' },
      })
      expect(records.values).toMatchObject([{ outcome: 'failed', status: 500 }])
    })
  })

  it('whose teardown throws still responds and frees its place', () => {
    const errors = collectUnhandledErrors()
    withEchoResponder(
      ({ sendRequest, world, responses, records }) => {
        for (const token of ['1', '2']) sendRequest(token, { correlationData: bytesOf(token) })
        world.advance(50)
        expect(responses.map(({ message }) => textOf(message))).toEqual(['1', '2'])
        expect(records.values.map(({ outcome }) => outcome)).toEqual(['responded', 'responded'])
        expect(errors).toHaveLength(2)
      },
      {
        serve: { concurrency: 1 },
        handler: ({ value }) =>
          new Observable((subscriber) => {
            subscriber.next(value)
            return () => {
              throw new Error('teardown failed')
            }
          }),
      },
    )
  })
})
