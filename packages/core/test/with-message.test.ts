import {
  endpoint,
  exchange$,
  gather$,
  requesterStats,
  requestMany,
  text,
  withMessage,
  type ResponseWithMessage,
} from '@antiphon/core'
import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { asyncWorld } from './async-world.js'
import { bytesOf, observe, respondOn, responseTo } from './observed.js'
import { inWorld } from './world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })
const userProperties = [['sensor', 'north']] as const

describe('withMessage', () => {
  it('emits the response together with its message', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => [responseTo(request, 'y', { userProperties })])
      world.advance(10)
      const link = world.link('requester')
      const call = observe(world, exchange$(link, withMessage(echo), 'x'))
      world.advance(50)
      const [response] = call.values satisfies readonly ResponseWithMessage<string>[]
      expect(response).toMatchObject({
        value: 'y',
        message: { topic: 'response/requester', payload: bytesOf('y'), userProperties },
      })
      expect(call.ending()).toBe('complete')
    })
  })

  it('counts in the requesterStats of its endpoint', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => [responseTo(request, 'y')])
      world.advance(10)
      const link = world.link('requester')
      observe(world, exchange$(link, withMessage(echo), 'x'))
      world.advance(50)
      expect(requesterStats(link, echo)).toMatchObject({ requested: 1, responded: 1 })
    })
  })

  it('emits the gathered responses together with their messages', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => [responseTo(request, 'y', { userProperties })])
      world.advance(10)
      const call = observe(world, gather$(world.link('requester'), withMessage(echo), 'x', { count: 1 }))
      world.advance(50)
      const [response] = call.values
      expect(response !== undefined && isRight(response) && response.right.message.userProperties).toEqual(
        userProperties,
      )
    })
  })

  it('returns each item of a stream together with its message', async () => {
    const { link, advance, broker } = asyncWorld()
    const peer = link('peer')
    peer.messages$('echo').subscribe((request) => {
      for (const position of ['0', '1:last'])
        broker.publish(responseTo(request, position, { userProperties: [['__stream', position]] }))
    })
    await advance(50)
    const items: string[] = []
    const reading = (async () => {
      for await (const { value, message } of requestMany(link('requester'), withMessage(many), 'x'))
        items.push(`${value} on ${message.topic}`)
    })()
    await advance(50)
    await reading
    expect(items).toEqual(['0 on response/requester'])
  })

  it('returns the same variant for the same endpoint', () => {
    expect(withMessage(echo)).toBe(withMessage(echo))
  })
})
