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

interface Stage {
  readonly world: World
  readonly call: Observed<string>
  readonly asked: readonly PublishedMessage[]
  /** What the caller subscribed to and published, in order, as the broker saw it. */
  readonly order: readonly string[]
  readonly served: () => number
  /** Loses the caller's connection at once; it comes back by itself after a moment. */
  readonly lose: (session: 'keep' | 'lose') => void
}

/** A question that takes a second to be answered, and a caller whose session outlives its connections. */
function onStage(options: ExchangeOptions, test: (stage: Stage) => void): void {
  inWorld((world) => {
    let context = 0
    const server = world.link('server')
    requests$(server, echo)
      .pipe(
        serve(({ value }) => {
          context++
          return of(value).pipe(delay(1_000, server.scheduler))
        }),
      )
      .subscribe()
    world.advance(50)
    const requested = publishedBy(world, 'caller')
    const order: string[] = []
    world.broker.subscriptions$.subscribe(({ kind, clientId }) => {
      if (clientId === 'caller') order.push(kind)
    })
    world.broker.published$.subscribe(({ clientId, message }) => {
      if (clientId === 'caller') order.push(textOf(message))
    })
    const requester = world.link('caller', {
      clean: false,
      sessionExpiryInterval: 3_600,
      reconnect: { initial: 100, maximum: 100, jitter: 0 },
    })
    const call = observe(world, exchange$(requester, echo, 'question', { timeout: 10_000, ...options }))
    world.advance(500)
    test({
      world,
      call,
      asked: requested,
      order,
      served: () => context,
      lose: (session) => world.broker.disconnect('caller', { session }),
    })
    world.advance(60_000)
    expect(requesterStats(requester, echo)).toMatchObject({ pending: 0 })
    expect(world.broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
  })
}

describe('a question under way when the connection is lost', () => {
  it('keeps waiting when the session is there again', () => {
    onStage({}, ({ world, call, asked: requested, order, lose, served: context }) => {
      lose('keep')
      world.advance(5_000)
      expect(call.values).toEqual(['question'])
      expect(requested).toHaveLength(1)
      expect(order).toEqual(['subscribed', 'question'])
      expect(context()).toBe(1)
    })
  })

  it('gets the answer that came while the connection was down', () => {
    onStage({}, ({ world, call }) => {
      world.broker.inject({ kind: 'cut', clientId: 'caller' })
      world.advance(5_000)
      expect(call.values).toEqual([])
      world.broker.inject({ kind: 'restore', clientId: 'caller' })
      world.advance(1_000)
      expect(call.values).toEqual(['question'])
    })
  })

  it('`keep`: waits on when the session is lost, and gets what is still to come', () => {
    onStage({ onDisconnect: 'keep' }, ({ world, call, asked: requested, order, lose }) => {
      lose('lose')
      world.advance(5_000)
      expect(order).toEqual(['subscribed', 'question', 'unsubscribed', 'subscribed'])
      expect(call.values).toEqual(['question'])
      expect(requested).toHaveLength(1)
    })
  })

  it('`keep`: times out when its answer went with the session', () => {
    onStage({ onDisconnect: 'keep', timeout: 3_000 }, ({ world, call }) => {
      world.broker.inject({ kind: 'cut', clientId: 'caller', session: 'lose' })
      world.advance(1_500)
      world.broker.inject({ kind: 'restore', clientId: 'caller' })
      world.advance(5_000)
      expect(call.ending()).toMatchObject({ code: 'timeout', phase: 'after-network' })
      expect(call.endedAt()).toBe(3_050)
    })
  })

  it('`resend`: is asked again only when the session is lost, and only after the subscription stands', () => {
    onStage({ onDisconnect: 'resend' }, ({ world, call, asked: requested, order, lose, served: context }) => {
      lose('keep')
      world.advance(200)
      expect(requested).toHaveLength(1)
      world.broker.inject({ kind: 'cut', clientId: 'caller', session: 'lose' })
      world.advance(1_500)
      world.broker.inject({ kind: 'restore', clientId: 'caller' })
      world.advance(2_000)
      expect(order).toEqual(['subscribed', 'question', 'unsubscribed', 'subscribed', 'question'])
      const [first, second] = requested.map(({ message }) => message)
      expect(second?.correlationData).toEqual(first?.correlationData)
      expect(second?.messageExpiryInterval).toBeLessThan(first?.messageExpiryInterval ?? 0)
      expect(call.values).toEqual(['question'])
      // The responder knew it, and answered with the same bytes.
      expect(context()).toBe(1)
    })
  })

  it('`resend`: joins the one that is still being handled', () => {
    onStage({ onDisconnect: 'resend' }, ({ world, call, asked: requested, lose, served: context }) => {
      lose('lose')
      world.advance(5_000)
      expect(requested).toHaveLength(2)
      expect(call.values).toEqual(['question'])
      expect(context()).toBe(1)
    })
  })

  it('`fail`: fails at once, and calls the responder off', () => {
    onStage({ onDisconnect: 'fail' }, ({ world, call, lose }) => {
      const at = world.scheduler.now()
      lose('keep')
      world.advance(5)
      expect(call.ending()).toMatchObject({
        code: 'connection-lost',
        endpoint: 'echo',
        phase: 'after-network',
      })
      expect(call.endedAt()).toBeLessThan(at + 5)
    })
  })
})

describe('a question asked while there is no connection', () => {
  it.each(['keep', 'fail', 'resend'] as const)('waits for one in its time, with `%s`', (onDisconnect) => {
    inWorld((world) => {
      const requested = publishedBy(world, 'caller')
      const requester = world.link('caller', { reconnect: { initial: 100, maximum: 100, jitter: 0 } })
      requester.state$.subscribe()
      world.advance(50)
      world.broker.inject({ kind: 'cut', clientId: 'caller' })
      world.advance(50)
      const call = observe(world, exchange$(requester, echo, 'question', { onDisconnect, timeout: 5_000 }))
      world.advance(1_000)
      expect(call.ending()).toBeUndefined()
      world.broker.inject({ kind: 'restore', clientId: 'caller' })
      world.advance(1_000)
      expect(requested.map(({ message }) => textOf(message))).toEqual(['question'])
      expect(requested[0]?.message.messageExpiryInterval).toBeLessThan(5)
    })
  })

  it('is not sent after its time', () => {
    inWorld((world) => {
      const requested = publishedBy(world, 'caller')
      world.broker.down()
      const requester = world.link('caller', { reconnect: { initial: 100, maximum: 100, jitter: 0 } })
      const call = observe(world, exchange$(requester, echo, 'question', { timeout: 1_000 }))
      world.advance(2_000)
      world.broker.up()
      world.advance(5_000)
      expect(call.ending()).toMatchObject({ code: 'timeout' })
      expect(requested).toEqual([])
    })
  })
})

describe('a question whose PUBACK was lost with the connection', () => {
  it.each(['keep', 'lose'] as const)('is answered once when the session is %s', (session) => {
    inWorld((world) => {
      let context = 0
      requests$(world.link('server'), echo)
        .pipe(
          serve(({ value }) => {
            context++
            return of(value)
          }),
        )
        .subscribe()
      world.advance(50)
      const responses = publishedBy(world, 'server')
      const requester = world.link('caller', {
        clean: false,
        sessionExpiryInterval: 3_600,
        reconnect: { initial: 10, maximum: 10, jitter: 0 },
      })
      world.broker.inject({ kind: 'drop', clientId: 'caller', packets: ['puback'] })
      world.broker.inject({ kind: 'drop', clientId: 'caller', topic: 'response/caller' })
      const call = observe(world, exchange$(requester, echo, 'question', { timeout: 10_000 }))
      world.advance(100)
      expect(call.values).toEqual([])
      world.broker.disconnect('caller', { session })
      world.advance(1_000)
      expect(call.values).toEqual(['question'])
      expect(context).toBe(1)
      expect(responses.map(({ message }) => statusOf(message))).toEqual([200, 200])
      world.advance(100)
      expect(world.broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
    })
  })
})
