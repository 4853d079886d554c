import { endpoint, exchange$, text, type StepTimeouts } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { respondOn, observe, responseTo } from '../observed.js'
import { inWorld } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const stream = endpoint({ topic: 'stream', request: text, response: text, responses: 'many' })
const timeout = 60_000

describe('stepTimeouts', () => {
  const stepTimeouts = { connection: 20_000, subscription: 21_000, acknowledgement: 22_000, response: 23_000 }

  it.each([
    ['connection', 'connack', 20_000, 'echo: not connected'],
    ['subscription', 'suback', 21_000, 'echo: response subscription not acknowledged'],
    ['acknowledgement', 'puback', 22_000, 'echo: no acknowledgement from the broker'],
    ['response', 'unsuback', 23_000, 'echo: no response'],
  ] as const)(
    'fails a request whose %s takes longer than its step timeout',
    (awaited, lost, limit, description) => {
      inWorld((world) => {
        world.broker.inject({ kind: 'drop', packets: [lost], clientId: 'requester', times: 1_000 })
        const options = { timeout, stepTimeouts }
        const call = observe(world, exchange$(world.link('requester'), echo, 'x', options))
        world.advance(limit - 1)
        expect(call.ending()).toBeUndefined()
        world.advance(20)
        expect(call.ending()).toMatchObject({
          code: 'timeout',
          awaited,
          message: expect.stringContaining(`${description} within ${limit} ms`) as string,
        })
      })
    },
  )

  it('starts a step timeout at each step, and none of them fails a request that keeps them', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => [responseTo(request, 'late')], 9_000)
      world.advance(50)
      for (const packet of ['connack', 'suback', 'puback'] as const)
        world.broker.inject({ kind: 'delay', by: 9_000, packets: [packet], clientId: 'requester' })
      const stepTimeout = 10_000
      const stepTimeouts: StepTimeouts = {
        connection: stepTimeout,
        subscription: stepTimeout,
        acknowledgement: stepTimeout,
        response: stepTimeout,
      }
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { timeout, stepTimeouts }))
      world.advance(40_000)
      expect(call.values).toEqual(['late'])
      expect(call.at[0]).toBeGreaterThan(3 * 9_000)
    })
  })

  it('restarts the connection timeout when the connection is lost before the request was published', () => {
    inWorld((world) => {
      const { broker, scheduler } = world
      broker.inject({ kind: 'drop', packets: ['suback'], clientId: 'requester', times: 1_000 })
      scheduler.schedule(() => broker.down(), 10_000)
      const options = { timeout, stepTimeouts: { connection: 15_000, subscription: 30_000 } }
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', options))
      world.advance(timeout)
      expect(call.ending()).toMatchObject({ awaited: 'connection' })
      expect(call.endedAt()).toBe(25_001)
    })
  })

  it('does not restart the response timeout when the request is sent again', () => {
    inWorld((world) => {
      const retry = { count: 3, attemptTimeout: 300 }
      const options = { timeout, stepTimeouts: { response: 1_000 }, retry }
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', options))
      world.advance(5_000)
      expect(call.ending()).toMatchObject({ code: 'timeout', awaited: 'response' })
      expect(call.endedAt()).toBeLessThan(1_050)
    })
  })

  it('ends the response timeout with the first of many responses', () => {
    inWorld((world) => {
      respondOn(world, 'stream', (request) => [
        responseTo(request, 'first', { userProperties: [['__stream', '0']] }),
      ])
      world.advance(50)
      const options = { timeout, stepTimeouts: { response: 1_000 } }
      const call = observe(world, exchange$(world.link('requester'), stream, 'x', options))
      world.advance(30_000)
      expect(call.values).toEqual(['first'])
      expect(call.ending()).toBeUndefined()
    })
  })
})
