import { requests$, serve, text, endpoint } from '@antiphon/core'
import { delay, finalize, NEVER, of, type ObservableInput } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe, publishedBy, textOf } from '../observed.js'
import { inWorld } from '../world.js'
import { echo, withEchoResponder } from './with-responder.js'

describe('the acknowledgement of a request', () => {
  it('acknowledges a request only after the PUBACK of its response with acknowledge: after-response', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, unacknowledged }) => {
        world.broker.inject({ kind: 'delay', by: 1_000, packets: ['puback'], clientId: 'server' })
        sendRequest('x')
        world.advance(500)
        expect([responses.length, unacknowledged()]).toEqual([1, 1])
        world.advance(1_000)
        expect(unacknowledged()).toBe(0)
      },
      { requests: { acknowledge: 'after-response' } },
    )
  })

  it('acknowledges a request on receipt with acknowledge: on-receipt', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, unacknowledged }) => {
        sendRequest('x')
        world.advance(10)
        expect([responses.length, unacknowledged()]).toEqual([0, 0])
        world.advance(1_000)
        expect(responses).toHaveLength(1)
      },
      { requests: { acknowledge: 'on-receipt' }, handler: () => of('late').pipe(delay(500)) },
    )
  })

  it('acknowledges requests in the order of receipt, whatever the order of the responses', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, unacknowledged }) => {
        for (const wait of ['300', '100', '200']) sendRequest(wait, { correlationData: bytesOf(wait) })
        world.advance(250)
        expect([responses.length, unacknowledged()]).toEqual([2, 3])
        const waiting = world.broker.session('server')?.unacknowledged.map(textOf)
        expect(waiting).toEqual(['300', '100', '200'])
        world.advance(100)
        expect([responses.length, unacknowledged()]).toEqual([3, 0])
      },
      {
        requests: { acknowledge: 'after-response' },
        handler: ({ value }) => of(value).pipe(delay(Number(value))),
      },
    )
  })

  it('handles no request twice when the broker redelivers them after a lost connection', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, handled, unacknowledged }) => {
        for (const wait of ['300', '100', '200']) sendRequest(wait, { correlationData: bytesOf(wait) })
        world.advance(250)
        world.broker.disconnect('server')
        world.advance(1_000)
        expect(handled.map(({ value }) => value)).toEqual(['300', '100', '200'])
        // The two answered requests are answered again, from the cache.
        expect(responses.map(({ message }) => textOf(message)).sort()).toEqual([
          '100',
          '100',
          '200',
          '200',
          '300',
        ])
        expect(unacknowledged()).toBe(0)
      },
      {
        requests: { acknowledge: 'after-response' },
        handler: ({ value }) => of(value).pipe(delay(Number(value))),
      },
    )
  })
})

describe('unsubscribing from serve', () => {
  it('stops the handlers on unsubscribe and leaves their requests unacknowledged', () => {
    let running = 0
    withEchoResponder(
      ({ sendRequest, world, responses, records, unacknowledged }) => {
        for (const correlation of ['1', '2', '3', '4'])
          sendRequest('x', { correlationData: bytesOf(correlation) })
        world.advance(10)
        expect(running).toBe(2)
        records.unsubscribe()
        world.advance(100)
        expect([running, responses.length, unacknowledged()]).toEqual([0, 0, 4])
        expect(world.broker.session('server')?.subscriptions).toEqual([])
      },
      {
        requests: { acknowledge: 'after-response' },
        serve: { concurrency: 2 },
        handler: (): ObservableInput<string> =>
          ({
            subscribe: () => {
              running++
              return { unsubscribe: () => running-- }
            },
            [Symbol.observable ?? '@@observable']() {
              return this
            },
          }) as never,
      },
    )
  })

  it('stops a handler that unsubscribes from serve while it starts', () => {
    let unsubscribe: () => void = () => undefined
    let isStopped = false
    withEchoResponder(
      ({ sendRequest, world, responses, records, unacknowledged }) => {
        unsubscribe = () => records.unsubscribe()
        sendRequest('x')
        world.advance(100)
        expect([isStopped, responses.length, unacknowledged()]).toEqual([true, 0, 1])
      },
      {
        requests: { acknowledge: 'after-response' },
        handler: () => {
          unsubscribe()
          return NEVER.pipe(finalize(() => (isStopped = true)))
        },
      },
    )
  })

  it('hands unacknowledged requests to the other members of the group', () => {
    inWorld((world) => {
      const handlers = { one: 0, two: 0 }
      const serving = (name: 'one' | 'two', response: ObservableInput<string>): { close: () => void } => {
        const link = world.link(name)
        const records = observe(
          world,
          requests$(link, echo, { group: 'workers', acknowledge: 'after-response' }).pipe(
            serve(() => {
              handlers[name]++
              return response
            }),
          ),
        )
        return {
          close: () => {
            records.unsubscribe()
            void link.close()
          },
        }
      }
      const first = serving('one', NEVER)
      world.advance(50)
      const sendRequest = (correlation: string): void =>
        void world.broker.publish({
          topic: 'echo',
          payload: bytesOf('x'),
          responseTopic: 'responses',
          correlationData: bytesOf(correlation),
        })
      for (const correlation of ['1', '2', '3']) sendRequest(correlation)
      world.advance(50)
      serving('two', of('done'))
      world.advance(50)
      expect(handlers).toEqual({ one: 3, two: 0 })
      const responses = publishedBy(world, 'two')
      first.close()
      world.advance(5_000)
      expect(handlers).toEqual({ one: 3, two: 3 })
      expect(responses).toHaveLength(3)
      expect(world.broker.session('two')?.unacknowledged).toEqual([])
    })
  })
})

describe('requests$', () => {
  it('serves requests when subscribed before the link is connected', () => {
    inWorld((world) => {
      world.broker.down()
      const responses = publishedBy(world, 'server')
      const records = observe(
        world,
        requests$(world.link('server', { reconnect: { initial: 10, maximum: 10, jitter: 0 } }), echo).pipe(
          serve(({ value }) => of(value)),
        ),
      )
      world.advance(1_000)
      world.broker.up()
      world.advance(100)
      world.broker.publish({ topic: 'echo', payload: bytesOf('x'), responseTopic: 'responses' })
      world.advance(100)
      expect(responses).toHaveLength(1)
      expect(records.values).toMatchObject([{ outcome: 'responded' }])
    })
  })

  it('shares requests among the members of a group', () => {
    inWorld((world) => {
      const counts = [0, 0, 0]
      for (const index of [0, 1, 2])
        requests$(world.link(`server-${index}`), echo, { group: 'workers' })
          .pipe(
            serve(({ value }) => {
              counts[index] = (counts[index] ?? 0) + 1
              return of(value)
            }),
          )
          .subscribe()
      world.advance(50)
      const filters = world.broker.subscriptions().map(({ filter }) => filter)
      expect(filters).toEqual(['$share/workers/echo', '$share/workers/echo', '$share/workers/echo'])
      for (let index = 0; index < 30; index++)
        world.broker.publish({
          topic: 'echo',
          payload: bytesOf('x'),
          responseTopic: 'responses',
          correlationData: bytesOf(String(index)),
        })
      world.advance(100)
      expect(counts).toEqual([10, 10, 10])
    })
  })

  it('subscribes to the given topic parameters, with wildcards for all others', () => {
    inWorld((world) => {
      const unlock = endpoint({ topic: 'req/{car}/{mobile}', request: text, response: text })
      requests$(world.link('car1'), unlock, { params: { car: 'car1' } })
        .pipe(serve(() => of('open')))
        .subscribe()
      world.advance(50)
      expect(world.broker.subscriptions().map(({ filter }) => filter)).toEqual(['req/car1/+'])
    })
  })

  it('fails when the broker refuses the subscription, and completes when the link is closed', () => {
    inWorld((world) => {
      const undo = world.broker.refuseSubscribe('echo', 0x87)
      const link = world.link('server')
      const refused = observe(world, requests$(link, echo))
      world.advance(50)
      expect(refused.ending()).toMatchObject({ code: 'subscribe-refused', reasonCode: 0x87 })
      undo()
      const accepted = observe(world, requests$(link, echo))
      world.advance(50)
      void link.close()
      world.advance(5_000)
      expect(accepted.ending()).toBe('complete')
    })
  })

  it('serves requests in the next window after a lost session', () => {
    withEchoResponder(({ sendRequest, world, responses }) => {
      world.broker.disconnect('server', { session: 'lose' })
      world.advance(100)
      sendRequest('x')
      world.advance(10)
      expect(responses).toHaveLength(1)
    })
  })
})
