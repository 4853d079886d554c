import {
  ApplicationError,
  endpoint,
  oneOf,
  text,
  userProperty,
  type Codec,
  type Message,
} from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { EMPTY, map, NEVER, Observable, of, ReplaySubject, take, throwError } from 'rxjs'
import {
  casesOf,
  numbers,
  outgoing,
  send,
  subscribeAndWait,
  textOf,
  textsOf,
  waitUntilOnline,
  type CaseDefinition,
} from '../case-context.js'
import { recordStream } from '../record-stream.js'
import {
  cancelProperties,
  sendControl,
  wholeNumber,
  echoEndpoint,
  startPlainRequester,
  startResponder,
  statusOf,
} from './fixtures.js'

/** Returns the user properties of a response by name. */
function userPropertiesOf(response: Message | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(response?.userProperties ?? [])
}

/** The cases of a responder: responses, rejections, cancellation and shared groups. */
export const responderCases: readonly CaseDefinition[] = casesOf(
  'responder',
  {
    name: "responds with the request's Correlation Data and QoS, the codec's content type and no RETAIN",
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), ({ value }) => of(`${value}!`), {
        requests: { qos: 2 },
      })
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('x', { messageExpiryInterval: 30, contentType: 'text/markdown' })
      const [response] = await context.eventually(requester.responses.until(1))
      expectThat(response !== undefined, 'expected a response')
      const {
        payload,
        messageExpiryInterval = 0,
        subscriptionIdentifiers: _,
        dup: __,
        ...properties
      } = response
      expectEqual(textOf({ payload }), 'x!', 'the payload of the response')
      expectThat(
        messageExpiryInterval > 0 && messageExpiryInterval <= 30,
        'expected the rest of 30 s as Message Expiry Interval',
      )
      expectEqual(
        properties,
        {
          topic: requester.responseTopic,
          correlationData: new TextEncoder().encode('request 1'),
          contentType: 'text/plain',
          payloadFormatIndicator: true,
          qos: 1,
          retain: false,
          userProperties: [['__stat', '200']],
        },
        'the other properties of the response',
      )
    },
  },
  {
    name: 'returns any Correlation Data unchanged: 0x00, invalid UTF-8, empty, 65 535 bytes',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), ({ value }) => of(value))
      const requester = await startPlainRequester(context, context.topic('echo'))
      const tokens = [
        Uint8Array.of(0),
        Uint8Array.of(0xff, 0xfe, 0xc0, 0x80),
        new Uint8Array(),
        Uint8Array.from({ length: 65_535 }, (_, index) => (index * 7) % 256),
      ]
      for (const [index, correlationData] of tokens.entries()) {
        await requester.sendRequest('x', { correlationData })
        const response = (await context.eventually(requester.responses.until(index + 1)))[index]
        expectEqual(
          response?.correlationData ?? new Uint8Array(),
          correlationData,
          `the Correlation Data of response ${index}`,
        )
      }
    },
  },
  {
    name: 'responds without Correlation Data to every request without it',
    needs: ['properties'],
    run: async (context) => {
      const { responseTopic, responses } = await startPlainRequester(context, context.topic('echo'))
      await startResponder(context, echoEndpoint(context), ({ value }) => of(value))
      for (const payload of ['a', 'b'])
        await send(context, context.peer, outgoing(context.topic('echo'), payload, { responseTopic }))
      const received = await context.eventually(responses.until(2))
      expectEqual(textsOf(received), ['a', 'b'], 'the responses')
      expectThat(
        received.every((response) => response.correlationData === undefined),
        'expected no Correlation Data',
      )
    },
  },
  {
    name: 'acknowledges, reports and ignores requests whose Response Topic is missing, invalid or not allowed',
    needs: ['properties', 'cut'],
    run: async (context) => {
      let handled = 0
      const topic = context.topic('echo')
      const { link, ignored } = await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => {
          handled += 1
          return of(value)
        },
        { requests: { responseTopics: [context.topic('responses')] } },
      )
      const requester = await startPlainRequester(context, topic)
      const onOtherTopic = recordStream(context.peer.messages$(context.topic('elsewhere')))
      await send(context, context.peer, outgoing(topic, 'x'))
      for (const responseTopic of ['a//b', '/a', 'a/', '$SYS/a', topic, context.topic('elsewhere')])
        await requester.sendRequest('x', { responseTopic })
      await context.eventually(ignored.until(7))
      await context.settle()
      await context.cut(link)
      await context.restore(link)
      await requester.sendRequest('valid')
      await context.eventually(requester.responses.until(1))
      await context.settle()
      expectEqual(
        ignored.values.map(({ reason }) => reason),
        Array<string>(7).fill('response-topic'),
        'the reasons of the ignored requests',
      )
      expectEqual(
        [handled, onOtherTopic.values.length],
        [1, 0],
        'the number of handled requests and of responses on the other topic',
      )
    },
  },
  {
    name: 'ignores a retained request',
    needs: ['properties'],
    run: async (context) => {
      const topic = context.topic('echo')
      const requester = await startPlainRequester(context, topic)
      await requester.sendRequest('old', { retain: true })
      const { ignored } = await startResponder(context, echoEndpoint(context), ({ value }) => of(value))
      await context.eventually(ignored.until(1))
      await requester.sendRequest('new')
      await context.eventually(requester.responses.until(1))
      await context.settle()
      expectEqual(textsOf(requester.responses.values), ['new'], 'the responses')
      expectEqual(ignored.values[0]?.reason, 'retained', 'the reason of the ignored request')
      await send(context, context.peer, {
        topic,
        payload: new Uint8Array(),
        retain: true,
        responseTopic: '/',
      })
    },
  },
  {
    name: 'responds with 400, 415 or 505 to an unacceptable request and serves the next',
    needs: ['properties'],
    run: async (context) => {
      const numberEndpoint = endpoint({
        topic: context.topic('echo'),
        request: wholeNumber,
        response: wholeNumber,
      })
      await startResponder(context, numberEndpoint, ({ value }) => of(value + 1))
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('not a number')
      await requester.sendRequest('1', { contentType: 'application/xml' })
      await requester.sendRequest('1', { userProperties: [['__protVer', '2.0']] })
      await requester.sendRequest('1', {
        contentType: 'application/x-number',
        userProperties: [['__protVer', '1.0']],
      })
      const [payload, contentType, version, fine] = await context.eventually(requester.responses.until(4))
      expectEqual(
        userPropertiesOf(payload),
        { __stat: '400', __stMsg: userPropertiesOf(payload)['__stMsg'] ?? '' },
        'the user properties for the payload',
      )
      expectThat(
        userPropertiesOf(payload)['__stMsg']?.includes('$.number') === true,
        'expected the path of the fault in the status message',
      )
      expectEqual(
        { ...userPropertiesOf(contentType), __stMsg: '' },
        { __stat: '415', __stMsg: '', __propName: 'Content Type', __propVal: 'application/xml' },
        'the user properties for the content type',
      )
      expectEqual(
        { ...userPropertiesOf(version), __stMsg: '' },
        { __stat: '505', __stMsg: '', __supProtMajVer: '1', __requestProtVer: '2.0' },
        'the user properties for the version',
      )
      expectEqual(
        [textOf(fine ?? { payload: new Uint8Array() }), statusOf(fine ?? {})],
        ['2', '200'],
        'the response',
      )
    },
  },
  {
    name: 'encodes the response with the codec that decoded the request',
    needs: ['properties'],
    run: async (context) => {
      const exclaiming: Codec<number> = {
        ...wholeNumber,
        contentType: 'application/x-exclaimed',
        accepts: (contentType) => contentType === 'application/x-exclaimed',
        encode: (value) => text.encode(`${value}!`),
        decode: (payload) => wholeNumber.decode(payload.subarray(0, -1)),
      }
      const both = oneOf(wholeNumber, exclaiming)
      await startResponder(
        context,
        endpoint({ topic: context.topic('echo'), request: both, response: both }),
        ({ value }) => of(value + 1),
      )
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('1', { contentType: 'application/x-number' })
      await requester.sendRequest('1!', { contentType: 'application/x-exclaimed' })
      await requester.sendRequest('1?', { contentType: 'application/x-unknown' })
      const responses = await context.eventually(requester.responses.until(3))
      expectEqual(
        responses.map((response) => [statusOf(response), response.contentType, textOf(response)]),
        [
          ['200', 'application/x-number', '2'],
          ['200', 'application/x-exclaimed', '2!'],
          ['415', undefined, ''],
        ],
        'the responses',
      )
    },
  },
  {
    name: "responds with 204, 500, an application error or 408 after the handler's outcome",
    needs: ['properties'],
    run: async (context) => {
      const handlers: Readonly<Record<string, () => Observable<string>>> = {
        empty: () => EMPTY,
        fails: () => throwError(() => new Error('secret')),
        throws: () => {
          throw new Error('secret')
        },
        application: () =>
          throwError(() => new ApplicationError({ code: 'no', message: 'not today', payload: '{"day":2}' })),
        late: () => NEVER,
        fine: () => of('fine'),
      }
      const { records } = await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => handlers[value]?.() ?? EMPTY,
        {
          serve: { handlerTimeout: 200 },
        },
      )
      const requester = await startPlainRequester(context, context.topic('echo'))
      for (const [index, name] of Object.keys(handlers).entries()) {
        await requester.sendRequest(name)
        await context.eventually(requester.responses.until(index + 1))
      }
      const [empty, fails, throws, application, late, fine] = requester.responses.values
      expectEqual(
        [userPropertiesOf(empty), empty?.payload.length],
        [{ __stat: '204' }, 0],
        'the user properties and payload length of an empty handler',
      )
      for (const failed of [fails, throws]) {
        expectThat(
          userPropertiesOf(failed)['__stat'] === '500' &&
            userPropertiesOf(failed)['__propName'] !== undefined,
          'expected status 500 with a property name',
        )
        expectThat(
          !JSON.stringify(userPropertiesOf(failed)).includes('secret'),
          "expected no detail of the handler's error",
        )
      }
      expectEqual(
        userPropertiesOf(application),
        {
          __stat: '500',
          __stMsg: 'not today',
          __apErr: 'true',
          AppErrCode: 'no',
          AppErrPayload: '{"day":2}',
        },
        'the user properties of an application error',
      )
      expectEqual(
        { ...userPropertiesOf(late), __stMsg: '' },
        { __stat: '408', __stMsg: '', __propName: 'ExecutionTimeout', __propVal: 'PT0.2S' },
        'the user properties after handlerTimeout',
      )
      expectEqual(userPropertiesOf(fine), { __stat: '200' }, 'the user properties of the next response')
      await context.eventually(records.until(6))
      expectEqual(
        records.values.map(({ outcome }) => outcome),
        ['responded', 'failed', 'failed', 'failed', 'timed-out', 'responded'],
        'the outcomes of the records',
      )
    },
  },
  {
    name: 'sends no response when the request expires before the handler finishes',
    needs: ['properties', 'cut'],
    run: async (context) => {
      const { link, records } = await startResponder(context, echoEndpoint(context), () => NEVER, {
        serve: { handlerTimeout: 30_000 },
      })
      const requester = await startPlainRequester(context, context.topic('echo'))
      // A broker that counts whole seconds sends an interval of 1 s on as 0 if the second changes in the meantime.
      await requester.sendRequest('x', { messageExpiryInterval: 2 })
      await context.eventually(records.until(1))
      expectEqual(records.values[0]?.outcome, 'expired', 'the outcome')
      await context.settle()
      await context.cut(link)
      await context.restore(link)
      await waitUntilOnline(context, link)
      await requester.sendRequest('y', { messageExpiryInterval: 2 })
      await context.eventually(records.until(2))
      expectEqual(
        [records.values.length, requester.responses.values.length],
        [2, 0],
        'the number of records and responses',
      )
    },
  },
  {
    name: 'responds with 503 at once to requests beyond concurrency and queue',
    needs: ['properties'],
    run: async (context) => {
      const release$ = new ReplaySubject<void>(1)
      await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) =>
          release$.pipe(
            take(1),
            map(() => value),
          ),
        { serve: { concurrency: 4, queue: 4 } },
      )
      const requester = await startPlainRequester(context, context.topic('echo'))
      await Promise.all(numbers(40).map((payload) => requester.sendRequest(payload)))
      await context.eventually(requester.responses.until(32))
      release$.next()
      const responses = await context.eventually(requester.responses.until(40))
      const statuses = responses.map((response) => statusOf(response))
      expectEqual(
        statuses.filter((status) => status === '200').length,
        8,
        'the number of responses with status 200',
      )
      expectEqual(
        statuses.slice(0, 32).filter((status) => status === '503').length,
        32,
        'the number of responses with status 503',
      )
    },
  },
  {
    name: 'cancels running and queued requests without a response',
    needs: ['properties'],
    run: async (context) => {
      let stopped = 0
      const { records, started } = await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => (value === 'stay' ? of('done') : new Observable<string>(() => () => (stopped += 1))),
        { requests: { controlTopic: context.topic('control') }, serve: { concurrency: 1 } },
      )
      const requester = await startPlainRequester(context, context.topic('echo'))
      const tokens = ['one', 'two', 'three'].map((token) => new TextEncoder().encode(token))
      const [one = new Uint8Array(), two = one, three = one] = tokens
      await requester.sendRequest('wait', { correlationData: one })
      await requester.sendRequest('wait', { correlationData: two })
      await requester.sendRequest('stay', { correlationData: three })
      await context.eventually(started.until(1))
      await context.settle()
      for (const token of [two, one, one]) await sendControl(context, requester, token, cancelProperties)
      const [response] = await context.eventually(requester.responses.until(1))
      await context.eventually(records.until(3))
      await context.settle()
      expectEqual(response?.correlationData, three, 'the Correlation Data of the response')
      expectEqual(requester.responses.values.length, 1, 'the number of responses')
      expectEqual(
        records.values.map(({ outcome }) => outcome),
        ['cancelled', 'cancelled', 'responded'],
        'the outcomes of the records',
      )
      expectEqual(stopped, 1, 'the number of cancelled handlers')
    },
  },
  {
    name: 'handles each request by one responder of a shared group',
    needs: ['properties', 'shared'],
    run: async (context) => {
      const handled: string[] = []
      for (const _ of [1, 2, 3])
        await startResponder(
          context,
          echoEndpoint(context),
          ({ value }) => {
            handled.push(value)
            return of(value)
          },
          { requests: { group: 'workers' } },
        )
      const requester = await startPlainRequester(context, context.topic('echo'))
      await Promise.all(numbers(30).map((payload) => requester.sendRequest(payload)))
      await context.eventually(requester.responses.until(30))
      await context.settle()
      expectEqual(
        handled.map(Number).sort((a, b) => a - b),
        numbers(30).map(Number),
        'the handled payloads',
      )
      expectEqual(requester.responses.values.length, 30, 'the number of responses')
    },
  },
  {
    name: 'transfers a user property of 60 000 bytes to the handler',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), ({ message }) =>
        of(userProperty(message.userProperties, 'note') ?? ''),
      )
      const requester = await startPlainRequester(context, context.topic('echo'))
      const note = 'ü'.repeat(30_000)
      await requester.sendRequest('x', { userProperties: [['note', note]] })
      const [response] = await context.eventually(requester.responses.until(1))
      expectEqual(
        textOf(response ?? { payload: new Uint8Array() }),
        note,
        'the user property in the response',
      )
    },
  },
  {
    name: "responds to a request published on the responder's own link",
    needs: ['properties'],
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('echo')
      await startResponder(context, echoEndpoint(context), ({ value }) => of(value), { link })
      const responseTopic = context.topic('responses')
      const responses = await subscribeAndWait(context, link, responseTopic)
      await send(context, link, outgoing(topic, 'x', { responseTopic }))
      expectEqual(textsOf(await context.eventually(responses.until(1))), ['x'], 'the response')
    },
  },
)
