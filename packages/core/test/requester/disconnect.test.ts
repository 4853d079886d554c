import {
  requesterStats,
  endpoint,
  exchange$,
  requests$,
  serve,
  text,
  type ExchangeOptions,
} from '@antiphon/core'
import { delay, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { observe, publishedBy, statusOf, textOf, type Observed, type PublishedMessage } from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

interface Fixture {
  readonly world: World
  readonly call: Observed<string>
  readonly published: readonly PublishedMessage[]
  /** The requester's subscribes, unsubscribes and publishes in the order in which the broker received them. */
  readonly order: readonly string[]
  readonly handlerRuns: () => number
  /** Closes the requester's connection; the link reconnects after 100 ms. */
  readonly disconnect: (session: 'keep' | 'lose') => void
}

/** Runs a test with a pending request that takes a second, and a requester with a persistent session. */
function withPendingRequest(options: ExchangeOptions, test: (fixture: Fixture) => void): void {
  inWorld((world) => {
    let runs = 0
    const server = world.link('server')
    requests$(server, echo)
      .pipe(
        serve(({ value }) => {
          runs++
          return of(value).pipe(delay(1_000, server.scheduler))
        }),
      )
      .subscribe()
    world.advance(50)
    const published = publishedBy(world, 'requester')
    const order: string[] = []
    world.broker.subscriptions$.subscribe(({ kind, clientId }) => {
      if (clientId === 'requester') order.push(kind)
    })
    world.broker.published$.subscribe(({ clientId, message }) => {
      if (clientId === 'requester') order.push(textOf(message))
    })
    const requester = world.link('requester', {
      clean: false,
      sessionExpiryInterval: 3_600,
      reconnect: { initial: 100, maximum: 100, jitter: 0 },
    })
    const call = observe(world, exchange$(requester, echo, 'request', { timeout: 10_000, ...options }))
    world.advance(500)
    test({
      world,
      call,
      published,
      order,
      handlerRuns: () => runs,
      disconnect: (session) => world.broker.disconnect('requester', { session }),
    })
    world.advance(60_000)
    expect(requesterStats(requester, echo)).toMatchObject({ pending: 0 })
    expect(world.broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
  })
}

describe('a pending request when the connection is lost', () => {
  it('keeps a request pending when the session is present after reconnecting', () => {
    withPendingRequest({}, ({ world, call, published, order, disconnect, handlerRuns }) => {
      disconnect('keep')
      world.advance(5_000)
      expect(call.values).toEqual(['request'])
      expect(published).toHaveLength(1)
      expect(order).toEqual(['subscribed', 'request'])
      expect(handlerRuns()).toBe(1)
    })
  })

  it('receives a response that was published while the connection was down', () => {
    withPendingRequest({}, ({ world, call }) => {
      world.broker.inject({ kind: 'cut', clientId: 'requester' })
      world.advance(5_000)
      expect(call.values).toEqual([])
      world.broker.inject({ kind: 'restore', clientId: 'requester' })
      world.advance(1_000)
      expect(call.values).toEqual(['request'])
    })
  })

  it('subscribes again and keeps a request pending when the session is lost, with `keep`', () => {
    withPendingRequest({ onDisconnect: 'keep' }, ({ world, call, published, order, disconnect }) => {
      disconnect('lose')
      world.advance(5_000)
      expect(order).toEqual(['subscribed', 'request', 'unsubscribed', 'subscribed'])
      expect(call.values).toEqual(['request'])
      expect(published).toHaveLength(1)
    })
  })

  it('times out when the response was lost with the session, with `keep`', () => {
    withPendingRequest({ onDisconnect: 'keep', timeout: 3_000 }, ({ world, call }) => {
      world.broker.inject({ kind: 'cut', clientId: 'requester', session: 'lose' })
      world.advance(1_500)
      world.broker.inject({ kind: 'restore', clientId: 'requester' })
      world.advance(5_000)
      expect(call.ending()).toMatchObject({ code: 'timeout', phase: 'after-network' })
      expect(call.endedAt()).toBe(3_050)
    })
  })

  it('retries at its responder only after a lost session, and only after SUBACK, with `resend`', () => {
    withPendingRequest(
      { onDisconnect: 'resend' },
      ({ world, call, published, order, disconnect, handlerRuns }) => {
        disconnect('keep')
        world.advance(200)
        expect(published).toHaveLength(1)
        world.broker.inject({ kind: 'cut', clientId: 'requester', session: 'lose' })
        world.advance(1_500)
        world.broker.inject({ kind: 'restore', clientId: 'requester' })
        world.advance(2_000)
        expect(order).toEqual(['subscribed', 'request', 'unsubscribed', 'subscribed', ''])
        const [first, second] = published.map(({ message }) => message)
        expect(second).toMatchObject({ topic: 'control/server', userProperties: [['__ctl', 'retry']] })
        expect(second?.correlationData).toEqual(first?.correlationData)
        expect(second?.messageExpiryInterval).toBeLessThan(first?.messageExpiryInterval ?? 0)
        expect(call.values).toEqual(['request'])
        // The responder found the duplicate in its cache and sent the same bytes.
        expect(handlerRuns()).toBe(1)
      },
    )
  })

  it('attaches a request sent again to the handler run in progress, with `resend`', () => {
    withPendingRequest({ onDisconnect: 'resend' }, ({ world, call, published, disconnect, handlerRuns }) => {
      disconnect('lose')
      world.advance(5_000)
      expect(published).toHaveLength(2)
      expect(call.values).toEqual(['request'])
      expect(handlerRuns()).toBe(1)
    })
  })

  it('fails a pending request at once, with `fail`', () => {
    withPendingRequest({ onDisconnect: 'fail' }, ({ world, call, disconnect }) => {
      const at = world.scheduler.now()
      disconnect('keep')
      world.advance(5)
      expect(call.ending()).toMatchObject({
        code: 'connection-lost',
        endpoint: 'echo',
        phase: 'after-network',
      })
      expect(call.endedAt()).toBeLessThan(at + 5)
    })
  })

  it('sends a cancel on the next connection, with `fail`', () => {
    withPendingRequest({ onDisconnect: 'fail' }, ({ world, published, disconnect }) => {
      disconnect('keep')
      world.advance(500)
      const [request, cancel] = published.map(({ message }) => message)
      expect(published).toHaveLength(2)
      expect(cancel).toMatchObject({
        topic: 'control/server',
        correlationData: request?.correlationData,
        userProperties: [
          ['__ctl', 'cancel'],
          ['__stat', '499'],
          ['__stMsg', 'connection-lost'],
        ],
      })
    })
  })
})

describe('a request while the link is offline', () => {
  it.each(['keep', 'fail', 'resend'] as const)(
    'publishes a request after reconnecting within its timeout, with `%s`',
    (onDisconnect) => {
      inWorld((world) => {
        const published = publishedBy(world, 'requester')
        const requester = world.link('requester', { reconnect: { initial: 100, maximum: 100, jitter: 0 } })
        requester.state$.subscribe()
        world.advance(50)
        world.broker.inject({ kind: 'cut', clientId: 'requester' })
        world.advance(50)
        const call = observe(world, exchange$(requester, echo, 'request', { onDisconnect, timeout: 5_000 }))
        world.advance(1_000)
        expect(call.ending()).toBeUndefined()
        world.broker.inject({ kind: 'restore', clientId: 'requester' })
        world.advance(1_000)
        expect(published.map(({ message }) => textOf(message))).toEqual(['request'])
        expect(published[0]?.message.messageExpiryInterval).toBeLessThan(5)
      })
    },
  )

  it('does not publish a request after its timeout', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      world.broker.down()
      const requester = world.link('requester', { reconnect: { initial: 100, maximum: 100, jitter: 0 } })
      const call = observe(world, exchange$(requester, echo, 'request', { timeout: 1_000 }))
      world.advance(2_000)
      world.broker.up()
      world.advance(5_000)
      expect(call.ending()).toMatchObject({ code: 'timeout' })
      expect(published).toEqual([])
    })
  })
})

describe('a request whose PUBACK was lost with the connection', () => {
  it.each(['keep', 'lose'] as const)(
    'runs the handler once for a redelivered request (session: %s)',
    (session) => {
      inWorld((world) => {
        let runs = 0
        requests$(world.link('server'), echo)
          .pipe(
            serve(({ value }) => {
              runs++
              return of(value)
            }),
          )
          .subscribe()
        world.advance(50)
        const responses = publishedBy(world, 'server')
        const requester = world.link('requester', {
          clean: false,
          sessionExpiryInterval: 3_600,
          reconnect: { initial: 10, maximum: 10, jitter: 0 },
        })
        world.broker.inject({ kind: 'drop', clientId: 'requester', packets: ['puback'] })
        world.broker.inject({ kind: 'drop', clientId: 'requester', topic: 'response/requester' })
        const call = observe(world, exchange$(requester, echo, 'request', { timeout: 10_000 }))
        world.advance(100)
        expect(call.values).toEqual([])
        world.broker.disconnect('requester', { session })
        world.advance(1_000)
        expect(call.values).toEqual(['request'])
        expect(runs).toBe(1)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([200, 200])
        world.advance(100)
        expect(world.broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
      })
    },
  )
})
