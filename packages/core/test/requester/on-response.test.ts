import {
  AntiphonError,
  endpoint,
  exchange$,
  gather$,
  text,
  userProperty,
  type ExchangeOptions,
  type Message,
} from '@antiphon/core'
import { isLeft } from 'fp-ts/lib/Either.js'
import { map } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { observe, publishedBy, respondOn, responseTo, textOf, type Observed } from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })

/** Rejects the responses that do not name their sensor. */
const requireSensor = ({ userProperties }: Message): Error | undefined =>
  userProperty(userProperties, 'sensor') === undefined ? new Error('it names no sensor') : undefined

/** Runs a request whose plain responder sends `payload` with some User Properties. */
function withExchange(
  options: ExchangeOptions,
  userProperties: readonly (readonly [string, string])[],
  test: (exchange: Observed<string>, world: World, sent: number) => void,
): void {
  inWorld((world) => {
    respondOn(world, 'echo', (request) => [responseTo(request, 'y', { userProperties })])
    world.advance(10)
    const published = publishedBy(world, 'requester')
    const exchange = observe(world, exchange$(world.link('requester'), echo, 'x', options))
    world.advance(2_000)
    test(exchange, world, published.length)
  })
}

describe('onResponse', () => {
  it('accepts a response for which it returns undefined', () => {
    withExchange({ onResponse: requireSensor }, [['sensor', 'north']], (exchange) => {
      expect([exchange.values, exchange.ending()]).toEqual([['y'], 'complete'])
    })
  })

  it('fails the exchange with protocol and the returned error as cause', () => {
    withExchange({ onResponse: requireSensor }, [], (exchange) => {
      const error = exchange.ending() as AntiphonError
      expect(error).toMatchObject({
        code: 'protocol',
        rawMessage: 'onResponse rejects the response: it names no sensor',
        endpoint: 'echo',
        topic: 'echo',
        phase: 'after-network',
      })
      expect(error.cause).toEqual(new Error('it names no sensor'))
    })
  })

  it('keeps a returned AntiphonError and adds the context of the exchange', () => {
    const onResponse = (): Error => new AntiphonError('decode', 'stale', { reasonCode: 7 })
    withExchange({ onResponse }, [], (exchange) => {
      expect(exchange.ending()).toMatchObject({ code: 'decode', reasonCode: 7, endpoint: 'echo' })
    })
  })

  it('fails the exchange with unknown if it throws', () => {
    const bug = new Error('a bug')
    const onResponse = (): never => {
      throw bug
    }
    withExchange({ onResponse }, [], (exchange) => {
      expect(exchange.ending()).toMatchObject({
        code: 'unknown',
        rawMessage: 'onResponse threw: a bug',
        cause: bug,
      })
    })
  })

  it('checks a response before its status', () => {
    withExchange({ onResponse: requireSensor }, [['__stat', '500']], (exchange) => {
      expect(exchange.ending()).toMatchObject({ code: 'protocol' })
    })
  })

  it('retries a rejected response with a new correlation', () => {
    inWorld((world) => {
      let responses = 0
      respondOn(world, 'echo', (request) => {
        responses++
        return [
          responseTo(request, `${responses}`, responses > 1 ? { userProperties: [['sensor', 'n']] } : {}),
        ]
      })
      world.advance(10)
      const published = publishedBy(world, 'requester')
      const retry = { count: 1, on: () => true, backOff: { initial: 10, jitter: 0 } }
      const onResponse = (message: Message): Error | undefined =>
        requireSensor(message) && new AntiphonError('overflow', 'any code')
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { onResponse, retry }))
      world.advance(1_000)
      expect([call.values, call.ending()]).toEqual([['2'], 'complete'])
      const tokens = published.map(({ message: { correlationData } }) =>
        textOf({ payload: correlationData ?? new Uint8Array() }),
      )
      expect(new Set(tokens).size).toBe(2)
    })
  })

  it('fails a stream at the item that it rejects', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) =>
        ['0', '1', '2:last'].map((position) =>
          responseTo(request, position, { userProperties: [['__stream', position]] }),
        ),
      )
      world.advance(10)
      const onResponse = (message: Message): Error | undefined =>
        textOf(message) === '1' ? new Error('enough') : undefined
      const call = observe(world, exchange$(world.link('requester'), many, 'x', { onResponse }))
      world.advance(50)
      expect(call.values).toEqual(['0'])
      expect(call.ending()).toMatchObject({ code: 'protocol' })
    })
  })

  it('emits a rejected response of gather$ as a Left, also one without a payload', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => [
        responseTo(request, ''),
        responseTo(request, 'b', { userProperties: [['sensor', 'n']] }),
        responseTo(request, '', { userProperties: [['sensor', 'n']] }),
      ])
      world.advance(10)
      const responses$ = gather$(world.link('requester'), echo, 'x', {
        onResponse: requireSensor,
        sentinel: true,
      })
      const call = observe(
        world,
        responses$.pipe(map((response) => (isLeft(response) ? response.left.code : response.right))),
      )
      world.advance(100)
      expect([call.values, call.ending()]).toEqual([['protocol', 'b'], 'complete'])
    })
  })
})
