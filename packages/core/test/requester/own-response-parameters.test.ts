import { endpoint, exchange$, text, topicParams } from '@antiphon/core'
import { expect, it } from 'vitest'
import { observe, publishedBy, textOf } from '../observed.js'
import { inWorld } from '../world.js'

it('passes a parameter of the response topic alone beside one that the correlation creates', () => {
  inWorld((world) => {
    const commands = endpoint({
      topic: 'commands/{id}',
      responseTopic: 'responses/{room}/{id}',
      request: text,
      response: text,
      correlation: topicParams({ id: () => '7' }),
    })
    const published = publishedBy(world, 'requester')
    const request = { params: { room: 'hall' }, value: 'x' }
    const call = observe(world, exchange$(world.link('requester'), commands, request))
    world.advance(20)
    expect(published.map(({ message }) => [message.topic, textOf(message)])).toEqual([['commands/7', 'x']])
    world.broker.publish({ topic: 'responses/hall/7', payload: new TextEncoder().encode('done') })
    world.advance(20)
    expect(call.values).toEqual(['done'])
  })
})
