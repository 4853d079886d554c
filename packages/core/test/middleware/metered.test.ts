import { endpoint, exchange$, Meter, metered, requests$, serve, text } from '@antiphon/core'
import { delay, of } from 'rxjs'
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
})
