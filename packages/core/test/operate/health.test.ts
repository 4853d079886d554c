import { endpoint, exchange$, text } from '@antiphon/core'
import { health } from '@antiphon/core/operations'
import { describe, expect, it } from 'vitest'
import { inWorld } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const payload = new Uint8Array(10)

describe('health', () => {
  it('reports that a link is live, and ready when it is online', () => {
    inWorld(({ link, advance }) => {
      const report = health(link('client'))
      expect(report()).toEqual({
        isLive: true,
        isReady: false,
        reasons: ['the link is connecting'],
        status: 'connecting',
        since: 0,
        pending: 0,
        backlog: { messages: 0, bytes: 0 },
        inFlight: 0,
      })
      advance(100)
      expect(report()).toMatchObject({ isLive: true, isReady: true, reasons: [], receiveMaximum: 65_535 })
      expect(report().since).toBeGreaterThan(90)
    })
  })

  it('is not ready while the link is offline, and not live after maximumOffline', () => {
    inWorld(({ broker, link, advance }) => {
      const report = health(link('client', { reconnect: { initial: 500, maximum: 500 } }), {
        maximumOffline: 5_000,
      })
      advance(100)
      broker.down()
      advance(2_000)
      expect(report()).toMatchObject({ isLive: true, isReady: false })
      advance(4_000)
      const { isLive, reasons, lastError } = report()
      expect(isLive).toBe(false)
      expect(reasons[0]).toMatch(/^the link has been offline for \d+ ms$/)
      expect(lastError?.message).toBeTruthy()
      broker.up()
      advance(2_000)
      expect(report()).toMatchObject({ isLive: true, isReady: true, lastError })
    })
  })

  it('measures since when the link is online or offline, whatever it tries meanwhile', () => {
    inWorld(({ broker, link, advance }) => {
      const client = link('client', { reconnect: { initial: 100, maximum: 100 } })
      const report = health(client, { maximumOffline: 3_000 })
      advance(10_000)
      broker.down()
      let attempts = 0
      client.state$.subscribe(({ status }) => (attempts += status === 'connecting' ? 1 : 0))
      for (let time = 0; time < 3_000; time += 100) {
        advance(100)
        const { since, isLive } = report()
        expect(since).toBeLessThanOrEqual(time + 100)
        expect(since).toBeGreaterThan(time + 95)
        expect([time, isLive]).toEqual([time, true])
      }
      expect(attempts).toBeGreaterThan(10)
      advance(100)
      expect(report().isLive).toBe(false)
    })
  })

  it('is not live when an error has ended the link, but when it was closed', () => {
    inWorld(({ broker, link, advance }) => {
      broker.refuseConnect(0x86, 'refused')
      const refused = health(link('refused'))
      const closing = link('closing')
      const closed = health(closing)
      advance(100)
      void closing.close()
      advance(100)
      expect(refused()).toMatchObject({ isLive: false, isReady: false, status: 'closed' })
      expect(refused().reasons[0]).toContain('the link has ended: ')
      expect(closed()).toMatchObject({ isLive: true, isReady: false, reasons: ['the link is closed'] })
    })
  })

  it('counts the backlog, what is in flight and pending, and is not ready beyond the limits', () => {
    inWorld(({ broker, link, advance }) => {
      broker.setLimits({ receiveMaximum: 2 })
      const client = link('client')
      const report = health(client, { maximumBacklog: 1, maximumPending: 0 })
      advance(100)
      for (let index = 0; index < 4; index++) client.publish$({ topic: 'a', payload }).subscribe()
      expect(report()).toMatchObject({
        isLive: true,
        isReady: false,
        reasons: ['2 outgoing messages wait'],
        inFlight: 2,
        backlog: { messages: 2, bytes: 20 },
        receiveMaximum: 2,
      })
      advance(100)
      exchange$(client, echo, 'x', { timeout: 60_000 }).subscribe()
      expect(report()).toMatchObject({ isReady: false, pending: 1, reasons: ['1 requests are pending'] })
    })
  })

  it('is ready at its limits', () => {
    inWorld(({ broker, link, advance }) => {
      broker.setLimits({ receiveMaximum: 2 })
      const client = link('client')
      const report = health(client, { maximumBacklog: 2, maximumPending: 1 })
      advance(100)
      exchange$(client, echo, 'x', { timeout: 60_000 }).subscribe()
      advance(100)
      for (let index = 0; index < 4; index++) client.publish$({ topic: 'a', payload }).subscribe()
      expect(report()).toMatchObject({ isReady: true, pending: 1, backlog: { messages: 2 } })
    })
  })

  it('reports no backlog of a link that linkOver has not made', () => {
    inWorld(({ link }) => {
      const client = link('client')
      const foreign = { ...client }
      for (const key of Object.getOwnPropertySymbols(foreign))
        if (key.description === 'antiphon.baseLink') Reflect.deleteProperty(foreign, key)
      expect(health(foreign)().backlog).toEqual({ messages: 0, bytes: 0 })
    })
  })
})
