import { ApplicationError, bytes, endpoint, json, payloadField, type OutgoingMessage } from '@antiphon/core'
import * as t from 'io-ts'
import { delay, EMPTY, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, statusOf, textOf } from '../observed.js'
import { withEchoResponder, withResponder } from './with-responder.js'

describe('a response on the wire', () => {
  it('sends a response to the Response Topic with the request’s Correlation Data and its own content type', () => {
    withEchoResponder(({ sendRequest, world, responses }) => {
      sendRequest('x', {
        responseTopic: 'Responses/ünïcödé/1',
        messageExpiryInterval: 30,
        contentType: 'text/markdown',
      })
      world.advance(10)
      expect(responses.map(({ message }) => message)).toEqual([
        {
          topic: 'Responses/ünïcödé/1',
          payload: bytesOf('x!'),
          qos: 1,
          retain: false,
          correlationData: bytesOf('token'),
          contentType: 'text/plain',
          payloadFormatIndicator: true,
          messageExpiryInterval: 30,
          userProperties: [['__stat', '200']],
        },
      ])
    })
  })

  it.each([0, 1, 2] as const)('sends a response at the QoS of its request, %d', (qos) => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x', { qos })
        world.advance(10)
        expect(responses.map(({ message }) => message.qos)).toEqual([qos])
      },
      { requests: { qos: 2 } },
    )
  })

  it('never retains a response, even to a request with the RETAIN flag', () => {
    withEchoResponder(({ sendRequest, world, responses }) => {
      sendRequest('x', { retain: true })
      world.advance(10)
      expect(responses.map(({ message }) => message.retain)).toEqual([false])
    })
  })

  it('sends a response with the remaining expiry, rounded up', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x', { messageExpiryInterval: 10 })
        world.advance(20_000)
        expect(responses.map(({ message }) => message.messageExpiryInterval)).toEqual([8])
      },
      { handler: () => of('x').pipe(delay(2_500)) },
    )
  })

  it('sends a response that is not text with Payload Format Indicator 0', () => {
    const raw = endpoint({ topic: 'echo', request: bytes, response: bytes })
    withResponder(
      { endpoint: raw, handler: ({ value }) => of(value) },
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(10)
        expect(responses[0]?.message).toMatchObject({ payloadFormatIndicator: false })
      },
    )
  })

  it('sends an empty 204 when the handler completes without a response', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x')
        world.advance(10)
        expect(responses.map(({ message }) => [statusOf(message), message.payload.length])).toEqual([
          [204, 0],
        ])
        expect(responses[0]?.message).not.toHaveProperty('contentType')
        expect(records.values).toMatchObject([{ outcome: 'responded', status: 204 }])
      },
      { handler: () => EMPTY },
    )
  })
})

describe('a handler that fails', () => {
  /** Returns the user properties and payload of the response when the handler fails with `error`. */
  function responseTo(error: unknown): {
    readonly properties: Readonly<Record<string, string>>
    readonly payload: string
  } {
    let result = { properties: {}, payload: '' }
    withEchoResponder(
      ({ sendRequest, world, responses, records, unacknowledged }) => {
        sendRequest('x')
        world.advance(10)
        const [response] = responses
        result = {
          properties: Object.fromEntries(response?.message.userProperties ?? []),
          payload: textOf(response?.message ?? { payload: bytesOf('nothing') }),
        }
        expect(records.values).toMatchObject([{ outcome: 'failed', status: 500, error }])
        expect(unacknowledged()).toBe(0)
      },
      { handler: () => throwError(() => error) },
    )
    return result
  }

  it('answers 500 with __propName and without details of the handler’s error', () => {
    const { properties, payload } = responseTo(new Error('password is 1234'))
    expect(properties).toEqual({ __stat: '500', __stMsg: 'the handler failed', __propName: 'Handler' })
    expect(payload).toBe('')
  })

  it.each([undefined, null, 'text', 7, { any: 'thing' }])(
    'answers 500 when a handler fails with %j',
    (error) => {
      expect(responseTo(error).properties).toMatchObject({ __stat: '500' })
    },
  )

  it('answers an ApplicationError with __apErr, code and payload', () => {
    const error = new ApplicationError({
      code: 'door-open',
      message: 'close it first',
      payload: '{"door":3}',
    })
    expect(responseTo(error).properties).toEqual({
      __stat: '500',
      __stMsg: 'close it first',
      __apErr: 'true',
      AppErrCode: 'door-open',
      AppErrPayload: '{"door":3}',
    })
  })

  it('never sends a stack trace', () => {
    const { properties } = responseTo(new ApplicationError({ code: 'c' }))
    expect(JSON.stringify(properties)).not.toContain('.ts')
  })

  it.each<[what: string, handler: () => never]>([
    [
      'throws',
      () => {
        throw new Error('thrown')
      },
    ],
    ['returns undefined', () => undefined as never],
    ['returns null', () => null as never],
    ['returns a number', () => 7 as never],
  ])('answers 500 when a handler %s, and handles the next request', (_, handler) => {
    withEchoResponder(
      ({ sendRequest, world, responses, records, unacknowledged }) => {
        sendRequest('bad', { correlationData: bytesOf('1') })
        sendRequest('good', { correlationData: bytesOf('2') })
        world.advance(10)
        expect(responses.map(({ message }) => statusOf(message)).sort()).toEqual([200, 500])
        expect(records.ending()).toBeUndefined()
        expect(unacknowledged()).toBe(0)
      },
      { handler: ({ value }) => (value === 'bad' ? handler() : of('fine')) },
    )
  })
})

describe('a response that cannot be encoded or sent', () => {
  it('answers 500 when a response does not encode', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, records, unacknowledged }) => {
        sendRequest('x')
        world.advance(10)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([500])
        expect(records.values).toMatchObject([{ outcome: 'failed', status: 500, error: { code: 'encode' } }])
        expect(unacknowledged()).toBe(0)
      },
      { handler: () => of('\ud800') },
    )
  })

  it('answers 500 when a response has no field for the token', () => {
    const typed = endpoint({
      topic: 'echo',
      request: json(t.type({ id: t.string })),
      response: json(t.unknown),
      correlation: payloadField('id'),
    })
    withResponder(
      { endpoint: typed, handler: () => of('no object') },
      ({ sendRequest, world, responses }) => {
        sendRequest('{"id":"7"}')
        world.advance(10)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([500])
      },
    )
  })

  it('acknowledges a request whose response the broker refuses, and records it as unsent', () => {
    withEchoResponder(({ sendRequest, world, records, unacknowledged }) => {
      world.broker.refusePublish('responses', 0x87)
      sendRequest('x')
      world.advance(10)
      expect(records.values).toMatchObject([{ outcome: 'unsent', error: { code: 'publish-refused' } }])
      expect(unacknowledged()).toBe(0)
    })
  })

  it('sends the status alone when the details of a failure exceed Maximum Packet Size', () => {
    const tooLarge = new ApplicationError({ code: 'c', payload: 'w'.repeat(5_000) })
    withEchoResponder(
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x')
        world.advance(10)
        expect(responses.map(({ message }) => message.userProperties)).toEqual([[['__stat', '500']]])
        expect(records.values).toMatchObject([{ outcome: 'failed', status: 500, error: tooLarge }])
      },
      { handler: () => throwError(() => tooLarge), broker: { limits: { maximumPacketSize: 1_000 } } },
    )
  })

  it('sends the fallback again to a duplicate', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, handled }) => {
        sendRequest('x')
        world.advance(10)
        sendRequest('x')
        world.advance(10)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([500, 500])
        expect(handled).toHaveLength(1)
      },
      { handler: () => of('\ud800') },
    )
  })
})

describe('responses on MQTT 3.1.1', () => {
  const Response = t.union([t.type({ ok: t.string }), t.type({ failed: t.number, why: t.string })])
  const contract = {
    topic: 'echo',
    responseTopic: 'responses',
    request: json(t.type({ input: t.string })),
    response: json(Response),
  } as const
  const withoutFailures = endpoint(contract)
  const withFailures = endpoint({
    ...contract,
    onFailure: ({ code, message }) => ({ failed: code, why: message }),
  })
  const client = { protocolVersion: 4 } as const
  const properties: Partial<OutgoingMessage> = {
    responseTopic: undefined,
    correlationData: undefined,
  } as never

  it('sends a failure as the payload of onFailure on MQTT 3.1.1', () => {
    withResponder(
      { endpoint: withFailures, client, handler: () => throwError(() => new Error('no')) },
      ({ sendRequest, world, responses }) => {
        sendRequest('{"input":"x"}', properties)
        sendRequest('no json', properties)
        world.advance(10)
        const failures = responses.map(({ message }) => JSON.parse(textOf(message)) as { failed: number })
        expect(failures.map(({ failed }) => failed)).toEqual([500, 400])
      },
    )
  })

  it('acknowledges a failed request without a response if onFailure is absent on MQTT 3.1.1', () => {
    withResponder(
      { endpoint: withoutFailures, client, handler: () => throwError(() => new Error('no')) },
      ({ sendRequest, world, responses, unacknowledged, records }) => {
        sendRequest('{"input":"x"}', properties)
        sendRequest('no json', properties)
        world.advance(10)
        expect([responses.length, unacknowledged()]).toEqual([0, 0])
        expect(records.values).toMatchObject([{ outcome: 'failed', status: 500 }])
      },
    )
  })

  it('sends a response as its payload alone on MQTT 3.1.1', () => {
    withResponder(
      { endpoint: withoutFailures, client, handler: ({ value }) => of({ ok: value.input }) },
      ({ sendRequest, world, responses }) => {
        sendRequest('{"input":"x"}', properties)
        world.advance(10)
        expect(responses.map(({ message }) => textOf(message))).toEqual(['{"ok":"x"}'])
      },
    )
  })
})
