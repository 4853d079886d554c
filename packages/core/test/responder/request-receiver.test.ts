import {
  endpoint,
  json,
  oneOf,
  text,
  topicParams,
  type Codec,
  type Correlation,
  type OutgoingMessage,
} from '@antiphon/core'
import * as t from 'io-ts'
import { delay, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, statusOf, textOf, type PublishedMessage } from '../observed.js'
import { cancelProperties, requestProperties, withEchoResponder, withResponder } from './with-responder.js'

/** Returns the user properties of a response by name. */
function propertiesOf(response: PublishedMessage | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(response?.message.userProperties ?? [])
}

describe('rule 1, the response topic', () => {
  it.each<[what: string, responseTopic: string | undefined, reason: string]>([
    ['is missing', undefined, ''],
    ['is empty', '', 'it is empty [MQTT-4.7.3-1]'],
    ['holds a +', 'responses/+', 'it holds a wildcard, + or # [MQTT-3.3.2-2]'],
    ['holds a #', 'responses/#', 'it holds a wildcard, + or # [MQTT-3.3.2-2]'],
    ['has an empty level', 'responses//1', 'it has an empty level'],
    ['begins with an empty level', '/responses', 'it has an empty level'],
    ['ends with an empty level', 'responses/', 'it has an empty level'],
    ['starts with $', '$SYS/responses', 'it starts with $'],
    ['is a shared filter', '$share/group/responses', 'it starts with $'],
    ['matches the request filter', 'echo', 'it matches the request filter'],
    ['holds a control character', 'responses\u0001', 'it holds the control character U+0001 (MQTT 5, 1.5.4)'],
  ])('ignores a request whose response topic %s', (_, responseTopic, reason) => {
    withEchoResponder(({ sendRequest, world, handled, responses, ignored, unacknowledged }) => {
      sendRequest('x', { responseTopic } as Partial<OutgoingMessage>)
      world.advance(10)
      expect([handled.length, responses.length, unacknowledged()]).toEqual([0, 0, 0])
      expect(ignored).toMatchObject([{ reason: 'response-topic', endpoint: 'echo' }])
      expect(ignored[0]?.detail).toBe(
        responseTopic === undefined
          ? 'it has no Response Topic'
          : `response topic ${JSON.stringify(responseTopic)} is not allowed: ${reason}`,
      )
    })
  })

  it('allows only the response topics that match responseTopics', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, ignored }) => {
        sendRequest('no', { responseTopic: 'elsewhere' })
        sendRequest('no', { responseTopic: 'response' })
        sendRequest('yes', { responseTopic: 'response/requester' })
        sendRequest('yes', { responseTopic: 'pool/2/responses' })
        world.advance(10)
        expect(ignored).toMatchObject(
          ['elsewhere', 'response'].map((topic) => ({
            reason: 'response-topic',
            detail: `response topic "${topic}" is not allowed: responseTopics does not allow it`,
          })),
        )
        expect(responses.map(({ message }) => message.topic)).toEqual([
          'response/requester',
          'pool/2/responses',
        ])
      },
      { requests: { responseTopics: ['response/+', 'pool/#'] } },
    )
  })

  it('checks response topics by a predicate; one that throws rejects the topic', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, ignored, unacknowledged }) => {
        for (const responseTopic of ['fine', 'bad', 'throw', 'good']) sendRequest('x', { responseTopic })
        world.advance(10)
        expect(ignored).toHaveLength(2)
        expect(responses.map(({ message }) => message.topic)).toEqual(['fine', 'good'])
        expect(unacknowledged()).toBe(0)
      },
      {
        requests: {
          responseTopics: (topic) => {
            if (topic === 'throw') throw new Error('rule')
            return topic !== 'bad'
          },
        },
      },
    )
  })

  it('uses the endpoint’s own response topic instead of the Response Topic property', () => {
    const own = endpoint({
      topic: 'request/{device}',
      responseTopic: 'response/{device}',
      request: text,
      response: text,
    })
    withResponder({ endpoint: own, handler: () => of('yes') }, ({ sendRequest, world, responses }) => {
      sendRequest('x', { topic: 'request/d1', responseTopic: 'somewhere/else' })
      world.advance(10)
      expect(responses.map(({ message }) => message.topic)).toEqual(['response/d1'])
    })
  })

  it('handles a notification without a Response Topic, and sends no response', () => {
    const news = endpoint({ topic: 'echo', request: text, response: text, acceptsNotifications: true })
    withResponder({ endpoint: news, handler: () => of('not sent') }, (setup) => {
      setup.sendRequest('news', { responseTopic: undefined, correlationData: undefined } as never)
      setup.world.advance(10)
      expect(setup.handled.map(({ value }) => value)).toEqual(['news'])
      expect([setup.responses.length, setup.unacknowledged()]).toEqual([0, 0])
      expect(setup.records.values).toMatchObject([{ outcome: 'responded' }])
      setup.sendRequest('empty', { responseTopic: '' })
      setup.world.advance(10)
      expect(setup.ignored).toMatchObject([{ reason: 'response-topic' }])
    })
  })
})

describe('rule 2, retained messages', () => {
  it('ignores retained messages: acknowledged and counted, without a response', () => {
    withEchoResponder(({ world, sendRequest, handled, responses, ignored, unacknowledged }) => {
      world.broker.publish({ topic: 'echo', payload: bytesOf('old'), ...requestProperties, retain: true })
      world.advance(10)
      expect(handled.map(({ value }) => value)).toEqual(['old'])
      world.broker.disconnect('server', { session: 'lose' })
      world.advance(50)
      expect(handled).toHaveLength(1)
      expect(ignored).toMatchObject([{ reason: 'retained', detail: 'it is a retained message' }])
      sendRequest('new')
      world.advance(10)
      expect([handled.length, responses.length, unacknowledged()]).toEqual([2, 2, 0])
    })
  })
})

describe('rule 3, the protocol version', () => {
  it.each(['2.0', '0.9', '', 'x', '10.0', '1x'])(
    'answers 505 with its two properties to protocol version %j',
    (version) => {
      withEchoResponder(({ sendRequest, world, handled, responses, ignored, unacknowledged }) => {
        sendRequest('x', { userProperties: [['__protVer', version]] })
        world.advance(10)
        expect(handled).toEqual([])
        expect(propertiesOf(responses[0])).toMatchObject({
          __stat: '505',
          __stMsg: `protocol version ${version} is not supported`,
          __supProtMajVer: '1',
          __requestProtVer: version,
        })
        expect(ignored).toMatchObject([{ reason: 'invalid', status: 505 }])
        expect([responses.length, unacknowledged()]).toEqual([1, 0])
      })
    },
  )

  it.each([undefined, '1', '1.0', '1.7'])('accepts protocol version %j', (version) => {
    withEchoResponder(({ sendRequest, world, responses }) => {
      sendRequest('x', version === undefined ? {} : { userProperties: [['__protVer', version]] })
      world.advance(10)
      expect(responses.map(({ message }) => statusOf(message))).toEqual([200])
    })
  })

  it('answers 505 to a duplicate with an unsupported protocol version', () => {
    withEchoResponder(({ sendRequest, world, responses }) => {
      sendRequest('x')
      world.advance(10)
      sendRequest('x', { userProperties: [['__protVer', '2.0']] })
      world.advance(10)
      sendRequest('x')
      world.advance(10)
      expect(responses.map(({ message }) => statusOf(message))).toEqual([200, 505, 200])
    })
  })

  it('accepts a cancel with an unsupported protocol version', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, records, sendControl }) => {
        sendRequest('x')
        world.advance(10)
        sendControl([...cancelProperties, ['__protVer', '2.0']])
        world.advance(100)
        expect(records.values).toMatchObject([{ outcome: 'cancelled' }])
        expect(responses).toEqual([])
      },
      { handler: () => of('late').pipe(delay(50)) },
    )
  })
})

describe('rule 5, the payload', () => {
  const order = endpoint({
    topic: 'echo',
    request: json(t.type({ dish: t.string, seats: t.array(t.number) })),
    response: text,
  })

  it.each([
    ['{"dish":7,"seats":[]}', '$.dish'],
    ['{"dish":"soup","seats":[1,"two"]}', '$.seats[1]'],
    ['{"dish":', ''],
    ['', ''],
    ['[1,2]', ''],
    ['null', ''],
    ['\u0000', ''],
  ])('answers 400 with the path to a payload of %j', (payload, path) => {
    withResponder({ endpoint: order, handler: () => of('served') }, (setup) => {
      setup.sendRequest(payload)
      setup.world.advance(10)
      expect(setup.handled).toEqual([])
      const properties = propertiesOf(setup.responses[0])
      expect(properties).toMatchObject({ __stat: '400' })
      expect(properties['__stMsg']).toContain(path)
      expect(Object.keys(properties).sort()).toEqual(['__stMsg', '__stat'])
      expect(setup.responses[0]?.message.payload).toHaveLength(0)
      expect(setup.ignored).toMatchObject([{ reason: 'invalid', status: 400 }])
      expect(setup.unacknowledged()).toBe(0)
    })
  })

  it('answers 415 with the content type to an unsupported content type', () => {
    withResponder({ endpoint: order, handler: () => of('served') }, (setup) => {
      setup.sendRequest('<dish/>', { contentType: 'application/xml' })
      setup.world.advance(10)
      expect(propertiesOf(setup.responses[0])).toMatchObject({
        __stat: '415',
        __propName: 'Content Type',
        __propVal: 'application/xml',
      })
      expect([setup.handled.length, setup.responses.length, setup.unacknowledged()]).toEqual([0, 1, 0])
    })
  })

  it.each<[what: string, properties: Partial<OutgoingMessage>]>([
    ['no content type', {}],
    ['format indicator 0', { payloadFormatIndicator: false, contentType: 'application/json' }],
    ['a charset', { contentType: 'application/json; charset=UTF-8' }],
    ['a missing source id and unknown properties', { userProperties: [['whatever', 'x']] }],
  ])('accepts a JSON payload with %s', (_, properties) => {
    withResponder({ endpoint: order, handler: () => of('served') }, (setup) => {
      setup.sendRequest('{"dish":"soup","seats":[]}', properties)
      setup.world.advance(10)
      expect(setup.responses.map(({ message }) => statusOf(message))).toEqual([200])
    })
  })

  it('decodes and answers in the request’s content type when the endpoint has several codecs', () => {
    const shout: Codec<string> = {
      ...text,
      contentType: 'text/x-shout',
      accepts: (contentType) => contentType === 'text/x-shout',
      encode: (value) => text.encode(value.toUpperCase()),
    }
    const both = oneOf(json(t.string), shout)
    const polyglot = endpoint({ topic: 'echo', request: both, response: both })
    withResponder({ endpoint: polyglot, handler: ({ value }) => of(`got ${value}`) }, (setup) => {
      setup.sendRequest('"a"', { contentType: 'application/json', correlationData: bytesOf('1') })
      setup.sendRequest('b', { contentType: 'text/x-shout', correlationData: bytesOf('2') })
      setup.sendRequest('"c"', { correlationData: bytesOf('3') })
      setup.sendRequest('d', { contentType: 'text/x-whisper', correlationData: bytesOf('4') })
      setup.world.advance(10)
      const sent = setup.responses.map(({ message }) => [
        statusOf(message),
        message.contentType,
        textOf(message),
      ])
      expect(sent).toEqual([
        [200, 'application/json', '"got a"'],
        [200, 'text/x-shout', 'GOT B'],
        [200, 'application/json', '"got c"'],
        [415, undefined, ''],
      ])
      expect(propertiesOf(setup.responses.find(({ message }) => statusOf(message) === 415))).toMatchObject({
        __propVal: 'text/x-whisper',
      })
    })
  })
})

it('handles a request with a payload and __ctl open as a single request', () => {
  withEchoResponder(({ sendRequest, world, responses, ignored }) => {
    sendRequest('x', { userProperties: [['__ctl', 'open']] })
    world.advance(10)
    expect(responses.map(({ message }) => textOf(message))).toEqual(['x!'])
    expect(ignored).toEqual([])
  })
})

describe('rule 6 and 7, the expiry', () => {
  it('acknowledges a request that expires in the queue without a response', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, responses, records, unacknowledged }) => {
        sendRequest('first', { correlationData: bytesOf('1') })
        sendRequest('second', { correlationData: bytesOf('2'), messageExpiryInterval: 1 })
        world.advance(1_500)
        expect(records.values).toMatchObject([{ outcome: 'expired' }])
        expect(unacknowledged()).toBe(0)
        world.advance(3_500)
        expect(handled.map(({ value }) => value)).toEqual(['first'])
        expect(responses).toHaveLength(1)
        expect(records.values).toMatchObject([{ outcome: 'expired' }, { outcome: 'responded' }])
      },
      { handler: () => of('late').pipe(delay(2_000)), serve: { concurrency: 1 } },
    )
  })

  it('sends no response when the request expires before handlerTimeout', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, responses, records, unacknowledged }) => {
        sendRequest('x', { messageExpiryInterval: 1 })
        world.advance(5_000)
        expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 0, 0])
        expect(records.values).toMatchObject([{ outcome: 'expired' }])
        expect(records.at[0]).toBe((records.values[0]?.startedAt ?? NaN) + 1_000)
      },
      { handler: () => of('late').pipe(delay(3_000)), serve: { handlerTimeout: 2_000 } },
    )
  })

  it('answers 408 with ExecutionTimeout as ISO 8601 duration when handlerTimeout comes first', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, records, unacknowledged }) => {
        sendRequest('x', { messageExpiryInterval: 2 })
        world.advance(5_000)
        expect(propertiesOf(responses[0])).toMatchObject({
          __stat: '408',
          __stMsg: 'the handler exceeded 1000 ms',
          __propName: 'ExecutionTimeout',
          __propVal: 'PT1S',
        })
        expect(records.values).toMatchObject([{ outcome: 'timed-out', status: 408 }])
        expect([responses.length, unacknowledged()]).toEqual([1, 0])
      },
      { handler: () => of('late').pipe(delay(3_000)), serve: { handlerTimeout: 1_000 } },
    )
  })

  it('sends no response when the expiry and handlerTimeout coincide', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x', { messageExpiryInterval: 1 })
        world.advance(5_000)
        expect(responses).toEqual([])
      },
      { handler: () => of('late').pipe(delay(3_000)), serve: { handlerTimeout: 1_000 } },
    )
  })

  it.each([
    [1_500, 'PT1.5S'],
    [60_000, 'PT60S'],
    [50, 'PT0.05S'],
  ])('reports a handlerTimeout of %d ms as %s', (handlerTimeout, duration) => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(100_000)
        expect(propertiesOf(responses[0])).toMatchObject({ __propVal: duration })
      },
      { handler: () => of('late').pipe(delay(90_000)), serve: { handlerTimeout } },
    )
  })

  it('responds after 59 s with an expiry of 1 s to a request that expires after 60 s', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x', { messageExpiryInterval: 60 })
        world.advance(100_000)
        expect(responses.map(({ message }) => message.messageExpiryInterval)).toEqual([1])
      },
      { handler: () => of('in time').pipe(delay(59_000)) },
    )
  })

  it('sends no response after 61 s to a request that expires after 60 s', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x', { messageExpiryInterval: 60 })
        world.advance(100_000)
        expect(responses).toEqual([])
        expect(records.values).toMatchObject([{ outcome: 'expired' }])
      },
      { handler: () => of('late').pipe(delay(61_000)) },
    )
  })

  it('accepts a request without an expiry and responds without one', () => {
    withEchoResponder(({ sendRequest, world, responses, handled }) => {
      sendRequest('x')
      world.advance(10)
      expect(handled[0]?.expiresAt).toBe(Infinity)
      expect(responses[0]?.message).not.toHaveProperty('messageExpiryInterval')
    })
  })

  it('counts the expiry from the receipt of the request', () => {
    withEchoResponder(({ sendRequest, world, handled }) => {
      sendRequest('x', { messageExpiryInterval: 7 })
      world.advance(10)
      const [request] = handled
      expect((request?.expiresAt ?? NaN) - (request?.receivedAt ?? NaN)).toBe(7_000)
    })
  })
})

describe('messages that are no whole request', () => {
  const noCorrelation = { correlationData: undefined } as unknown as Partial<OutgoingMessage>

  it.each<[what: string, properties: Partial<OutgoingMessage>, detail: string, status?: number]>([
    [
      'a chunk without Correlation Data',
      { ...noCorrelation, userProperties: [['__chunk', '0:2:9:00000000']] },
      'it is a chunk without a correlation',
    ],
    [
      'an exchange control message',
      { userProperties: cancelProperties },
      'it is an exchange control message on a request topic',
    ],
    [
      'a chunk with an invalid header',
      { userProperties: [['__chunk', 'first']] },
      'cannot assemble the request: invalid chunk header "first": expected <index>:<count>:<bytes>',
      400,
    ],
    [
      'a text that is not UTF-8',
      { payload: Uint8Array.of(0xff), payloadFormatIndicator: true },
      'its Payload Format Indicator is 1, but the payload is not UTF-8',
      400,
    ],
    [
      'the beginning of a stream',
      { payload: new Uint8Array(), userProperties: [['__ctl', 'open']] },
      'the request must be a single one, and is a stream',
      400,
    ],
  ])('are reported with the reason: %s', (_, properties, detail, status) => {
    withEchoResponder(({ sendRequest, world, handled, responses, ignored, unacknowledged }) => {
      sendRequest('x', properties)
      world.advance(10)
      expect(ignored).toMatchObject([
        { reason: 'invalid', detail, ...(status === undefined ? {} : { status }) },
      ])
      expect(
        responses.map(({ message }) => propertiesOf({ message } as PublishedMessage)['__stMsg']),
      ).toEqual(status === undefined ? [] : [detail])
      expect([handled.length, unacknowledged()]).toEqual([0, 0])
    })
  })

  it('are refused with their first chunk by a group, and the others dropped', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, ignored, unacknowledged }) => {
        for (const header of ['1:3:9', '0:3:9:00000000', '2:3:9']) {
          sendRequest('abc', { userProperties: [['__chunk', header]] })
          world.advance(10)
        }
        const refusal = 'a request in chunks cannot be sent to a group: it must fit in one packet'
        expect(ignored).toMatchObject(
          ['it is a chunk of a request to a group', refusal, 'it is a chunk of a request to a group'].map(
            (detail) => ({ reason: 'invalid', detail }),
          ),
        )
        expect(responses.map((response) => propertiesOf(response))).toEqual([
          { __stat: '400', __stMsg: refusal, __propName: '__chunk' },
        ])
        expect(unacknowledged()).toBe(0)
      },
      { requests: { group: 'members' } },
    )
  })
})

describe('messages that make custom code throw', () => {
  it('ignores a message that matches the filter but not the endpoint’s topic', () => {
    const rooms = endpoint({ topic: 'echo/{room}', request: text, response: text })
    withResponder(
      { endpoint: rooms, handler: ({ params }) => of(params.room), requests: { filter: 'echo/#' } },
      (setup) => {
        for (const topic of ['echo', 'echo/', 'echo/a/b', 'echo/fine']) setup.sendRequest('x', { topic })
        setup.world.advance(10)
        const unmatched = { reason: 'invalid', detail: 'its topic does not match echo/{room}' }
        expect(setup.ignored).toMatchObject([unmatched, unmatched, unmatched])
        expect(setup.responses.map(({ message }) => textOf(message))).toEqual(['fine'])
        expect(setup.unacknowledged()).toBe(0)
      },
    )
  })

  it('keeps serving when a custom codec or correlation throws', () => {
    const isPoison = (bytes: Uint8Array): boolean => textOf({ payload: bytes }) === 'poison'
    const fragileCodec: Codec<string> = {
      ...text,
      decode: (payload) => {
        if (isPoison(payload)) throw new Error('codec')
        return text.decode(payload)
      },
    }
    const fragileCorrelation: Correlation = {
      ...topicParams(),
      readRequest: ({ message }) => {
        if (isPoison(message.payload)) throw new Error('correlation')
        return topicParams().readRequest({ message, value: () => text.decode(message.payload) })
      },
    }
    const byCodec = endpoint({ topic: 'echo', request: fragileCodec, response: text })
    const byCorrelation = endpoint({
      topic: 'echo',
      responseTopic: 'responses',
      request: text,
      response: text,
      correlation: fragileCorrelation,
    })
    for (const [fragile, detail] of [
      [byCodec, 'text/plain: the codec threw: codec'],
      [byCorrelation, 'it cannot be read: correlation'],
    ] as const)
      withResponder({ endpoint: fragile, handler: ({ value }) => of(value) }, (setup) => {
        setup.sendRequest('poison', { correlationData: bytesOf('1') })
        setup.sendRequest('fine', { correlationData: bytesOf('2') })
        setup.world.advance(10)
        expect(
          setup.responses.map(({ message }) => textOf(message)).filter((response) => response !== ''),
        ).toEqual(['fine'])
        expect(setup.ignored).toMatchObject([{ reason: 'invalid', detail }])
        expect(setup.unacknowledged()).toBe(0)
        expect(setup.records.ending()).toBeUndefined()
      })
  })

  it('sends the status alone when onFailure throws', () => {
    const throwing = endpoint({
      topic: 'echo',
      request: json(t.number),
      response: text,
      onFailure: () => {
        throw new Error('onFailure')
      },
    })
    withResponder({ endpoint: throwing, handler: ({ value }) => of(String(value)) }, (setup) => {
      setup.sendRequest('not json', { correlationData: bytesOf('1') })
      setup.sendRequest('7', { correlationData: bytesOf('2') })
      setup.world.advance(10)
      expect(setup.responses.map(({ message }) => statusOf(message))).toEqual([400, 200])
      expect(setup.unacknowledged()).toBe(0)
    })
  })

  it('acknowledges an ignored request, so that the broker does not redeliver it', () => {
    withEchoResponder(({ sendRequest, world, ignored }) => {
      sendRequest('x', { responseTopic: 'responses/#' })
      world.advance(10)
      world.broker.disconnect('server')
      world.advance(100)
      expect(ignored).toHaveLength(1)
    })
  })
})
