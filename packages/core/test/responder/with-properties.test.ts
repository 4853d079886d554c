import {
  bytes,
  endpoint,
  json,
  oneOf,
  text,
  withProperties,
  type AntiphonError,
  type Handler,
  type ResponseProperties,
} from '@antiphon/core'
import * as t from 'io-ts'
import { of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { textOf } from '../observed.js'
import type { echo } from './with-responder.js'
import { withEchoResponder, withResponder } from './with-responder.js'

const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })
const files = endpoint({ topic: 'echo', request: text, response: bytes })
const unit = [['unit', 'C']] as const

describe('withProperties', () => {
  it('adds User Properties and a Content Type to the response of a handler', () => {
    withResponder(
      {
        endpoint: files,
        handler: ({ value }) =>
          withProperties(text.encode(value), { userProperties: unit, contentType: 'image/png' }),
      },
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x')
        world.advance(50)
        expect(responses.map(({ message }) => message)).toMatchObject([
          { contentType: 'image/png', userProperties: [['__stat', '200'], ...unit] },
        ])
        expect(records.values).toMatchObject([{ outcome: 'responded', status: 200 }])
      },
    )
  })

  it('keeps the Content Type of the codec without contentType', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(50)
        expect(responses[0]?.message).toMatchObject({
          contentType: 'text/plain',
          payloadFormatIndicator: true,
        })
      },
      { handler: () => of(withProperties('y', { userProperties: unit })) },
    )
  })

  it('sends the same properties to a duplicate request', () => {
    let runs = 0
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(50)
        sendRequest('x')
        world.advance(50)
        const sent = responses.map(({ message }) => [textOf(message), message.userProperties])
        const expected = ['run 1', [['__stat', '200'], ...unit]]
        expect(sent).toEqual([expected, expected])
      },
      { handler: () => withProperties(`run ${(runs += 1)}`, { userProperties: unit }) },
    )
  })

  it('adds properties to single items of a stream', () => {
    withResponder(
      { endpoint: many, handler: () => of(withProperties('a', { userProperties: unit }), 'b') },
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(50)
        const stream = (position: string): readonly string[] => ['__stream', position]
        expect(responses.map(({ message }) => message.userProperties)).toEqual([
          [['__stat', '200'], ...unit, stream('0')],
          [['__stat', '200'], stream('1')],
          [['__stat', '204'], stream('2:last')],
        ])
      },
    )
  })

  it('selects the format of a codec with several formats by contentType', () => {
    const either = oneOf(json(t.string), text)
    withResponder(
      {
        endpoint: endpoint({ topic: 'echo', request: text, response: either }),
        handler: () => withProperties('y', { contentType: 'text/plain' }),
      },
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(50)
        expect(responses.map(({ message }) => [message.contentType, textOf(message)])).toEqual([
          ['text/plain', 'y'],
        ])
      },
    )
  })

  it('fails a request whose response has a reserved User Property', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x')
        world.advance(50)
        expect(responses[0]?.message.userProperties).toContainEqual(['__stat', '500'])
        const error = records.values[0]?.error as AntiphonError
        expect(error.message).toBe(
          '[invalid-argument] userProperties has __ft: names that start with __ are reserved; rename it, or add it to the reservedProperties of the endpoint',
        )
      },
      { handler: () => withProperties('y', { userProperties: [['__ft', '1']] }) },
    )
  })

  it('sends a reserved User Property that the endpoint lists', () => {
    const dialect = endpoint({
      topic: 'echo',
      request: text,
      response: text,
      reservedProperties: ['__ft'],
    })
    withResponder(
      { endpoint: dialect, handler: () => withProperties('y', { userProperties: [['__ft', '1']] }) },
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(50)
        expect(responses[0]?.message.userProperties).toEqual([
          ['__stat', '200'],
          ['__ft', '1'],
        ])
      },
    )
  })

  it.each([null, {}, { value: 'y', properties: {} }])('leaves a response of %j as it is', (response) => {
    const anything = endpoint({ topic: 'echo', request: text, response: json(t.unknown) })
    withResponder(
      { endpoint: anything, handler: () => of(response) },
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(50)
        expect(responses.map(({ message }) => textOf(message))).toEqual([JSON.stringify(response)])
      },
    )
  })

  it('fails a request whose response does not encode', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(50)
        expect(responses[0]?.message.userProperties).toContainEqual(['__stat', '500'])
      },
      { handler: (() => withProperties(5, {})) as unknown as Handler<NonNullable<(typeof echo)['types']>> },
    )
  })

  it('sends nothing for a notification', () => {
    const notification = endpoint({
      topic: 'echo',
      request: text,
      response: text,
      acceptsNotifications: true,
    })
    withResponder(
      { endpoint: notification, handler: () => withProperties('y', {}) },
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x', { responseTopic: undefined } as never)
        world.advance(50)
        expect([responses.length, records.values[0]?.outcome]).toEqual([0, 'responded'])
      },
    )
  })

  it('counts User Properties towards the bytes of the response cache', () => {
    let runs = 0
    const long = 'x'.repeat(200)
    withEchoResponder(
      ({ sendRequest, world }) => {
        sendRequest('x')
        world.advance(50)
        sendRequest('x')
        world.advance(50)
        expect(runs).toBe(2)
      },
      {
        handler: () => withProperties(`${(runs += 1)}`, { userProperties: [['long', long]] }),
        requests: { responseCache: { bytes: 200 } },
      },
    )
  })

  it.each<[what: string, properties: unknown, message: string]>([
    [
      'an unknown property',
      { contentTyp: 'x' },
      'properties.contentTyp is not known: did you mean contentType?',
    ],
    [
      'User Properties that are no array',
      { userProperties: {} },
      'it must be an array of [name, value] pairs',
    ],
    [
      'a contentType that is no string',
      { contentType: 1 },
      'properties.contentType is 1: it must be a string',
    ],
  ])('throws on %s', (_, properties, message) => {
    expect(() => withProperties('y', properties as ResponseProperties)).toThrow(message)
  })
})
