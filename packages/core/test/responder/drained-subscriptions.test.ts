import { requests$, serve, type Delivery, type Link, type RequestsOptions } from '@antiphon/core'
import { concat, delay, NEVER, of, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { deadlinesOf } from '../../src/link/link-deadlines.js'
import { bytesOf, observe, publishedBy, textOf } from '../observed.js'
import { synchronousLink } from '../synchronous-link.js'
import { inWorld } from '../world.js'
import { deliveryOf } from './delivery-of.js'
import { echo, requestProperties, withEchoResponder } from './with-responder.js'

type EchoTypes = NonNullable<(typeof echo)['types']>

const persistent = { clean: false, sessionExpiryInterval: 3_600, receiveMaximum: 20 }
const notPersistent = { clean: true, sessionExpiryInterval: 0, receiveMaximum: 20 }

describe('draining by leaving', () => {
  it('completes between CONNACK and SUBACK, before there is a window', () => {
    inWorld((world) => {
      const drain$ = new Subject<void>()
      const link = world.link('server', notPersistent)
      const requests = observe(world, requests$(link, echo, { drain$, drainBy: 'leave' }))
      let endedBefore: unknown = 'not online'
      link.state$.subscribe(({ status }) => {
        if (status !== 'online') return
        endedBefore = requests.ending()
        drain$.next()
      })
      world.advance(2)
      expect([endedBefore, requests.ending()]).toEqual([undefined, 'complete'])
    })
  })

  it('unsubscribes once, however often drain$ emits', () => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      ({ sendRequest, world, records, responses }) => {
        sendRequest('x')
        world.advance(10)
        for (let count = 0; count < 3; count++) {
          drain$.next()
          world.advance(10)
        }
        world.advance(200)
        expect(records.ending()).toBe('complete')
        const barriers = responses.filter(({ message }) => message.topic.includes('/barrier/'))
        expect(barriers).toHaveLength(1)
        expect(world.broker.session('server')?.subscriptions ?? []).toEqual([])
      },
      { client: notPersistent, requests: { drain$ }, handler: () => of('done').pipe(delay(100)) },
    )
  })

  it('handles what the broker sends after each acknowledgement, although nothing runs in between', () => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      ({ sendRequest, world, records, responses }) => {
        for (const payload of ['1', '2', '3']) sendRequest(payload, { correlationData: bytesOf(payload) })
        world.advance(5)
        drain$.next()
        world.advance(1_000)
        const sent = responses.filter(({ message }) => message.topic === 'responses')
        expect(sent.map(({ message }) => textOf(message))).toEqual(['1!', '2!', '3!'])
        expect(records.ending()).toBe('complete')
      },
      {
        client: { ...notPersistent, receiveMaximum: 1 },
        requests: { drain$, acknowledge: 'after-response' },
        handler: ({ value }) => of(`${value}!`).pipe(delay(20)),
      },
    )
  })

  describe('from a broker that refuses the barrier', () => {
    /** Runs a test with a responder that is drained at 0, whose handler takes `handlerTime` milliseconds. */
    function withRefusedBarrier(
      handlerTime: number,
      test: (setup: {
        readonly deliverAt: (milliseconds: number) => void
        readonly run: () => {
          readonly completedAt: number | undefined
          readonly handledAt: readonly number[]
        }
      }) => void,
    ): void {
      inWorld((world) => {
        const deliveries$ = new Subject<Delivery>()
        const drain$ = new Subject<void>()
        const handledAt: number[] = []
        const link: Link = {
          ...synchronousLink(() => undefined),
          scheduler: world.scheduler,
          subscription$: (filter) =>
            filter === 'echo'
              ? concat(
                  of({ filter, grantedQoS: 1, deliveries$, unsubscribe$: of(undefined) } as const),
                  NEVER,
                )
              : throwError(() => new Error('not authorised')),
        }
        const records = observe(
          world,
          requests$(link, echo, { drain$, drainBy: 'leave' }).pipe(
            serve(({ value }) => {
              handledAt.push(world.scheduler.now())
              return of(value).pipe(delay(handlerTime))
            }),
          ),
        )
        const deliverAt = (milliseconds: number): void =>
          void world.scheduler.schedule(
            () => deliveries$.next(deliveryOf(String(milliseconds))),
            milliseconds,
          )
        const run = () => {
          drain$.next()
          world.advance(20_000)
          return { completedAt: records.endedAt(), handledAt }
        }
        test({ deliverAt, run })
      })
    }

    it('completes two seconds after the last message', () => {
      withRefusedBarrier(0, ({ deliverAt, run }) => {
        for (const at of [1_500, 3_000]) deliverAt(at)
        expect(run()).toEqual({ completedAt: 5_000, handledAt: [1_500, 3_000] })
      })
    })

    it('completes in no quiet period in which a request is running', () => {
      withRefusedBarrier(3_000, ({ deliverAt, run }) => {
        for (const at of [500, 4_000]) deliverAt(at)
        expect(run()).toEqual({ completedAt: 8_000, handledAt: [500, 4_000] })
      })
    })
  })
})

describe('a responder whose drainTimeout is over', () => {
  it('completes a second later if its 503 is not acknowledged', () => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      ({ sendRequest, world, records }) => {
        sendRequest('x')
        world.advance(10)
        world.broker.inject({ kind: 'drop', packets: ['puback'], clientId: 'server', direction: 'to-client' })
        const start = world.scheduler.now()
        drain$.next()
        world.advance(5_000)
        expect(records.ending()).toBe('complete')
        expect((records.endedAt() ?? NaN) - start).toBe(1_100)
        expect(records.values).toMatchObject([{ outcome: 'unsent', error: { code: 'timeout' } }])
      },
      { client: persistent, requests: { drain$, drainTimeout: 100 }, handler: () => NEVER },
    )
  })

  it('leaves no deadline behind if nothing is left to wait for', () => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      ({ sendRequest, world, server, records }) => {
        sendRequest('x')
        world.advance(10)
        drain$.next()
        world.advance(100)
        expect(records.ending()).toBe('complete')
        expect(deadlinesOf(server).size).toBe(0)
      },
      {
        client: persistent,
        requests: { drain$, drainTimeout: 100, acknowledge: 'after-response' },
        handler: () => NEVER,
      },
    )
  })
})

describe('a paused responder', () => {
  /** Runs a test with a responder that is drained by pausing while its handler runs for 100 ms. */
  function withPaused(
    test: (setup: Parameters<Parameters<typeof withEchoResponder>[0]>[0]) => void,
    requests: RequestsOptions<EchoTypes> = {},
  ): void {
    const drain$ = new Subject<void>()
    withEchoResponder(
      (setup) => {
        setup.sendRequest('running')
        setup.world.advance(10)
        drain$.next()
        test(setup)
      },
      {
        client: persistent,
        requests: { drain$, ...requests },
        handler: () => of('done').pipe(delay(100)),
      },
    )
  }

  it('leaves a chunk unacknowledged', () => {
    withPaused(({ sendRequest, world, records, ignored, unacknowledged }) => {
      const userProperties = [['__chunk', '0:2:2:00000000']] as const
      sendRequest('c', { correlationData: bytesOf('2'), userProperties })
      world.advance(20)
      expect([records.ending(), unacknowledged()]).toEqual([undefined, 1])
      world.advance(100)
      expect([records.ending(), unacknowledged(), ignored.length]).toEqual(['complete', 1, 0])
    })
  })

  it('leaves requests unacknowledged in the next window, after a lost session', () => {
    let subscribed = 0
    withPaused(
      ({ sendRequest, world, records, handled, unacknowledged }) => {
        world.advance(200)
        expect(records.ending()).toBe('complete')
        world.broker.disconnect('server', { session: 'lose' })
        world.advance(100)
        for (const payload of ['2', '3']) sendRequest(payload, { correlationData: bytesOf(payload) })
        world.advance(100)
        expect([handled.length, unacknowledged(), subscribed]).toEqual([1, 2, 1])
      },
      { onSubscribed: () => subscribed++ },
    )
  })

  it('leaves requests unacknowledged on a topic with a retained message', () => {
    inWorld((world) => {
      world.broker.publish({ topic: 'echo', payload: bytesOf('old'), ...requestProperties, retain: true })
      const drain$ = new Subject<void>()
      const link = world.link('server', persistent)
      const records = observe(world, requests$(link, echo, { drain$ }).pipe(serve(({ value }) => value)))
      world.advance(50)
      drain$.next()
      world.advance(50)
      expect(records.ending()).toBe('complete')
      for (const payload of ['1', '2'])
        world.broker.publish({ topic: 'echo', payload: bytesOf(payload), ...requestProperties })
      world.advance(50)
      expect(world.broker.session('server')?.unacknowledged.map(textOf)).toEqual(['1', '2'])
      expect(records.values).toEqual([])
    })
  })

  it('completes with its link', () => {
    inWorld((world) => {
      const drain$ = new Subject<void>()
      const link = world.link('server', persistent)
      const records = observe(world, requests$(link, echo, { drain$ }).pipe(serve(() => NEVER)))
      world.advance(50)
      world.broker.publish({ topic: 'echo', payload: bytesOf('x'), ...requestProperties })
      world.advance(10)
      drain$.next()
      world.advance(10)
      expect(records.ending()).toBeUndefined()
      const published = publishedBy(world, 'server')
      void link.close()
      world.advance(1_000)
      expect([records.ending(), published.length]).toEqual(['complete', 0])
      expect(records.values).toMatchObject([{ outcome: 'unsent' }])
    })
  })
})
