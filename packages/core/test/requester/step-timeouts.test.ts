import { endpoint, exchange$, text, type StepTimeouts } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { respondOn, observe, responseTo } from '../observed.js'
import { inWorld } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const stream = endpoint({ topic: 'stream', request: text, response: text, responses: 'many' })
const timeout = 60_000

describe('stepTimeouts', () => {
  const limits = { connection: 20_000, subscription: 21_000, acknowledgement: 22_000, response: 23_000 }

  it.each([
    ['connection', 'connack', 20_000, 'the link was not connected'],
    ['subscription', 'suback', 21_000, 'the response subscription was not granted'],
    ['acknowledgement', 'puback', 22_000, 'no acknowledgement from the broker'],
    ['response', 'unsuback', 23_000, 'no answer'],
  ] as const)('fail a question that waits too long for its %s, and name it', (awaited, lost, limit, said) => {
    inWorld((world) => {
      world.broker.inject({ kind: 'drop', packets: [lost], clientId: 'caller', times: 1_000 })
      const options = { timeout, stepTimeouts: limits }
      const requested = observe(world, exchange$(world.link('caller'), echo, 'x', options))
      world.advance(limit - 1)
      expect(requested.ending()).toBeUndefined()
      world.advance(20)
      expect(requested.ending()).toMatchObject({
        code: 'timeout',
        awaited,
        message: expect.stringContaining(`${said} within ${limit} ms`) as string,
      })
    })
  })

  it('begin anew at each step, and a question that keeps all of them is answered', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => [responseTo(request, 'late')], 9_000)
      world.advance(50)
      for (const packet of ['connack', 'suback', 'puback'] as const)
        world.broker.inject({ kind: 'delay', by: 9_000, packets: [packet], clientId: 'caller' })
      const step = 10_000
      const stepTimeouts: StepTimeouts = {
        connection: step,
        subscription: step,
        acknowledgement: step,
        response: step,
      }
      const requested = observe(world, exchange$(world.link('caller'), echo, 'x', { timeout, stepTimeouts }))
      world.advance(40_000)
      expect(requested.values).toEqual(['late'])
      expect(requested.at[0]).toBeGreaterThan(3 * 9_000)
    })
  })

  it('of the connection count again when it is lost before anything was asked', () => {
    inWorld((world) => {
      const { broker, scheduler } = world
      broker.inject({ kind: 'drop', packets: ['suback'], clientId: 'caller', times: 1_000 })
      scheduler.schedule(() => broker.down(), 10_000)
      const options = { timeout, stepTimeouts: { connection: 15_000, subscription: 30_000 } }
      const requested = observe(world, exchange$(world.link('caller'), echo, 'x', options))
      world.advance(timeout)
      expect(requested.ending()).toMatchObject({ awaited: 'connection' })
      expect(requested.endedAt()).toBe(25_001)
    })
  })

  it('of the answer end with the first of many', () => {
    inWorld((world) => {
      respondOn(world, 'stream', (request) => [
        responseTo(request, 'first', { userProperties: [['__stream', '0']] }),
      ])
      world.advance(50)
      const options = { timeout, stepTimeouts: { response: 1_000 } }
      const requested = observe(world, exchange$(world.link('caller'), stream, 'x', options))
      world.advance(30_000)
      expect(requested.values).toEqual(['first'])
      expect(requested.ending()).toBeUndefined()
    })
  })
})
