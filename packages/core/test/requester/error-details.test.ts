import { endpoint, exchange$, inOrder, json, payloadField, text } from '@antiphon/core'
import * as t from 'io-ts'
import { validate } from 'uuid'
import { describe, expect, it } from 'vitest'
import { observe, textOf, publishedBy } from '../observed.js'
import { inWorld } from '../world.js'

const Command = t.intersection([t.type({ name: t.string }), t.partial({ id: t.string })])

describe('the error of a request', () => {
  it('names the correlation that is in the payload', () => {
    inWorld((world) => {
      const commands = endpoint({
        topic: 'commands',
        request: json(Command),
        response: json(Command),
        correlation: payloadField('id'),
      })
      const published = publishedBy(world, 'requester')
      const value = { name: 'start', id: 'mine' }
      const call = observe(world, exchange$(world.link('requester'), commands, value, { timeout: 100 }))
      world.advance(200)
      const [request] = published
      expect(request && JSON.parse(textOf(request.message))).toEqual(value)
      expect(call.ending()).toMatchObject({ code: 'timeout', correlation: 'mine' })
    })
  })

  it('names a unique id if the request has no correlation on the wire', () => {
    inWorld((world) => {
      const plain = endpoint({
        topic: 'plain',
        responseTopic: 'plain/response',
        request: text,
        response: text,
        correlation: inOrder(),
      })
      const call = observe(world, exchange$(world.link('requester'), plain, 'x', { timeout: 100 }))
      world.advance(200)
      const error = call.ending()
      if (typeof error !== 'object') throw new Error('the request did not fail')
      expect(error.code).toBe('timeout')
      expect(error.correlation).toSatisfy(validate)
    })
  })

  it('names the endpoint and the topic of a request that cannot be encoded', () => {
    inWorld((world) => {
      const start = endpoint({ topic: 'cars', name: 'start a car', request: json(Command), response: text })
      const call = observe(world, exchange$(world.link('requester'), start, { name: 5 } as never))
      world.advance(10)
      expect(call.ending()).toMatchObject({ code: 'encode', endpoint: 'start a car', topic: 'cars' })
    })
  })
})
