import { endpoint, text } from '@antiphon/core'
import { of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { responseTopicCheck } from '../../src/responder/response-topic-rule.js'
import { withResponder } from './with-responder.js'

describe('the check of response topics', () => {
  it.each<[what: string, topic: string, fault: string]>([
    ['begins with an empty level', '/responses', 'it has an empty level'],
    ['ends with an empty level', 'responses/', 'it has an empty level'],
    ['has an empty level', 'a//b', 'it has an empty level'],
    ['starts with $', '$aws/responses', 'it starts with $'],
  ])('allows a topic that %s only to the endpoint', (_, topic, fault) => {
    const check = responseTopicCheck('echo', undefined)
    expect([check(topic, true), check(topic, false)]).toEqual([undefined, fault])
  })

  it('allows a topic that ends with $', () => {
    expect(responseTopicCheck('echo', undefined)('responses$', false)).toBeUndefined()
  })

  it('refuses a topic with a wildcard, and one that matches the request filter, also to the endpoint', () => {
    const check = responseTopicCheck('devices/+/echo', undefined)
    expect(check('responses/+', true)).toBe('it holds a wildcard, + or # [MQTT-3.3.2-2]')
    expect(check('devices/1/echo', true)).toBe('it matches the request filter')
  })

  it('applies responseTopics to the topic of the endpoint as well', () => {
    const check = responseTopicCheck('echo', ['allowed/#'])
    expect([check('allowed/1', true), check('other', true)]).toEqual([
      undefined,
      'responseTopics does not allow it',
    ])
  })
})

it.each(['/responses', '$edge/responses'])(
  'sends responses to %s if the endpoint names it',
  (responseTopic) => {
    const own = endpoint({ topic: 'echo', responseTopic, request: text, response: text })
    withResponder(
      { endpoint: own, handler: ({ value }) => of(value) },
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(10)
        expect(responses.map(({ message }) => message.topic)).toEqual([responseTopic])
      },
    )
  },
)
