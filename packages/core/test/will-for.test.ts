import { endpoint, json, payloadField, text, willFor, type WillOptions } from '@antiphon/core'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { bytesOf } from './observed.js'

const lost = endpoint({
  topic: 'devices/{device}/lost',
  request: text,
  response: text,
  acceptsNotifications: true,
})
const params = { device: 'lamp7' }

describe('willFor', () => {
  it('creates a notification to an endpoint', () => {
    expect(willFor(lost, { params, value: 'gone' })).toEqual({
      topic: 'devices/lamp7/lost',
      payload: bytesOf('gone'),
      qos: 1,
      contentType: 'text/plain',
      payloadFormatIndicator: true,
    })
  })

  it('adds the options', () => {
    const options: WillOptions = {
      qos: 2,
      retain: true,
      willDelayInterval: 30,
      messageExpiryInterval: 60,
      userProperties: [['a', 'b']],
    }
    expect(willFor(lost, { params, value: 'gone' }, options)).toMatchObject(options)
  })

  it('adds the token of a correlation in the payload', () => {
    const withToken = endpoint({
      topic: 'lost',
      request: json(t.type({ id: t.string, why: t.string })),
      response: text,
      correlation: payloadField('id'),
      acceptsNotifications: true,
    })
    const { payload } = willFor(withToken, { why: 'x' })
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({
      id: expect.any(String) as string,
      why: 'x',
    })
  })

  it.each<[what: string, create: () => unknown, message: string]>([
    [
      'a misspelt option',
      () => willFor(lost, { params, value: '' }, { retian: true } as WillOptions),
      'did you mean retain?',
    ],
    [
      'an endpoint that accepts no notifications',
      () => willFor(endpoint({ topic: 'a', request: text, response: text }), 'x'),
      'a accepts no notifications, and a will has no response: set acceptsNotifications',
    ],
    [
      'a missing parameter',
      () => willFor(lost, { params: {}, value: '' } as never),
      '{device} is of type undefined',
    ],
    ['a value that does not encode', () => willFor(lost, { params, value: 5 } as never), '[encode]'],
    [
      'a reserved User Property',
      () => willFor(lost, { params, value: '' }, { userProperties: [['__stat', '1']] }),
      'userProperties has __stat',
    ],
    [
      'an invalid User Property',
      () => willFor(lost, { params, value: '' }, { userProperties: [['a\u0000', '1']] }),
      'userProperties[0]',
    ],
  ])('throws on %s', (_, create, message) => {
    expect(create).toThrow(message)
  })
})
