import { endpoint, json, payloadField, text, type OutgoingMessage } from '@antiphon/core'
import * as t from 'io-ts'
import { throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, statusOf, textOf } from '../observed.js'
import { withResponder } from './with-responder.js'

const handler = () => throwError(() => new Error('no'))
const bare = { responseTopic: undefined, correlationData: undefined } as never

describe('a failure', () => {
  it('is sent as the payload of onFailure to the Response Topic if the endpoint names no topic', () => {
    const wordy = endpoint({
      topic: 'echo',
      request: text,
      response: text,
      onFailure: ({ code }) => `failed: ${code}`,
    })
    withResponder({ endpoint: wordy, handler }, ({ sendRequest, world, responses }) => {
      sendRequest('x')
      world.advance(10)
      expect(responses.map(({ message }) => [message.topic, textOf(message), statusOf(message)])).toEqual([
        ['responses', 'failed: 500', 500],
      ])
    })
  })

  it.each<[what: string, properties: Partial<OutgoingMessage>]>([
    ['a User Property', { userProperties: [['trace', '1']] }],
    ['a content type', { contentType: 'text/plain' }],
    ['a Payload Format Indicator', { payloadFormatIndicator: false }],
    ['a Message Expiry Interval', { messageExpiryInterval: 60 }],
    ['Correlation Data', { correlationData: bytesOf('token') }],
    ['a Response Topic', { responseTopic: 'other' }],
  ])(
    'is sent as a bare status to a topic that both sides know if the request has only %s',
    (_, properties) => {
      const known = endpoint({ topic: 'echo', responseTopic: 'known', request: text, response: text })
      withResponder({ endpoint: known, handler }, ({ sendRequest, world, responses }) => {
        sendRequest('bare', bare)
        world.advance(10)
        expect(responses).toEqual([])
        sendRequest('x', { ...(bare as object), ...properties })
        world.advance(10)
        expect(responses.map(({ message }) => [message.topic, statusOf(message)])).toEqual([['known', 500]])
      })
    },
  )

  it('is sent as a bare status to a topic that the payload of a request without properties names', () => {
    const Request = t.type({ id: t.string, src: t.string })
    const named = endpoint({
      topic: 'echo',
      request: json(Request),
      response: json(t.unknown),
      correlation: payloadField('id', { responseTopic: { field: 'src', template: '{src}/rpc' } }),
    })
    withResponder({ endpoint: named, handler }, ({ sendRequest, world, responses }) => {
      sendRequest('{"id":"7","src":"app"}', bare)
      world.advance(10)
      expect(responses.map(({ message }) => [message.topic, statusOf(message)])).toEqual([['app/rpc', 500]])
    })
  })
})

describe('an item of an endpoint with isLast', () => {
  it('has no position beside the mark in its payload', () => {
    const marked = endpoint({
      topic: 'echo',
      request: text,
      response: text,
      responses: 'many',
      cancel: 'local',
      isLast: (item) => item === 'last',
    })
    withResponder(
      { endpoint: marked, handler: () => ['first', 'last'] },
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(10)
        expect(responses.map(({ message }) => [textOf(message), message.userProperties])).toEqual([
          ['first', [['__stat', '200']]],
          ['last', [['__stat', '200']]],
        ])
      },
    )
  })
})
