import { endpoint, requests$, serve, text } from '@antiphon/core'
import { delay, Observable, of, throwError } from 'rxjs'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { bytesOf, observe, publishedBy, statusOf, textOf } from './observed.js'
import { withEchoResponder, withResponder, type ResponderSetupOptions } from './responder/with-responder.js'

const unlock = endpoint({ topic: 'cars/{car}/unlock', request: text, response: text })
type Unlock = NonNullable<(typeof unlock)['types']>

/** A responder to `unlock` that takes 100 ms a request and keeps the order of each car. */
const perCar: ResponderSetupOptions<Unlock> = {
  endpoint: unlock,
  handler: ({ value }) => of(value).pipe(delay(100)),
  serve: { orderedBy: ({ params }) => params.car },
}

/** Asks `1a`, `2b`, …: a question of its own for car `a`, then one for car `b`. */
function askCars(
  sendRequest: (payload: string, properties: object) => void,
  requests: readonly string[],
): void {
  for (const request of requests)
    sendRequest(request, { topic: `cars/${request.slice(1)}/unlock`, correlationData: bytesOf(request) })
}

describe('serve with orderedBy', () => {
  it('handles what has one key one after the other, the next when the reply before is out', () => {
    withResponder(perCar, ({ sendRequest, world, records }) => {
      askCars(sendRequest, ['1a', '2a', '1b', '3a', '2b'])
      world.advance(1_000)
      const [first = NaN] = records.values.map(({ receivedAt }) => receivedAt)
      const times = records.values.map(({ request, startedAt = NaN, endedAt }) => ({
        question: textOf(request),
        from: startedAt - first,
        to: endedAt - first,
      }))
      expect(times).toEqual([
        { question: '1a', from: 0, to: 102 },
        { question: '1b', from: 0, to: 102 },
        { question: '2a', from: 102, to: 204 },
        { question: '2b', from: 102, to: 204 },
        { question: '3a', from: 204, to: 306 },
      ])
    })
  })

  it('lets no key hold up another, and none take more than its place under `concurrency`', () => {
    withResponder(
      { ...perCar, serve: { ...perCar.serve, concurrency: 2 } },
      ({ sendRequest, world, records, handled }) => {
        askCars(sendRequest, ['1a', '2a', '3a', '4a', '1b', '1c'])
        world.advance(50)
        expect(handled.map(({ value }) => value)).toEqual(['1a', '1b'])
        world.advance(1_000)
        expect(records.values.map(({ request }) => textOf(request))).toEqual([
          '1a',
          '1b',
          '1c',
          '2a',
          '3a',
          '4a',
        ])
      },
    )
  })

  it('sees no order in what has no key', () => {
    withResponder(
      { ...perCar, serve: { orderedBy: ({ message }) => (textOf(message) === '1a' ? 'key' : undefined) } },
      ({ sendRequest, world, handled }) => {
        askCars(sendRequest, ['1a', '2a', '3a'])
        world.advance(50)
        expect(handled).toHaveLength(3)
      },
    )
  })

  it('goes on after one that fails, times out, expires or is called off', () => {
    withResponder(
      {
        ...perCar,
        serve: { ...perCar.serve, handlerTimeout: 200 },
        handler: ({ value }) =>
          value === '1a' ? throwError(() => new Error('no')) : value === '2a' ? new Observable() : of(value),
      },
      ({ sendRequest, world, records }) => {
        askCars(sendRequest, ['1a', '2a', '3a', '4a'])
        const cancel = { userProperties: [['__stat', '499']], correlationData: bytesOf('3a') } as const
        sendRequest('', { topic: 'cars/a/unlock', ...cancel })
        world.advance(1_000)
        expect(records.values.map(({ outcome, request }) => [textOf(request), outcome])).toEqual([
          ['3a', 'cancelled'],
          ['1a', 'failed'],
          ['2a', 'timed-out'],
          ['4a', 'responded'],
        ])
      },
    )
  })

  it('counts among the queue what waits for its turn', () => {
    withResponder(
      { ...perCar, serve: { ...perCar.serve, queue: 1 } },
      ({ sendRequest, world, responses }) => {
        askCars(sendRequest, ['1a', '2a', '3a', '1b'])
        world.advance(50)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([503])
        world.advance(1_000)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([503, 200, 200, 200])
      },
    )
  })

  it('answers 500 where it throws, and serves the next one', () => {
    withResponder(
      {
        ...perCar,
        serve: {
          orderedBy: ({ message }) => {
            if (textOf(message) === '1a') throw new Error('no key')
            return 'key'
          },
        },
      },
      ({ sendRequest, world, records, responses, unacknowledged }) => {
        askCars(sendRequest, ['1a', '2a'])
        world.advance(500)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([500, 200])
        expect(records.values[0]).toMatchObject({ outcome: 'failed', error: { message: 'no key' } })
        expect(unacknowledged()).toBe(0)
      },
    )
  })

  it('stops one of a key and lets those behind it go as well when it is left', () => {
    withResponder(perCar, ({ sendRequest, world, records, handled, unacknowledged }) => {
      askCars(sendRequest, ['1a', '2a'])
      world.advance(50)
      records.unsubscribe()
      world.advance(1_000)
      expect([handled.length, unacknowledged()]).toEqual([1, 2])
    })
  })

  it('knows the types of the endpoint', () => {
    withEchoResponder(({ world, server }) => {
      const responses = publishedBy(world, 'server')
      observe(
        world,
        requests$(server, unlock).pipe(
          serve(({ value }) => of(value), {
            orderedBy: ({ params, value }) => {
              expectTypeOf(params).toEqualTypeOf<{ readonly car: string }>()
              expectTypeOf(value).toEqualTypeOf<string>()
              return params.car
            },
          }),
        ),
      )
      world.advance(10)
      world.broker.publish({ topic: 'cars/a/unlock', payload: bytesOf('x'), responseTopic: 'answers' })
      world.advance(10)
      expect(responses).toHaveLength(1)
    })
  })
})
