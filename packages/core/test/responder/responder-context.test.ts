import {
  endpoint,
  ignoredRequests$,
  inOrder,
  json,
  requests$,
  serve,
  text,
  type Correlation,
} from '@antiphon/core'
import * as t from 'io-ts'
import { concat, NEVER, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe, textOf } from '../observed.js'
import { inWorld } from '../world.js'
import { requestProperties, withResponder } from './with-responder.js'

const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })
type ManyTypes = NonNullable<(typeof many)['types']>

describe('the items of open streams that are cached for duplicates', () => {
  it.each([
    ['exactly their limit', 20, ['1234567890', '1234567890']],
    ['more than their limit', 19, []],
  ])('are repeated if they have %s: %d', (_, bytes, repeated) => {
    const items = of('1234567890', '1234567890')
    withResponder<ManyTypes>(
      {
        endpoint: many,
        handler: () => concat(items, NEVER),
        requests: { responseCache: { bytes } },
        serve: { handlerTimeout: 1_000 },
      },
      ({ sendRequest, world, responses, handled }) => {
        world.link('requester').messages$('responses').subscribe()
        world.advance(10)
        sendRequest('x')
        world.advance(10)
        expect(responses).toHaveLength(2)
        expect(handled).toHaveLength(1)
        world.advance(2_000)
        const before = responses.length
        sendRequest('x')
        world.advance(10)
        const sent = responses.slice(before).map(({ message }) => textOf(message))
        expect(sent.filter((item) => item !== '')).toEqual(repeated)
      },
    )
  })
})

it('names the endpoint of an ignored request, and gives it no status if the requester gets no response', () => {
  inWorld((world) => {
    const link = world.link('server')
    const ignored = observe(world, ignoredRequests$(link))
    const named = endpoint({ name: 'named', topic: 'echo', request: text, response: text })
    requests$(link, named)
      .pipe(serve(({ value }) => value))
      .subscribe()
    world.advance(50)
    world.broker.publish({ topic: 'echo', payload: bytesOf('x'), ...requestProperties, responseTopic: 'a/#' })
    world.advance(10)
    expect(ignored.values).toMatchObject([{ reason: 'response-topic', endpoint: 'named' }])
    expect(ignored.values[0]).not.toHaveProperty('status')
  })
})

it('sends no status on MQTT 3.1.1 to a response topic that a custom correlation reads from the payload', () => {
  const correlation: Correlation = {
    ...inOrder(),
    isMqtt5Only: false,
    readRequest: () => ({
      responseTopic: 'responses',
      token: undefined,
      addToken: (response) => response,
      properties: {},
    }),
  }
  const custom = endpoint({ topic: 'echo', request: json(t.number), response: json(t.number), correlation })
  withResponder(
    { endpoint: custom, client: { protocolVersion: 4 }, handler: ({ value }) => of(value) },
    ({ sendRequest, world, responses, unacknowledged }) => {
      for (const payload of ['no json', '7'])
        sendRequest(payload, { responseTopic: undefined, correlationData: undefined } as never)
      world.advance(10)
      expect(responses.map(({ message }) => textOf(message))).toEqual(['7'])
      expect(unacknowledged()).toBe(0)
    },
  )
})
