import { endpoint, exchange$, requests$, serve, text, type AntiphonError } from '@antiphon/core'
import { interval, map } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { observe } from '../observed.js'
import { inWorld } from '../world.js'

const one = endpoint({ topic: 'one', request: text, response: text })
const ticks = endpoint({ topic: 'ticks', request: text, response: text, responses: 'many' })

describe('totalTimeout', () => {
  it('ends a stream whose items keep arriving, and cancels it at the responder', () => {
    inWorld((world) => {
      const server = world.link('server')
      const records = observe(
        world,
        requests$(server, ticks).pipe(
          serve(() => interval(100, server.scheduler).pipe(map((count) => String(count)))),
        ),
      )
      world.advance(10)
      const call = observe(
        world,
        exchange$(world.link('requester'), ticks, 'x', { timeout: 200, totalTimeout: 1_000 }),
      )
      world.advance(2_000)
      expect(call.values.length).toBeGreaterThan(5)
      const error = call.ending() as AntiphonError
      expect(error).toMatchObject({ code: 'timeout', endpoint: 'ticks' })
      expect(error.rawMessage).toMatch(/^ticks: no end of the stream within 1000 ms/)
      expect(call.endedAt()).toBe(1_010)
      expect(records.values).toMatchObject([{ outcome: 'cancelled' }])
    })
  })

  it('limits the time to the first item as well', () => {
    inWorld((world) => {
      const call = observe(world, exchange$(world.link('requester'), ticks, 'x', { totalTimeout: 300 }))
      world.advance(2_000)
      expect(call.endedAt()).toBe(300)
    })
  })

  it('is rejected for an endpoint with a single response', () => {
    inWorld((world) => {
      expect(() => exchange$(world.link('requester'), one, 'x', { totalTimeout: 300 })).toThrow(
        'options.totalTimeout is 300, but one has a single response: use timeout',
      )
    })
  })
})
