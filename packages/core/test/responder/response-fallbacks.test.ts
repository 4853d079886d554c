import { endpoint, json, text, withProperties, type Handler } from '@antiphon/core'
import * as t from 'io-ts'
import { concat, EMPTY, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { statusOf, textOf } from '../observed.js'
import type { echo } from './with-responder.js'
import { withEchoResponder, withResponder } from './with-responder.js'

type EchoTypes = NonNullable<(typeof echo)['types']>

const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })
type ManyTypes = NonNullable<(typeof many)['types']>

describe('a response that cannot be sent', () => {
  it('is replaced by a 500 if a User Property of it holds a character that MQTT forbids', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, records, unacknowledged }) => {
        sendRequest('x')
        world.advance(10)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([500])
        expect(records.values).toMatchObject([
          { outcome: 'failed', status: 500, error: { code: 'invalid-argument' } },
        ])
        expect(unacknowledged()).toBe(0)
      },
      { handler: () => withProperties('y', { userProperties: [['unit', '\u0000']] }) },
    )
  })

  it('is recorded as unsent if a 500 exceeds Maximum Packet Size as well', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, records, unacknowledged }) => {
        sendRequest('x', { responseTopic: 'r'.repeat(200) })
        world.advance(10)
        expect([responses.length, unacknowledged()]).toEqual([0, 0])
        expect(records.values).toMatchObject([{ outcome: 'unsent', error: { code: 'too-large' } }])
      },
      { broker: { limits: { maximumPacketSize: 150 } } },
    )
  })

  it('is not replaced if the broker refuses it', () => {
    withEchoResponder(({ sendRequest, world, responses, records }) => {
      world.broker.refusePublish('responses', 0x99)
      sendRequest('x')
      world.advance(10)
      expect(responses.map(({ message }) => statusOf(message))).toEqual([200])
      expect(records.values).toMatchObject([{ outcome: 'unsent', error: { code: 'publish-refused' } }])
    })
  })
})

describe('a handler that unsubscribes from serve', () => {
  it.each<[what: string, handler: Handler<EchoTypes>]>([
    ['returns a response', () => 'y'],
    ['returns a response with properties', () => withProperties('y', {})],
    ['returns an Observable of a response', () => of('y')],
    ['returns an empty Observable', () => EMPTY],
    ['returns an Observable that fails', () => throwError(() => new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
  ])('and then %s sends nothing and leaves its request unacknowledged', (_, handler) => {
    let unsubscribe: () => void = () => undefined
    withEchoResponder(
      ({ sendRequest, world, responses, records, unacknowledged }) => {
        unsubscribe = () => records.unsubscribe()
        sendRequest('x')
        world.advance(100)
        expect([responses.length, unacknowledged()]).toEqual([0, 1])
      },
      {
        requests: { acknowledge: 'after-response' },
        handler: (request) => {
          unsubscribe()
          return handler(request)
        },
      },
    )
  })

  it.each<[what: string, rest: readonly string[]]>([
    ['yields an item', ['b']],
    ['yields an item that does not encode', ['\ud800']],
    ['ends', []],
  ])('and then %s sends no further item and no end', (_, rest) => {
    let unsubscribe: () => void = () => undefined
    const handler = (): Iterable<string> => {
      const items = ['a', ...rest][Symbol.iterator]()
      const next = (): IteratorResult<string> => {
        const item = items.next()
        if (item.value !== 'a') unsubscribe()
        return item
      }
      return { [Symbol.iterator]: () => ({ next }) }
    }
    withResponder<ManyTypes>(
      { endpoint: many, handler, requests: { acknowledge: 'after-response' } },
      ({ sendRequest, world, responses, records, unacknowledged }) => {
        unsubscribe = () => records.unsubscribe()
        sendRequest('x')
        world.advance(100)
        expect(responses.map(({ message }) => textOf(message))).toEqual(['a'])
        expect(unacknowledged()).toBe(1)
      },
    )
  })
})

describe('a generator that unsubscribes from serve while it runs', () => {
  it.each<[what: string, rest: readonly string[]]>([
    ['yields another item', ['b', 'c']],
    ['ends', []],
  ])('is returned and reports no error if it then %s', (_, rest) => {
    let unsubscribe: () => void = () => undefined
    const steps: string[] = []
    function* handler(): Generator<string> {
      try {
        yield 'a'
        unsubscribe()
        yield* rest
        steps.push('after the last item')
      } finally {
        steps.push('finally')
      }
    }
    withResponder<ManyTypes>({ endpoint: many, handler }, ({ sendRequest, world, responses, records }) => {
      unsubscribe = () => records.unsubscribe()
      sendRequest('x')
      world.advance(100)
      expect(responses.map(({ message }) => textOf(message))).toEqual(['a'])
      expect(steps).toEqual(rest.length === 0 ? ['after the last item', 'finally'] : ['finally'])
    })
  })
})

describe('a handler of a single response', () => {
  it('has responded if it fails synchronously after its response', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x')
        world.advance(10)
        expect(responses.map(({ message }) => [statusOf(message), textOf(message)])).toEqual([[200, 'y']])
        expect(records.values).toMatchObject([{ outcome: 'responded', status: 200 }])
      },
      {
        handler: () =>
          concat(
            of('y'),
            throwError(() => new Error('no')),
          ),
      },
    )
  })

  it('may complete without a response to a notification, whatever the codec of responses', () => {
    const numbers = endpoint({
      topic: 'echo',
      request: text,
      response: json(t.number),
      acceptsNotifications: true,
    })
    withResponder(
      { endpoint: numbers, handler: () => EMPTY },
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x', { responseTopic: undefined } as never)
        world.advance(10)
        expect(responses).toEqual([])
        expect(records.values).toMatchObject([{ outcome: 'responded', status: 204 }])
      },
    )
  })
})
