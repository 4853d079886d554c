import { endpoint, exchange$, json, payloadField } from '@antiphon/core'
import * as t from 'io-ts'
import { expect, it } from 'vitest'
import { observe, publishedBy, respondOn, responseTo, textOf } from '../observed.js'
import { inWorld } from '../world.js'

it('retries a request whose value fixes the token if the broker refuses it, as no responder has seen it', () => {
  inWorld((world) => {
    const codec = json(t.type({ id: t.string }))
    const tokens = endpoint({
      topic: 'tokens',
      request: codec,
      response: codec,
      correlation: payloadField('id'),
    })
    respondOn(world, 'tokens', (request) => [responseTo(request, textOf(request))])
    const attempts = publishedBy(world, 'requester')
    const allow = world.broker.refusePublish('tokens', 0x97)
    const retry = { count: 1, backOff: { initial: 100, maximum: 100, jitter: 0 } }
    const responseTopic = 'tokens/response'
    const call = observe(
      world,
      exchange$(world.link('requester'), tokens, { id: 'a' }, { retry, responseTopic }),
    )
    world.advance(50)
    allow()
    world.advance(500)
    expect(attempts.map(({ reasonCode }) => reasonCode)).toEqual([0x97, 0])
    expect(call.values).toEqual([{ id: 'a' }])
  })
})
