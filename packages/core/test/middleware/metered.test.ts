import { endpoint, exchange$, Meter, metered, requests$, serve, text } from '@antiphon/core'
import { concat, delay, NEVER, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { inWorld } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

describe('metered', () => {
  it('counts and times messages, and exchanges from request to response', () => {
    inWorld(({ link, advance, scheduler }) => {
      requests$(link('server'), echo)
        .pipe(serve(({ value }) => of(value).pipe(delay(60, scheduler))))
        .subscribe()
      const meter = new Meter()
      const requester = metered(meter)(link('requester'))
      advance(50)
      exchange$(requester, echo, 'abc').subscribe()
      advance(30)
      expect(meter.metrics()).toMatchObject({
        published: 1,
        publishedBytes: 3,
        pendingExchanges: 1,
        received: 0,
      })
      advance(100)
      const metrics = meter.metrics()
      expect(metrics).toMatchObject({
        acknowledged: 1,
        inFlight: 0,
        pendingExchanges: 0,
        received: 1,
        receivedBytes: 3,
      })
      expect(metrics.exchange.count).toBe(1)
      expect(metrics.exchange.quantile(0.99)).toBe(64)
    })
  })

  it('counts a refused message as unacknowledged', () => {
    inWorld(({ broker, link, advance }) => {
      broker.refusePublish('#', 0x87)
      const meter = new Meter()
      metered(meter)(link('requester'))
        .publish$({ topic: 'a', payload: new Uint8Array(2) })
        .subscribe({ error: () => undefined })
      advance(100)
      expect(meter.metrics()).toMatchObject({ published: 1, acknowledged: 0, unacknowledged: 1, inFlight: 0 })
    })
  })

  it('closes an exchange that gets no response when its request expires', () => {
    inWorld(({ link, advance }) => {
      const meter = new Meter()
      const requester = metered(meter)(link('requester'))
      advance(50)
      exchange$(requester, echo, 'abc', { timeout: 2_000 }).subscribe({ error: () => undefined })
      advance(1_900)
      expect(meter.metrics().pendingExchanges).toBe(1)
      advance(200)
      const { pendingExchanges, exchange } = meter.metrics()
      expect(pendingExchanges).toBe(0)
      expect(exchange.count).toBe(0)
    })
  })

  it('closes an exchange whose request is refused', () => {
    inWorld(({ broker, link, advance }) => {
      broker.refusePublish('echo', 0x87)
      const meter = new Meter()
      exchange$(metered(meter)(link('requester')), echo, 'abc', { timeout: 60_000 }).subscribe({
        error: () => undefined,
      })
      advance(100)
      expect(meter.metrics()).toMatchObject({ published: 1, unacknowledged: 1, pendingExchanges: 0 })
    })
  })

  it('closes a cancelled exchange, and does not count the cancel as a request', () => {
    inWorld(({ link, advance }) => {
      requests$(link('server'), echo)
        .pipe(serve(() => NEVER))
        .subscribe()
      const meter = new Meter()
      const exchange = exchange$(metered(meter)(link('requester')), echo, 'abc', {
        timeout: 60_000,
      }).subscribe()
      advance(100)
      expect(meter.metrics()).toMatchObject({ published: 1, pendingExchanges: 1 })
      exchange.unsubscribe()
      advance(100)
      const metrics = meter.metrics()
      expect(metrics).toMatchObject({ published: 2, pendingExchanges: 0 })
      expect(metrics.exchange.count).toBe(0)
    })
  })

  it.each<[when: string, cancel: 'wire' | 'local', after: number]>([
    ['before its responder has accepted it', 'wire', 50],
    ['at the requester alone', 'local', 150],
  ])('closes an exchange that is cancelled %s', (_, cancel, after) => {
    inWorld(({ link, advance }) => {
      const contract = endpoint({ topic: 'silent', request: text, response: text, cancel })
      const meter = new Meter()
      const exchange = exchange$(metered(meter)(link('requester')), contract, 'x', {
        timeout: 60_000,
      }).subscribe()
      advance(after)
      expect(meter.metrics().pendingExchanges).toBe(1)
      exchange.unsubscribe()
      expect(meter.metrics().pendingExchanges).toBe(0)
    })
  })

  it('has no pending exchange after a stream is cancelled that has responded', () => {
    inWorld(({ link, advance }) => {
      const stream = endpoint({ topic: 'stream', request: text, response: text, responses: 'many' })
      requests$(link('server'), stream)
        .pipe(serve(() => concat(['a', 'b'], NEVER)))
        .subscribe()
      const meter = new Meter()
      const exchange = exchange$(metered(meter)(link('requester')), stream, 'x', {
        timeout: 60_000,
      }).subscribe()
      advance(200)
      exchange.unsubscribe()
      advance(200)
      expect(meter.metrics()).toMatchObject({ published: 2, pendingExchanges: 0, exchange: { count: 1 } })
    })
  })

  it('does not count messages that grant credit as requests', () => {
    inWorld(({ link, advance }) => {
      const stream = endpoint({ topic: 'stream', request: text, response: text, responses: 'many' })
      requests$(link('server'), stream)
        .pipe(serve(() => ['a', 'b', 'c', 'd']))
        .subscribe()
      const meter = new Meter()
      const responses: string[] = []
      exchange$(metered(meter)(link('requester')), stream, 'abc', { credit: 1 }).subscribe((response) =>
        responses.push(response),
      )
      advance(1_000)
      expect(responses).toEqual(['a', 'b', 'c', 'd'])
      const metrics = meter.metrics()
      expect(metrics.published).toBeGreaterThan(1)
      expect(metrics.pendingExchanges).toBe(0)
      expect(metrics.exchange.count).toBe(1)
    })
  })
})
