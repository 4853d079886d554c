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
import { asking, onEchoStage, onStage } from './stage.js'

/** A reply's properties by name. */
function told(response: PublishedMessage | undefined): Readonly<Record<string, string>> {
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
    onEchoStage(({ ask: sendRequest, world, handled, replies: responses, refusals, unacknowledged }) => {
      sendRequest('x', { responseTopic } as Partial<OutgoingMessage>)
      world.advance(10)
      expect([handled.length, responses.length, unacknowledged()]).toEqual([0, 0, 0])
      expect(refusals).toMatchObject([{ reason: 'response-topic', endpoint: 'echo' }])
      expect(refusals[0]?.detail).toMatch(responseTopic === undefined ? /no Response Topic/ : /is refused/)
    })
  })

  it('outside the allow-list of filters is refused, within it is not', () => {
    onEchoStage(
      ({ ask: sendRequest, world, replies: responses, refusals }) => {
        sendRequest('no', { responseTopic: 'elsewhere' })
        sendRequest('no', { responseTopic: 'response' })
        sendRequest('yes', { responseTopic: 'response/caller' })
        sendRequest('yes', { responseTopic: 'pool/2/answers' })
        world.advance(10)
        expect(refusals.map(({ reason }) => reason)).toEqual(['response-topic', 'response-topic'])
        expect(responses.map(({ message }) => message.topic)).toEqual(['response/caller', 'pool/2/answers'])
      },
      { requests: { responseTopics: ['response/+', 'pool/#'] } },
    )
  })

  it('can be judged by a rule of one’s own, and a rule that throws has said no', () => {
    onEchoStage(
      ({ ask: sendRequest, world, replies: responses, refusals, unacknowledged }) => {
        for (const responseTopic of ['fine', 'not', 'throw', 'good']) sendRequest('x', { responseTopic })
        world.advance(10)
        expect(refusals).toHaveLength(2)
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
    onStage(
      { endpoint: own, handler: () => of('yes') },
      ({ ask: sendRequest, world, replies: responses }) => {
        sendRequest('x', { topic: 'ask/d1', responseTopic: 'somewhere/else' })
        world.advance(10)
        expect(responses.map(({ message }) => message.topic)).toEqual(['answer/d1'])
      },
    )
  })

  it('may be missing where the endpoint accepts notifications, which get no reply', () => {
    const news = endpoint({ topic: 'echo', request: text, response: text, acceptsNotifications: true })
    onStage({ endpoint: news, handler: () => of('nobody hears it') }, (stage) => {
      stage.ask('news', { responseTopic: undefined, correlationData: undefined } as never)
      stage.world.advance(10)
      expect(stage.handled.map(({ value }) => value)).toEqual(['news'])
      expect([stage.replies.length, stage.unacknowledged()]).toEqual([0, 0])
      expect(stage.records.values).toMatchObject([{ outcome: 'responded' }])
      stage.ask('empty', { responseTopic: '' })
      stage.world.advance(10)
      expect(stage.refusals).toMatchObject([{ reason: 'response-topic' }])
    })
  })
})

describe('rule 2', () => {
  it('retained deliveries are ignored: acknowledged, counted, no reply', () => {
    onEchoStage(
      ({ world, ask: sendRequest, server, handled, replies: responses, refusals, unacknowledged }) => {
        world.broker.publish({ topic: 'echo', payload: bytesOf('old'), ...asking, retain: true })
        world.advance(10)
        expect(handled.map(({ value }) => value)).toEqual(['old'])
        void server
        world.broker.disconnect('server', { session: 'lose' })
        world.advance(50)
        expect(handled).toHaveLength(1)
        expect(refusals).toMatchObject([{ reason: 'retained' }])
        sendRequest('new')
        world.advance(10)
        expect([handled.length, responses.length, unacknowledged()]).toEqual([1, 2, 0])
      },
    )
  })
})

describe('rule 3, the protocol version', () => {
  it.each(['2.0', '0.9', '', 'x', '10.0', '1x'])('%j is answered 505 with its two properties', (version) => {
    onEchoStage(({ ask: sendRequest, world, handled, replies: responses, refusals, unacknowledged }) => {
      sendRequest('x', { userProperties: [['__protVer', version]] })
      world.advance(10)
      expect(handled).toEqual([])
      expect(told(responses[0])).toMatchObject({
        __stat: '505',
        __supProtMajVer: '1',
        __requestProtVer: version,
      })
      expect(refusals).toMatchObject([{ reason: 'invalid', status: 505 }])
      expect([responses.length, unacknowledged()]).toEqual([1, 0])
    })
  })

  it.each([undefined, '1', '1.0', '1.7'])('%j is spoken here', (version) => {
    onEchoStage(({ ask: sendRequest, world, replies: responses }) => {
      sendRequest('x', version === undefined ? {} : { userProperties: [['__protVer', version]] })
      world.advance(10)
      expect(responses.map(({ message }) => statusOf(message))).toEqual([200])
    })
  })

  it('comes before the duplicates: another version under a known correlation is 505', () => {
    onEchoStage(({ ask: sendRequest, world, replies: responses }) => {
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
    onEchoStage(
      ({ ask: sendRequest, world, replies: responses, records }) => {
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
    onStage({ endpoint: order, handler: () => of('served') }, (stage) => {
      stage.ask(payload)
      stage.world.advance(10)
      expect(stage.handled).toEqual([])
      const properties = told(stage.replies[0])
      expect(properties).toMatchObject({ __stat: '400' })
      expect(properties['__stMsg']).toContain(path)
      expect(Object.keys(properties).sort()).toEqual(['__stMsg', '__stat'])
      expect(stage.replies[0]?.message.payload).toHaveLength(0)
      expect(stage.refusals).toMatchObject([{ reason: 'invalid', status: 400 }])
      expect(stage.unacknowledged()).toBe(0)
    })
  })

  it('of a content type that is not understood is answered 415 with the one sent', () => {
    onStage({ endpoint: order, handler: () => of('served') }, (stage) => {
      stage.ask('<dish/>', { contentType: 'application/xml' })
      stage.world.advance(10)
      expect(told(stage.replies[0])).toMatchObject({
        __stat: '415',
        __propName: 'Content Type',
        __propVal: 'application/xml',
      })
      expect([stage.handled.length, stage.replies.length, stage.unacknowledged()]).toEqual([0, 1, 0])
    })
  })

  it.each<[what: string, properties: Partial<OutgoingMessage>]>([
    ['no content type', {}],
    ['format indicator 0', { payloadFormatIndicator: false, contentType: 'application/json' }],
    ['a charset', { contentType: 'application/json; charset=UTF-8' }],
    ['a missing source id and unknown properties', { userProperties: [['whatever', 'x']] }],
  ])('of JSON with %s is no error', (_, properties) => {
    onStage({ endpoint: order, handler: () => of('served') }, (stage) => {
      stage.ask('{"dish":"soup","seats":[]}', properties)
      stage.world.advance(10)
      expect(stage.replies.map(({ message }) => statusOf(message))).toEqual([200])
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
    onStage({ endpoint: polyglot, handler: ({ value }) => of(`got ${value}`) }, (stage) => {
      stage.ask('"a"', { contentType: 'application/json', correlationData: bytesOf('1') })
      stage.ask('b', { contentType: 'text/x-shout', correlationData: bytesOf('2') })
      stage.ask('"c"', { correlationData: bytesOf('3') })
      stage.ask('d', { contentType: 'text/x-whisper', correlationData: bytesOf('4') })
      stage.world.advance(10)
      const seen = stage.replies.map(({ message }) => [
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
      expect(told(stage.replies.find(({ message }) => statusOf(message) === 415))).toMatchObject({
        __propVal: 'text/x-whisper',
      })
    })
  })
})

describe('rule 6 and 7, the expiry', () => {
  it('a request that expired while it waited is acknowledged without a reply', () => {
    onEchoStage(
      ({ ask: sendRequest, world, handled, replies: responses, records, unacknowledged }) => {
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
    onEchoStage(
      ({ ask: sendRequest, world, handled, replies: responses, records, unacknowledged }) => {
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
    onEchoStage(
      ({ ask: sendRequest, world, replies: responses, records, unacknowledged }) => {
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
    onEchoStage(
      ({ ask: sendRequest, world, replies: responses }) => {
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
    onEchoStage(
      ({ ask: sendRequest, world, replies: responses }) => {
        sendRequest('x')
        world.advance(100_000)
        expect(told(responses[0])).toMatchObject({ __propVal: duration })
      },
      { handler: () => of('late').pipe(delay(90_000)), serve: { handlerTimeout } },
    )
  })

  it('59 s of work within an expiry of 60 are answered, with the second that is left', () => {
    onEchoStage(
      ({ ask: sendRequest, world, replies: responses }) => {
        sendRequest('x', { messageExpiryInterval: 60 })
        world.advance(100_000)
        expect(responses.map(({ message }) => message.messageExpiryInterval)).toEqual([1])
      },
      { handler: () => of('in time').pipe(delay(59_000)) },
    )
  })

  it('61 s are not', () => {
    onEchoStage(
      ({ ask: sendRequest, world, replies: responses, records }) => {
        sendRequest('x', { messageExpiryInterval: 60 })
        world.advance(100_000)
        expect(responses).toEqual([])
        expect(records.values).toMatchObject([{ outcome: 'expired' }])
      },
      { handler: () => of('late').pipe(delay(61_000)) },
    )
  })

  it('no expiry is no error, and the reply has none', () => {
    onEchoStage(({ ask: sendRequest, world, replies: responses, handled }) => {
      sendRequest('x')
      world.advance(10)
      expect(handled[0]?.expiresAt).toBe(Infinity)
      expect(responses[0]?.message).not.toHaveProperty('messageExpiryInterval')
    })
  })

  it('the clock starts when the request arrives', () => {
    onEchoStage(({ ask: sendRequest, world, handled }) => {
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
    onStage(
      { endpoint: rooms, handler: ({ params }) => of(params.room), requests: { filter: 'echo/#' } },
      (stage) => {
        for (const topic of ['echo', 'echo/', 'echo/a/b', 'echo/fine']) stage.ask('x', { topic })
        stage.world.advance(10)
        expect(stage.refusals.map(({ reason }) => reason)).toEqual(['invalid', 'invalid', 'invalid'])
        expect(stage.replies.map(({ message }) => textOf(message))).toEqual(['fine'])
        expect(stage.unacknowledged()).toBe(0)
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
      onStage({ endpoint: fragile, handler: ({ value }) => of(value) }, (stage) => {
        stage.ask('poison', { correlationData: bytesOf('1') })
        stage.ask('fine', { correlationData: bytesOf('2') })
        stage.world.advance(10)
        expect(
          stage.replies.map(({ message }) => textOf(message)).filter((response) => response !== ''),
        ).toEqual(['fine'])
        expect(stage.refusals).toHaveLength(1)
        expect(stage.unacknowledged()).toBe(0)
        expect(stage.records.ending()).toBeUndefined()
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
    onStage({ endpoint: careless, handler: ({ value }) => of(String(value)) }, (stage) => {
      stage.ask('not json', { correlationData: bytesOf('1') })
      stage.ask('7', { correlationData: bytesOf('2') })
      stage.world.advance(10)
      expect(stage.replies.map(({ message }) => statusOf(message))).toEqual([400, 200])
      expect(stage.unacknowledged()).toBe(0)
    })
  })

  it('is not redelivered when the connection is lost', () => {
    onEchoStage(({ ask: sendRequest, world, refusals }) => {
      sendRequest('x', { responseTopic: 'answers/#' })
      world.advance(10)
      world.broker.disconnect('server')
      world.advance(100)
      expect(refusals).toHaveLength(1)
    })
  })
})
