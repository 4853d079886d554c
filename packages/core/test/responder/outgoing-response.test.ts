import { ApplicationError, bytes, endpoint, json, payloadField, type OutgoingMessage } from '@antiphon/core'
import * as t from 'io-ts'
import { delay, EMPTY, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, statusOf, textOf } from '../observed.js'
import { withEchoResponder, withResponder } from './with-responder.js'

describe('a reply on the wire', () => {
  it('goes to the exact Response Topic with the same correlation, its own content type, and no Response Topic', () => {
    withEchoResponder(({ sendRequest, world, responses }) => {
      sendRequest('x', {
        responseTopic: 'Answers/ünïcödé/1',
        messageExpiryInterval: 30,
        contentType: 'text/markdown',
      })
      world.advance(10)
      expect(responses.map(({ message }) => message)).toEqual([
        {
          topic: 'Answers/ünïcödé/1',
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

  it.each([0, 1, 2] as const)('goes at the QoS of the request, %d', (qos) => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x', { qos })
        world.advance(10)
        expect(responses.map(({ message }) => message.qos)).toEqual([qos])
      },
      { requests: { qos: 2 } },
    )
  })

  it('is never retained, whatever the request was', () => {
    withEchoResponder(({ sendRequest, world, responses }) => {
      sendRequest('x', { retain: true })
      world.advance(10)
      expect(responses.map(({ message }) => message.retain)).toEqual([false])
    })
  })

  it('says what is left of the expiry, rounded up', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x', { messageExpiryInterval: 10 })
        world.advance(20_000)
        expect(responses.map(({ message }) => message.messageExpiryInterval)).toEqual([8])
      },
      { handler: () => of('x').pipe(delay(2_500)) },
    )
  })

  it('says format indicator 0 for what is not text', () => {
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

  it('is 204 and empty where the handler completes without an answer', () => {
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
  /** The user properties of the reply to a request whose handler fails with this. */
  function toldOf(error: unknown): {
    readonly told: Readonly<Record<string, string>>
    readonly payload: string
  } {
    let result = { told: {}, payload: '' }
    withEchoResponder(
      ({ sendRequest, world, responses, records, unacknowledged }) => {
        sendRequest('x')
        world.advance(10)
        const [response] = responses
        result = {
          told: Object.fromEntries(response?.message.userProperties ?? []),
          payload: textOf(response?.message ?? { payload: bytesOf('nothing') }),
        }
        expect(records.values).toMatchObject([{ outcome: 'failed', status: 500, error }])
        expect(unacknowledged()).toBe(0)
      },
      { handler: () => throwError(() => error) },
    )
    return result
  }

  it('is told as 500 with __propName and without a word of the error itself', () => {
    const { told, payload } = toldOf(new Error('password is 1234'))
    expect(told).toEqual({ __stat: '500', __stMsg: 'the handler failed', __propName: 'Handler' })
    expect(payload).toBe('')
  })

  it.each([undefined, null, 'text', 7, { any: 'thing' }])('may fail with anything: %j', (error) => {
    expect(toldOf(error).told).toMatchObject({ __stat: '500' })
  })

  it('tells an application’s own error with __apErr, code and payload', () => {
    const error = new ApplicationError({
      code: 'door-open',
      message: 'close it first',
      payload: '{"door":3}',
    })
    expect(toldOf(error).told).toEqual({
      __stat: '500',
      __stMsg: 'close it first',
      __apErr: 'true',
      AppErrCode: 'door-open',
      AppErrPayload: '{"door":3}',
    })
  })

  it('never tells a stack', () => {
    const { told } = toldOf(new ApplicationError({ code: 'c' }))
    expect(JSON.stringify(told)).not.toContain('.ts')
  })

  it.each<[what: string, handler: () => never]>([
    [
      'throws',
      () => {
        throw new Error('thrown')
      },
    ],
    ['gives what is no stream', () => undefined as never],
    ['gives null', () => null as never],
    ['gives a number', () => 7 as never],
  ])('by %s is answered 500, and the next request is served', (_, handler) => {
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

describe('an answer that does not get through', () => {
  it('does not encode: 500 in its place', () => {
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

  it('has no place for the token: 500 in its place', () => {
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

  it('is refused by the broker: acknowledged, and recorded as unsent', () => {
    withEchoResponder(({ sendRequest, world, records, unacknowledged }) => {
      world.broker.refusePublish('answers', 0x87)
      sendRequest('x')
      world.advance(10)
      expect(records.values).toMatchObject([{ outcome: 'unsent', error: { code: 'publish-refused' } }])
      expect(unacknowledged()).toBe(0)
    })
  })

  it('has a failure with more words than the broker takes: the bare status in its place', () => {
    const wordy = new ApplicationError({ code: 'c', payload: 'w'.repeat(5_000) })
    withEchoResponder(
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x')
        world.advance(10)
        expect(responses.map(({ message }) => message.userProperties)).toEqual([[['__stat', '500']]])
        expect(records.values).toMatchObject([{ outcome: 'failed', status: 500, error: wordy }])
      },
      { handler: () => throwError(() => wordy), broker: { limits: { maximumPacketSize: 1_000 } } },
    )
  })

  it('is the same when it is asked for again', () => {
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

describe('on MQTT 3.1.1', () => {
  const Answer = t.union([t.type({ ok: t.string }), t.type({ failed: t.number, why: t.string })])
  const contract = {
    topic: 'echo',
    responseTopic: 'answers',
    request: json(t.type({ ask: t.string })),
    response: json(Answer),
  } as const
  const silent = endpoint(contract)
  const wordy = endpoint({
    ...contract,
    onFailure: ({ code, message }) => ({ failed: code, why: message }),
  })
  const client = { protocolVersion: 4 } as const
  const properties: Partial<OutgoingMessage> = {
    responseTopic: undefined,
    correlationData: undefined,
  } as never

  it('a failure is told by onFailure', () => {
    withResponder(
      { endpoint: wordy, client, handler: () => throwError(() => new Error('no')) },
      ({ sendRequest, world, responses }) => {
        sendRequest('{"ask":"x"}', properties)
        sendRequest('no json', properties)
        world.advance(10)
        const told = responses.map(({ message }) => JSON.parse(textOf(message)) as { failed: number })
        expect(told.map(({ failed }) => failed)).toEqual([500, 400])
      },
    )
  })

  it('a failure without onFailure is silence, and acknowledged', () => {
    withResponder(
      { endpoint: silent, client, handler: () => throwError(() => new Error('no')) },
      ({ sendRequest, world, responses, unacknowledged, records }) => {
        sendRequest('{"ask":"x"}', properties)
        sendRequest('no json', properties)
        world.advance(10)
        expect([responses.length, unacknowledged()]).toEqual([0, 0])
        expect(records.values).toMatchObject([{ outcome: 'failed', status: 500 }])
      },
    )
  })

  it('an answer is its payload alone', () => {
    withResponder(
      { endpoint: silent, client, handler: ({ value }) => of({ ok: value.ask }) },
      ({ sendRequest, world, responses }) => {
        sendRequest('{"ask":"x"}', properties)
        world.advance(10)
        expect(responses.map(({ message }) => textOf(message))).toEqual(['{"ok":"x"}'])
      },
    )
  })
})
