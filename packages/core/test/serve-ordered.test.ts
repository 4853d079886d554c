import { endpoint, requests$, serve, text } from '@antiphon/core'
import { delay, Observable, of, throwError } from 'rxjs'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { bytesOf, observe, publishedBy, statusOf, textOf } from './observed.js'
import {
  cancelProperties,
  withEchoResponder,
  withResponder,
  type ResponderSetupOptions,
} from './responder/with-responder.js'

const unlock = endpoint({ topic: 'cars/{car}/unlock', request: text, response: text })
type Unlock = NonNullable<(typeof unlock)['types']>

/** A responder for `unlock` that takes 100 ms per request and orders the requests of each car. */
const perCar: ResponderSetupOptions<Unlock> = {
  endpoint: unlock,
  handler: ({ value }) => of(value).pipe(delay(100)),
  serve: { orderedBy: ({ params }) => params.car },
}

/** Sends requests such as `1a`, `2b`: request 1 for car `a`, request 2 for car `b`. */
function sendToCars(
  sendRequest: (payload: string, properties: object) => void,
  requests: readonly string[],
): void {
  for (const request of requests)
    sendRequest(request, { topic: `cars/${request.slice(1)}/unlock`, correlationData: bytesOf(request) })
}

describe('serve with orderedBy', () => {
  it('handles requests with the same key one at a time, each after the previous response', () => {
    withResponder(perCar, ({ sendRequest, world, records }) => {
      sendToCars(sendRequest, ['1a', '2a', '1b', '3a', '2b'])
      world.advance(1_000)
      const [first = NaN] = records.values.map(({ receivedAt }) => receivedAt)
      const times = records.values.map(({ request, startedAt = NaN, endedAt }) => ({
        request: textOf(request),
        from: startedAt - first,
        to: endedAt - first,
      }))
      expect(times).toEqual([
        { request: '1a', from: 0, to: 102 },
        { request: '1b', from: 0, to: 102 },
        { request: '2a', from: 102, to: 204 },
        { request: '2b', from: 102, to: 204 },
        { request: '3a', from: 204, to: 306 },
      ])
    })
  })

  it('does not let waiting requests of one key block another key or use up concurrency', () => {
    withResponder(
      { ...perCar, serve: { ...perCar.serve, concurrency: 2 } },
      ({ sendRequest, world, records, handled }) => {
        sendToCars(sendRequest, ['1a', '2a', '3a', '4a', '1b', '1c'])
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

  it('handles requests with undefined as key concurrently', () => {
    withResponder(
      { ...perCar, serve: { orderedBy: ({ message }) => (textOf(message) === '1a' ? 'key' : undefined) } },
      ({ sendRequest, world, handled }) => {
        sendToCars(sendRequest, ['1a', '2a', '3a'])
        world.advance(50)
        expect(handled).toHaveLength(3)
      },
    )
  })

  it('handles the next request of a key after a failure, a timeout or a cancel', () => {
    withResponder(
      {
        ...perCar,
        serve: { ...perCar.serve, handlerTimeout: 200 },
        handler: ({ value }) =>
          value === '1a' ? throwError(() => new Error('no')) : value === '2a' ? new Observable() : of(value),
      },
      ({ sendRequest, world, records, sendControl }) => {
        sendToCars(sendRequest, ['1a', '2a', '3a', '4a'])
        sendControl(cancelProperties, { correlationData: bytesOf('3a') })
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

  it('counts requests that wait for their key as queued', () => {
    withResponder(
      { ...perCar, serve: { ...perCar.serve, queue: 1 } },
      ({ sendRequest, world, responses }) => {
        sendToCars(sendRequest, ['1a', '2a', '3a', '1b'])
        world.advance(50)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([503])
        world.advance(1_000)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([503, 200, 200, 200])
      },
    )
  })

  it('answers 500 when orderedBy throws, and handles the next request', () => {
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
        sendToCars(sendRequest, ['1a', '2a'])
        world.advance(500)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([500, 200])
        expect(records.values[0]).toMatchObject({ outcome: 'failed', error: { message: 'no key' } })
        expect(unacknowledged()).toBe(0)
      },
    )
  })

  it('abandons the running and the waiting requests of a key on unsubscribe', () => {
    const options = { ...perCar, requests: { acknowledge: 'after-response' } } as const
    withResponder(options, ({ sendRequest, world, records, handled, unacknowledged }) => {
      sendToCars(sendRequest, ['1a', '2a'])
      world.advance(50)
      records.unsubscribe()
      world.advance(1_000)
      expect([handled.length, unacknowledged()]).toEqual([1, 2])
    })
  })

  it('passes the types of the endpoint to orderedBy', () => {
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
      world.broker.publish({ topic: 'cars/a/unlock', payload: bytesOf('x'), responseTopic: 'responses' })
      world.advance(10)
      expect(responses).toHaveLength(1)
    })
  })
})
