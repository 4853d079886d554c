import {
  endpoint,
  inOrder,
  requests$,
  serve,
  text,
  type Link,
  type RequestsOptions,
  type ServeOptions,
} from '@antiphon/core'
import { delay, NEVER, of, Subject, throwError, type ObservableInput } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe, publishedBy, statusOf, textOf, type Observed } from '../observed.js'
import { inWorld, type World } from '../world.js'
import {
  cancelProperties,
  echo,
  requestProperties,
  withEchoResponder,
  type ResponderSetup,
} from './with-responder.js'

type EchoTypes = NonNullable<(typeof echo)['types']>
type EchoSetup = ResponderSetup<EchoTypes>

const persistent = { clean: false, sessionExpiryInterval: 3_600, receiveMaximum: 20 }
const notPersistent = { clean: true, sessionExpiryInterval: 0, receiveMaximum: 20 }

/** Sends each payload with Correlation Data of its own. */
function sendAll({ sendRequest }: EchoSetup, payloads: readonly string[]): void {
  for (const payload of payloads) sendRequest(payload, { correlationData: bytesOf(payload) })
}

function numbers(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, index) => String(from + index))
}

function statuses({ responses }: EchoSetup): readonly (number | undefined)[] {
  return responses
    .filter(({ message }) => message.topic === 'responses')
    .map(({ message }) => statusOf(message))
}

/** Starts a responder for `echo` whose handlers take `handlerTime` milliseconds. */
function respond(
  world: World,
  link: Link,
  requests: RequestsOptions<EchoTypes>,
  options: ServeOptions<EchoTypes> & { readonly handlerTime?: number } = {},
): Observed<{ readonly outcome: string; readonly status?: number }> {
  const { handlerTime = 20, ...serveOptions } = options
  return observe(
    world,
    requests$(link, echo, requests).pipe(
      serve(({ value }) => of(value).pipe(delay(handlerTime)), serveOptions),
    ),
  )
}

function publishRequest({ broker }: World, index: number | string): void {
  const correlationData = bytesOf(`token ${index}`)
  broker.publish({ topic: 'echo', payload: bytesOf(String(index)), ...requestProperties, correlationData })
}

/** Returns the payloads that were answered with status 200, once each. */
function answered(world: World, clientIds: readonly string[]): () => readonly number[] {
  const published = clientIds.map((clientId) => publishedBy(world, clientId))
  return () =>
    published
      .flat()
      .filter(({ message }) => message.topic === 'responses')
      .map(({ message }) => {
        expect(statusOf(message)).toBe(200)
        return Number(textOf(message))
      })
      .sort((left, right) => left - right)
}

describe('draining by leaving', () => {
  it('unsubscribes, handles what the broker has queued for the client, then completes', () => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      (setup) => {
        const { world, records, unacknowledged } = setup
        // The broker queues 170 of these behind its window.
        sendAll(setup, numbers(0, 200))
        world.advance(5)
        drain$.next()
        world.advance(10_000)
        expect(statuses(setup)).toEqual(Array(200).fill(200))
        expect(records.ending()).toBe('complete')
        expect(world.broker.session('server')?.subscriptions).toEqual([])
        expect(unacknowledged()).toBe(0)
      },
      {
        client: notPersistent,
        requests: { drain$ },
        serve: { concurrency: 10 },
        handler: () => of('done').pipe(delay(100)),
      },
    )
  })

  it('finishes running and queued requests before it completes', () => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      (setup) => {
        const { world, records } = setup
        sendAll(setup, ['1', '2', '3'])
        world.advance(50)
        drain$.next()
        world.advance(100)
        expect(records.ending()).toBeUndefined()
        world.advance(1_000)
        expect(statuses(setup)).toEqual([200, 200, 200])
        expect(records.ending()).toBe('complete')
      },
      {
        client: notPersistent,
        requests: { drain$ },
        serve: { concurrency: 2 },
        handler: () => of('done').pipe(delay(200)),
      },
    )
  })

  it('receives no request after it has unsubscribed', () => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      (setup) => {
        const { world, records, handled } = setup
        drain$.next()
        world.advance(10)
        expect(records.ending()).toBe('complete')
        sendAll(setup, ['late'])
        world.advance(100)
        expect(handled).toEqual([])
      },
      { client: notPersistent, requests: { drain$ } },
    )
  })

  it('loses no request and answers none with 503 during a rolling restart of 3 members under load', () => {
    inWorld((world) => {
      const clientIds = numbers(0, 3).flatMap((index) => [`member-${index}`, `next-${index}`])
      const answers = answered(world, clientIds)
      const start = (clientId: string) => {
        const drain$ = new Subject<void>()
        const link = world.link(clientId, notPersistent)
        const records = respond(world, link, { group: 'workers', drain$ }, { concurrency: 5 })
        return { drain$, link, records }
      }
      const members = numbers(0, 3).map((index) => start(`member-${index}`))
      world.advance(50)
      let sent = 0
      const load = (milliseconds: number): void => {
        for (let end = sent + milliseconds; sent < end; sent++) {
          publishRequest(world, sent)
          world.advance(1)
        }
      }
      load(100)
      members.forEach(({ drain$, link, records }, index) => {
        drain$.next()
        load(200)
        for (let waited = 0; records.ending() === undefined && waited < 5_000; waited += 10) world.advance(10)
        expect(records.ending()).toBe('complete')
        void link.close()
        start(`next-${index}`)
        load(100)
      })
      world.advance(5_000)
      expect(sent).toBe(1_000)
      expect(answers()).toEqual(numbers(0, sent).map(Number))
    })
  })

  it('completes after a quiet period when the broker refuses the barrier', () => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      ({ world, records }) => {
        world.broker.refusePublish('response/server/barrier/+', 0x87)
        drain$.next()
        world.advance(1_500)
        expect(records.ending()).toBeUndefined()
        world.advance(1_000)
        expect(records.ending()).toBe('complete')
      },
      { client: notPersistent, requests: { drain$ } },
    )
  })

  it('stays in the session of another requests$ with the same filter', () => {
    inWorld((world) => {
      const drain$ = new Subject<void>()
      const link = world.link('server', notPersistent)
      const first = respond(world, link, { drain$ })
      const second = respond(world, link, {})
      world.advance(50)
      drain$.next()
      world.advance(50)
      publishRequest(world, 1)
      world.advance(50)
      expect(first.ending()).toBe('complete')
      expect([first.values.length, second.values.length]).toEqual([0, 1])
    })
  })

  it('subscribes again when the filter is needed again while it unsubscribes', () => {
    inWorld((world) => {
      const drain$ = new Subject<void>()
      const link = world.link('server', notPersistent)
      const first = respond(world, link, { drain$ })
      world.advance(50)
      drain$.next()
      const second = respond(world, link, {})
      world.advance(3_000)
      publishRequest(world, 1)
      world.advance(50)
      expect(first.ending()).toBe('complete')
      expect([first.values.length, second.values.length]).toEqual([0, 1])
    })
  })
})

describe('draining by pausing', () => {
  it('leaves what waits for room and what arrives in the session, for the next start', () => {
    inWorld((world) => {
      const answers = answered(world, ['server'])
      const drain$ = new Subject<void>()
      const link = world.link('server', persistent)
      const paused = respond(world, link, { drain$ }, { concurrency: 5, handlerTime: 100 })
      world.advance(50)
      for (let index = 0; index < 50; index++) publishRequest(world, index)
      world.advance(10)
      drain$.next()
      world.advance(10)
      publishRequest(world, 50)
      world.advance(500)
      expect(paused.ending()).toBe('complete')
      expect(answers()).toEqual([0, 1, 2, 3, 4])
      expect(world.broker.session('server')?.subscriptions).toHaveLength(1)
      void link.close()
      world.advance(100)
      publishRequest(world, 51)
      respond(world, world.link('server', persistent), {})
      world.advance(5_000)
      expect(answers()).toEqual(numbers(0, 52).map(Number))
    })
  })

  it('acknowledges what is in hand with acknowledge: after-response', () => {
    inWorld((world) => {
      const answers = answered(world, ['server'])
      const drain$ = new Subject<void>()
      const link = world.link('server', persistent)
      const options = { drain$, acknowledge: 'after-response' } as const
      const paused = respond(world, link, options, { concurrency: 5, handlerTime: 100 })
      world.advance(50)
      for (let index = 0; index < 10; index++) publishRequest(world, index)
      world.advance(10)
      drain$.next()
      world.advance(500)
      expect(paused.ending()).toBe('complete')
      expect(answers()).toEqual([0, 1, 2, 3, 4])
      expect(world.broker.session('server')?.unacknowledged.map(textOf)).toEqual(['5', '6', '7', '8', '9'])
    })
  })

  it('does not hold back the acknowledgements of other endpoints on the link', () => {
    inWorld((world) => {
      const other = endpoint({ topic: 'other', request: text, response: text })
      const drain$ = new Subject<void>()
      const link = world.link('server', persistent)
      const paused = respond(world, link, { drain$ })
      const served = observe(world, requests$(link, other).pipe(serve(({ value }) => of(value))))
      world.advance(50)
      drain$.next()
      world.advance(50)
      publishRequest(world, 1)
      publishRequest(world, 2)
      world.broker.publish({ topic: 'other', payload: bytesOf('x'), ...requestProperties })
      world.advance(50)
      expect(paused.ending()).toBe('complete')
      expect(served.values).toMatchObject([{ outcome: 'responded' }])
      expect(world.broker.session('server')?.unacknowledged.map(textOf)).toEqual(['1', '2'])
    })
  })

  it('receives a cancel of a request in hand', () => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      ({ world, sendRequest, records, sendControl }) => {
        sendRequest('x')
        world.advance(10)
        drain$.next()
        sendControl(cancelProperties)
        world.advance(10)
        expect(records.values).toMatchObject([{ outcome: 'cancelled' }])
        expect(records.ending()).toBe('complete')
      },
      { requests: { drain$ }, handler: () => NEVER },
    )
  })

  it.each<[mode: string, client: object, options: RequestsOptions<EchoTypes>, subscriptions: number]>([
    ['pauses with a persistent session', persistent, {}, 1],
    ['leaves without a persistent session', notPersistent, {}, 0],
    ['leaves a group with a persistent session', persistent, { group: 'workers' }, 0],
    ['leaves with drainBy: leave', persistent, { drainBy: 'leave' }, 0],
    ['pauses with drainBy: pause', persistent, { group: 'workers', drainBy: 'pause' }, 1],
  ])('%s', (_, client, options, subscriptions) => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      ({ world, records }) => {
        drain$.next()
        world.advance(50)
        expect(records.ending()).toBe('complete')
        expect(world.broker.session('server')?.subscriptions).toHaveLength(subscriptions)
      },
      { client, requests: { ...options, drain$ } },
    )
  })
})

describe.each(['leave', 'pause'] as const)('drain$ with drainBy: %s', (drainBy) => {
  /** Runs a test with a responder that is drained when `drain$` emits. */
  function withDrain(
    test: (setup: EchoSetup & { readonly drain$: Subject<void> }) => void,
    options: {
      readonly requests?: RequestsOptions<EchoTypes>
      readonly serve?: ServeOptions<EchoTypes>
      readonly handler?: () => ObservableInput<string>
    } = {},
  ): void {
    const drain$ = new Subject<void>()
    const { handler = () => of('done') } = options
    withEchoResponder((setup) => test({ ...setup, drain$ }), {
      client: { receiveMaximum: 20, reconnect: { initial: 10, maximum: 10, jitter: 0 } } as never,
      handler,
      requests: { drain$, drainBy, ...options.requests },
      ...(options.serve === undefined ? {} : { serve: options.serve }),
    })
  }

  it('answers 503 to what is acknowledged when drainTimeout is over, and leaves the rest unacknowledged', () => {
    withDrain(
      (setup) => {
        const { world, drain$, records, unacknowledged } = setup
        // Three run, two of them with the same key wait for it, and the others wait for room.
        sendAll(setup, ['a1', 'a2', 'b1', 'c1', 'd1', 'e1'])
        world.advance(50)
        expect(unacknowledged()).toBe(2)
        drain$.next()
        world.advance(900)
        expect([statuses(setup), records.ending()]).toEqual([[], undefined])
        world.advance(200)
        expect(statuses(setup)).toEqual([503, 503, 503, 503])
        expect(records.values.map(({ outcome, status }) => [outcome, status])).toEqual(
          Array(4).fill(['busy', 503]),
        )
        expect(records.ending()).toBe('complete')
        expect(unacknowledged()).toBe(2)
      },
      {
        handler: () => NEVER,
        requests: { drainTimeout: 1_000 },
        serve: { concurrency: 3, orderedBy: ({ value }) => value[0] },
      },
    )
  })

  it('completes when drainTimeout is over while the broker is away', () => {
    withDrain(
      (setup) => {
        const { world, drain$, records } = setup
        sendAll(setup, ['1'])
        world.advance(50)
        world.broker.down()
        world.advance(10)
        drain$.next()
        world.advance(500)
        expect(records.ending()).toBeUndefined()
        world.advance(600)
        expect(records.ending()).toBe('complete')
        expect(records.values).toMatchObject([{ outcome: 'unsent', error: { code: 'timeout' } }])
      },
      { handler: () => NEVER, requests: { drainTimeout: 1_000 } },
    )
  })

  it('completes at once while the broker is away and nothing is in hand', () => {
    withDrain(({ world, drain$, records }) => {
      world.broker.down()
      world.advance(10)
      drain$.next()
      world.advance(10)
      expect(records.ending()).toBe('complete')
    })
  })

  it('completes when the connection is lost while draining', () => {
    withDrain(({ world, drain$, records }) => {
      world.broker.inject({ kind: 'drop', packets: ['unsuback'], clientId: 'server', direction: 'to-client' })
      drain$.next()
      world.advance(10)
      world.broker.down()
      world.advance(10)
      expect(records.ending()).toBe('complete')
    })
  })

  it('completes only after the PUBACK of the last response', () => {
    withDrain(({ sendRequest, world, records, drain$ }) => {
      world.broker.inject({ kind: 'delay', by: 1_000, packets: ['puback'], clientId: 'server' })
      sendRequest('x')
      world.advance(10)
      drain$.next()
      world.advance(500)
      expect(records.ending()).toBeUndefined()
      world.advance(3_000)
      expect(records.ending()).toBe('complete')
    })
  })

  it('does not subscribe to the topic when drain$ emits at once', () => {
    withDrain(
      ({ world, records }) => {
        expect(records.ending()).toBe('complete')
        expect(world.broker.counts().packets['subscribe']).toBeUndefined()
      },
      { requests: { drain$: of('now') } },
    )
  })

  it('fails with the error of drain$', () => {
    withDrain(
      ({ records }) => {
        expect(records.ending()).toMatchObject({ rawMessage: 'no signal' })
      },
      { requests: { drain$: throwError(() => new Error('no signal')) } },
    )
  })

  it('finishes the requests that were acknowledged on receipt', () => {
    withDrain(
      (setup) => {
        sendAll(setup, ['1', '2', '3'])
        setup.world.advance(50)
        setup.drain$.next()
        setup.world.advance(1_000)
        expect(statuses(setup)).toEqual([200, 200, 200])
        expect(setup.records.ending()).toBe('complete')
      },
      {
        requests: { acknowledge: 'on-receipt' },
        serve: { concurrency: 1 },
        handler: () => of('done').pipe(delay(100)),
      },
    )
  })
})

it('records what cannot be answered 503 when drainTimeout is over, on MQTT 3.1.1', () => {
  inWorld((world) => {
    const commands = endpoint({
      topic: 'echo',
      responseTopic: 'responses',
      request: text,
      response: text,
      correlation: inOrder(),
    })
    const drain$ = new Subject<void>()
    const link = world.link('server', { protocolVersion: 4, clean: false })
    const records = observe(
      world,
      requests$(link, commands, { drain$, drainTimeout: 100 }).pipe(serve(() => NEVER)),
    )
    world.advance(50)
    world.broker.publish({ topic: 'echo', payload: bytesOf('1') })
    world.advance(50)
    drain$.next()
    world.advance(200)
    expect(records.values).toMatchObject([{ outcome: 'busy' }])
    expect(records.values[0]).not.toHaveProperty('status')
    expect(records.ending()).toBe('complete')
  })
})
