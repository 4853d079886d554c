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
import { bytesOf, statusOf, textOf, type Taken } from '../observed.js'
import { echoRequest, withEchoResponder, withResponder } from './with-responder.js'

/** A reply's properties by name. */
function told(response: Taken | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(response?.message.userProperties ?? [])
}

describe('rule 1, the reply topic', () => {
  it.each<[what: string, responseTopic: string | undefined]>([
    ['is missing', undefined],
    ['is empty', ''],
    ['holds a +', 'answers/+'],
    ['holds a #', 'answers/#'],
    ['has an empty level', 'answers//1'],
    ['begins with an empty level', '/answers'],
    ['ends with an empty level', 'answers/'],
    ['is in a tree of the broker’s own', '$SYS/answers'],
    ['is a shared filter', '$share/group/answers'],
    ['is where the requests come', 'echo'],
    ['holds a control character', 'answers\u0001'],
  ])('that %s: acknowledged, counted, no reply', (_, responseTopic) => {
    withEchoResponder(({ sendRequest, world, handled, responses, ignored, unacknowledged }) => {
      sendRequest('x', { responseTopic } as Partial<OutgoingMessage>)
      world.advance(10)
      expect([handled.length, responses.length, unacknowledged()]).toEqual([0, 0, 0])
      expect(ignored).toMatchObject([{ reason: 'response-topic', endpoint: 'echo' }])
      expect(ignored[0]?.detail).toMatch(responseTopic === undefined ? /no Response Topic/ : /is refused/)
    })
  })

  it('outside the allow-list of filters is refused, within it is not', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, ignored }) => {
        sendRequest('no', { responseTopic: 'elsewhere' })
        sendRequest('no', { responseTopic: 'response' })
        sendRequest('yes', { responseTopic: 'response/caller' })
        sendRequest('yes', { responseTopic: 'pool/2/answers' })
        world.advance(10)
        expect(ignored.map(({ reason }) => reason)).toEqual(['response-topic', 'response-topic'])
        expect(responses.map(({ message }) => message.topic)).toEqual(['response/caller', 'pool/2/answers'])
      },
      { requests: { responseTopics: ['response/+', 'pool/#'] } },
    )
  })

  it('can be judged by a rule of one’s own, and a rule that throws has said no', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, ignored, unacknowledged }) => {
        for (const responseTopic of ['fine', 'not', 'throw', 'good']) sendRequest('x', { responseTopic })
        world.advance(10)
        expect(ignored).toHaveLength(2)
        expect(responses.map(({ message }) => message.topic)).toEqual(['fine', 'good'])
        expect(unacknowledged()).toBe(0)
      },
      {
        requests: {
          responseTopics: (topic) => {
            if (topic === 'throw') throw new Error('rule')
            return topic !== 'not'
          },
        },
      },
    )
  })

  it('is not looked at where the endpoint has its own', () => {
    const own = endpoint({
      topic: 'ask/{device}',
      responseTopic: 'answer/{device}',
      request: text,
      response: text,
    })
    withResponder(
      { endpoint: own, handler: () => of('yes') },
      ({ sendRequest, world, responses }) => {
        sendRequest('x', { topic: 'ask/d1', responseTopic: 'somewhere/else' })
        world.advance(10)
        expect(responses.map(({ message }) => message.topic)).toEqual(['answer/d1'])
      },
    )
  })

  it('may be missing where the endpoint accepts notifications, which get no reply', () => {
    const news = endpoint({ topic: 'echo', request: text, response: text, acceptsNotifications: true })
    withResponder({ endpoint: news, handler: () => of('nobody hears it') }, (setup) => {
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

describe('rule 2', () => {
  it('retained deliveries are ignored: acknowledged, counted, no reply', () => {
    withEchoResponder(
      ({ world, sendRequest, server, handled, responses, ignored, unacknowledged }) => {
        world.broker.publish({ topic: 'echo', payload: bytesOf('old'), ...echoRequest, retain: true })
        world.advance(10)
        expect(handled.map(({ value }) => value)).toEqual(['old'])
        void server
        world.broker.disconnect('server', { session: 'lose' })
        world.advance(50)
        expect(handled).toHaveLength(1)
        expect(ignored).toMatchObject([{ reason: 'retained' }])
        sendRequest('new')
        world.advance(10)
        expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 2, 0])
      },
    )
  })
})

describe('rule 3, the protocol version', () => {
  it.each(['2.0', '0.9', '', 'x', '10.0', '1x'])('%j is answered 505 with its two properties', (version) => {
    withEchoResponder(({ sendRequest, world, handled, responses, ignored, unacknowledged }) => {
      sendRequest('x', { userProperties: [['__protVer', version]] })
      world.advance(10)
      expect(handled).toEqual([])
      expect(told(responses[0])).toMatchObject({
        __stat: '505',
        __supProtMajVer: '1',
        __requestProtVer: version,
      })
      expect(ignored).toMatchObject([{ reason: 'invalid', status: 505 }])
      expect([responses.length, unacknowledged()]).toEqual([1, 0])
    })
  })

  it.each([undefined, '1', '1.0', '1.7'])('%j is spoken here', (version) => {
    withEchoResponder(({ sendRequest, world, responses }) => {
      sendRequest('x', version === undefined ? {} : { userProperties: [['__protVer', version]] })
      world.advance(10)
      expect(responses.map(({ message }) => statusOf(message))).toEqual([200])
    })
  })

  it('comes before the duplicates: another version under a known correlation is 505', () => {
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

  it('does not concern a cancel', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x')
        world.advance(10)
        sendRequest('', {
          userProperties: [
            ['__stat', '499'],
            ['__protVer', '2.0'],
          ],
        })
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
  ])('%j that does not decode is answered 400 with the path', (payload, path) => {
    withResponder({ endpoint: order, handler: () => of('served') }, (setup) => {
      setup.sendRequest(payload)
      setup.world.advance(10)
      expect(setup.handled).toEqual([])
      const properties = told(setup.responses[0])
      expect(properties).toMatchObject({ __stat: '400' })
      expect(properties['__stMsg']).toContain(path)
      expect(Object.keys(properties).sort()).toEqual(['__stMsg', '__stat'])
      expect(setup.responses[0]?.message.payload).toHaveLength(0)
      expect(setup.ignored).toMatchObject([{ reason: 'invalid', status: 400 }])
      expect(setup.unacknowledged()).toBe(0)
    })
  })

  it('of a content type that is not understood is answered 415 with the one sent', () => {
    withResponder({ endpoint: order, handler: () => of('served') }, (setup) => {
      setup.sendRequest('<dish/>', { contentType: 'application/xml' })
      setup.world.advance(10)
      expect(told(setup.responses[0])).toMatchObject({
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
  ])('of JSON with %s is no error', (_, properties) => {
    withResponder({ endpoint: order, handler: () => of('served') }, (setup) => {
      setup.sendRequest('{"dish":"soup","seats":[]}', properties)
      setup.world.advance(10)
      expect(setup.responses.map(({ message }) => statusOf(message))).toEqual([200])
    })
  })

  it('is read, and answered, in the caller’s type where the endpoint has several codecs', () => {
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
      const seen = setup.responses.map(({ message }) => [
        statusOf(message),
        message.contentType,
        textOf(message),
      ])
      expect(seen).toEqual([
        [200, 'application/json', '"got a"'],
        [200, 'text/x-shout', 'GOT B'],
        [200, 'application/json', '"got c"'],
        [415, undefined, ''],
      ])
      expect(told(setup.responses.find(({ message }) => statusOf(message) === 415))).toMatchObject({
        __propVal: 'text/x-whisper',
      })
    })
  })
})

describe('rule 6 and 7, the expiry', () => {
  it('a request that expired while it waited is acknowledged without a reply', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, responses, records, unacknowledged }) => {
        sendRequest('first', { correlationData: bytesOf('1') })
        sendRequest('second', { correlationData: bytesOf('2'), messageExpiryInterval: 1 })
        world.advance(5_000)
        expect(handled.map(({ value }) => value)).toEqual(['first'])
        expect(responses).toHaveLength(1)
        expect(records.values).toMatchObject([{ outcome: 'responded' }, { outcome: 'expired' }])
        expect(unacknowledged()).toBe(0)
      },
      { handler: () => of('late').pipe(delay(2_000)), serve: { concurrency: 1 } },
    )
  })

  it('expiry first: silence', () => {
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

  it('own limit first: 408 with ExecutionTimeout and its ISO 8601 duration', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, records, unacknowledged }) => {
        sendRequest('x', { messageExpiryInterval: 2 })
        world.advance(5_000)
        expect(told(responses[0])).toMatchObject({
          __stat: '408',
          __propName: 'ExecutionTimeout',
          __propVal: 'PT1S',
        })
        expect(records.values).toMatchObject([{ outcome: 'timed-out', status: 408 }])
        expect([responses.length, unacknowledged()]).toEqual([1, 0])
      },
      { handler: () => of('late').pipe(delay(3_000)), serve: { handlerTimeout: 1_000 } },
    )
  })

  it('both at once: silence, for nobody waits', () => {
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
  ])('a limit of %d ms is told as %s', (handlerTimeout, duration) => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(100_000)
        expect(told(responses[0])).toMatchObject({ __propVal: duration })
      },
      { handler: () => of('late').pipe(delay(90_000)), serve: { handlerTimeout } },
    )
  })

  it('59 s of work within an expiry of 60 are answered, with the second that is left', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x', { messageExpiryInterval: 60 })
        world.advance(100_000)
        expect(responses.map(({ message }) => message.messageExpiryInterval)).toEqual([1])
      },
      { handler: () => of('in time').pipe(delay(59_000)) },
    )
  })

  it('61 s are not', () => {
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

  it('no expiry is no error, and the reply has none', () => {
    withEchoResponder(({ sendRequest, world, responses, handled }) => {
      sendRequest('x')
      world.advance(10)
      expect(handled[0]?.expiresAt).toBe(Infinity)
      expect(responses[0]?.message).not.toHaveProperty('messageExpiryInterval')
    })
  })

  it('the clock starts when the request arrives', () => {
    withEchoResponder(({ sendRequest, world, handled }) => {
      sendRequest('x', { messageExpiryInterval: 7 })
      world.advance(10)
      const [request] = handled
      expect((request?.expiresAt ?? NaN) - (request?.receivedAt ?? NaN)).toBe(7_000)
    })
  })
})

describe('poison', () => {
  it('a topic that the filter lets in and the endpoint does not', () => {
    const rooms = endpoint({ topic: 'echo/{room}', request: text, response: text })
    withResponder(
      { endpoint: rooms, handler: ({ params }) => of(params.room), requests: { filter: 'echo/#' } },
      (setup) => {
        for (const topic of ['echo', 'echo/', 'echo/a/b', 'echo/fine']) setup.sendRequest('x', { topic })
        setup.world.advance(10)
        expect(setup.ignored.map(({ reason }) => reason)).toEqual(['invalid', 'invalid', 'invalid'])
        expect(setup.responses.map(({ message }) => textOf(message))).toEqual(['fine'])
        expect(setup.unacknowledged()).toBe(0)
      },
    )
  })

  it('a codec or a correlation of somebody’s own that throws', () => {
    const poisonous = (bytes: Uint8Array): boolean => textOf({ payload: bytes }) === 'poison'
    const fragileCodec: Codec<string> = {
      ...text,
      decode: (payload) => {
        if (poisonous(payload)) throw new Error('codec')
        return text.decode(payload)
      },
    }
    const fragileCorrelation: Correlation = {
      ...topicParams(),
      readRequest: ({ message }) => {
        if (poisonous(message.payload)) throw new Error('correlation')
        return topicParams().readRequest({ message, value: () => text.decode(message.payload) })
      },
    }
    const byCodec = endpoint({ topic: 'echo', request: fragileCodec, response: text })
    const byCorrelation = endpoint({
      topic: 'echo',
      responseTopic: 'answers',
      request: text,
      response: text,
      correlation: fragileCorrelation,
    })
    for (const fragile of [byCodec, byCorrelation])
      withResponder({ endpoint: fragile, handler: ({ value }) => of(value) }, (setup) => {
        setup.sendRequest('poison', { correlationData: bytesOf('1') })
        setup.sendRequest('fine', { correlationData: bytesOf('2') })
        setup.world.advance(10)
        expect(
          setup.responses.map(({ message }) => textOf(message)).filter((response) => response !== ''),
        ).toEqual(['fine'])
        expect(setup.ignored).toHaveLength(1)
        expect(setup.unacknowledged()).toBe(0)
        expect(setup.records.ending()).toBeUndefined()
      })
  })

  it('an onFailure of somebody’s own that throws: the bare status', () => {
    const careless = endpoint({
      topic: 'echo',
      request: json(t.number),
      response: text,
      onFailure: () => {
        throw new Error('careless')
      },
    })
    withResponder({ endpoint: careless, handler: ({ value }) => of(String(value)) }, (setup) => {
      setup.sendRequest('not json', { correlationData: bytesOf('1') })
      setup.sendRequest('7', { correlationData: bytesOf('2') })
      setup.world.advance(10)
      expect(setup.responses.map(({ message }) => statusOf(message))).toEqual([400, 200])
      expect(setup.unacknowledged()).toBe(0)
    })
  })

  it('is not redelivered when the connection is lost', () => {
    withEchoResponder(({ sendRequest, world, ignored }) => {
      sendRequest('x', { responseTopic: 'answers/#' })
      world.advance(10)
      world.broker.disconnect('server')
      world.advance(100)
      expect(ignored).toHaveLength(1)
    })
  })
})
