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
import { delay, EMPTY, NEVER, Observable, of, throwError } from 'rxjs'
import {
  casesOf,
  numbers,
  outgoing,
  send,
  subscribed,
  textOf,
  textsOf,
  type CaseDefinition,
} from '../scene.js'
import { watch } from '../watch.js'
import { count, echoOf, plainCaller, serving, statusOf } from './stage.js'

/** A reply's user properties by name. */
function told(reply: Message | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(reply?.userProperties ?? [])
}

/** What answering promises. */
export const answeringCases: readonly CaseDefinition[] = casesOf(
  'answering',
  {
    name: 'a reply has the correlation byte for byte, the QoS of the request, its own content type, no retain',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), ({ value }) => of(`${value}!`), { requests: { qos: 2 } })
      const caller = await plainCaller(scene, scene.topic('echo'))
      await caller.ask('x', { messageExpiryInterval: 30, contentType: 'text/markdown' })
      const [reply] = await scene.eventually(caller.replies.until(1))
      expectThat(reply !== undefined, 'a reply')
      const { payload, messageExpiryInterval = 0, subscriptionIdentifiers: _, dup: __, ...properties } = reply
      expectEqual(textOf({ payload }), 'x!', 'its payload')
      expectThat(messageExpiryInterval >= 28 && messageExpiryInterval <= 30, 'what is left of 30 s')
      expectEqual(
        properties,
        {
          topic: caller.responseTopic,
          correlationData: new TextEncoder().encode('question 1'),
          contentType: 'text/plain',
          payloadFormatIndicator: true,
          qos: 1,
          retain: false,
          userProperties: [['__stat', '200']],
        },
        'the rest of it',
      )
    },
  },
  {
    name: 'any correlation is sent back: 0x00, what is no UTF-8, none at all, 65 535 bytes',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), ({ value }) => of(value))
      const caller = await plainCaller(scene, scene.topic('echo'))
      const tokens = [
        Uint8Array.of(0),
        Uint8Array.of(0xff, 0xfe, 0xc0, 0x80),
        new Uint8Array(),
        Uint8Array.from({ length: 65_535 }, (_, index) => (index * 7) % 256),
      ]
      for (const [index, correlationData] of tokens.entries()) {
        await caller.ask('x', { correlationData })
        const reply = (await scene.eventually(caller.replies.until(index + 1)))[index]
        expectEqual(reply?.correlationData ?? new Uint8Array(), correlationData, `the correlation ${index}`)
      }
    },
  },
  {
    name: 'a request without correlation gets a reply without one, each time',
    needs: ['properties'],
    run: async (scene) => {
      const { responseTopic, replies } = await plainCaller(scene, scene.topic('echo'))
      await serving(scene, echoOf(scene), ({ value }) => of(value))
      for (const payload of ['a', 'b'])
        await send(scene, scene.peer, outgoing(scene.topic('echo'), payload, { responseTopic }))
      const answers = await scene.eventually(replies.until(2))
      expectEqual(textsOf(answers), ['a', 'b'], 'the replies')
      expectThat(
        answers.every((reply) => reply.correlationData === undefined),
        'no correlation',
      )
    },
  },
  {
    name: 'a request whose reply topic is missing, malformed or not allowed is acknowledged, counted and not answered',
    needs: ['properties', 'cut'],
    run: async (scene) => {
      let handled = 0
      const topic = scene.topic('echo')
      const { link, refusals } = await serving(
        scene,
        echoOf(scene),
        ({ value }) => {
          handled += 1
          return of(value)
        },
        { requests: { replyTopics: [scene.topic('answers')] } },
      )
      const caller = await plainCaller(scene, topic)
      const elsewhere = watch(scene.peer.messages$(scene.topic('elsewhere')))
      await send(scene, scene.peer, outgoing(topic, 'x'))
      for (const responseTopic of ['a//b', '/a', 'a/', '$SYS/a', topic, scene.topic('elsewhere')])
        await caller.ask('x', { responseTopic })
      await scene.eventually(refusals.until(7))
      await scene.settle()
      await scene.cut(link)
      await scene.restore(link)
      await caller.ask('fine')
      await scene.eventually(caller.replies.until(1))
      await scene.settle()
      expectEqual(
        refusals.values.map(({ reason }) => reason),
        Array<string>(7).fill('reply-topic'),
        'why they were refused',
      )
      expectEqual([handled, elsewhere.values.length], [1, 0], 'what was handled, and answered elsewhere')
    },
  },
  {
    name: 'a retained request is nobody’s',
    needs: ['properties'],
    run: async (scene) => {
      const topic = scene.topic('echo')
      const caller = await plainCaller(scene, topic)
      await caller.ask('old', { retain: true })
      const { refusals } = await serving(scene, echoOf(scene), ({ value }) => of(value))
      await scene.eventually(refusals.until(1))
      await caller.ask('new')
      await scene.eventually(caller.replies.until(1))
      await scene.settle()
      expectEqual(textsOf(caller.replies.values), ['new'], 'the replies')
      expectEqual(refusals.values[0]?.reason, 'retained', 'why the other was refused')
      await send(scene, scene.peer, { topic, payload: new Uint8Array(), retain: true, responseTopic: '/' })
    },
  },
  {
    name: 'what is wrong with a request is told by its status, and the next one is served',
    needs: ['properties'],
    run: async (scene) => {
      const counting = endpoint({ topic: scene.topic('echo'), request: count, response: count })
      await serving(scene, counting, ({ value }) => of(value + 1))
      const caller = await plainCaller(scene, scene.topic('echo'))
      await caller.ask('many')
      await caller.ask('1', { contentType: 'application/xml' })
      await caller.ask('1', { userProperties: [['__protVer', '2.0']] })
      await caller.ask('1', { contentType: 'application/x-count', userProperties: [['__protVer', '1.0']] })
      const [payload, contentType, version, fine] = await scene.eventually(caller.replies.until(4))
      expectEqual(told(payload), { __stat: '400', __stMsg: told(payload)['__stMsg'] ?? '' }, 'of the payload')
      expectThat(told(payload)['__stMsg']?.includes('$.count') === true, 'the path of what is wrong')
      expectEqual(
        { ...told(contentType), __stMsg: '' },
        { __stat: '415', __stMsg: '', __propName: 'Content Type', __propVal: 'application/xml' },
        'of the content type',
      )
      expectEqual(
        { ...told(version), __stMsg: '' },
        { __stat: '505', __stMsg: '', __supProtMajVer: '1', __requestProtVer: '2.0' },
        'of the version',
      )
      expectEqual(
        [textOf(fine ?? { payload: new Uint8Array() }), statusOf(fine ?? {})],
        ['2', '200'],
        'the answer',
      )
    },
  },
  {
    name: 'an endpoint with several codecs answers in the caller’s own',
    needs: ['properties'],
    run: async (scene) => {
      const loud: Codec<number> = {
        ...count,
        contentType: 'application/x-loud',
        accepts: (contentType) => contentType === 'application/x-loud',
        encode: (value) => text.encode(`${value}!`),
        decode: (payload) => count.decode(payload.subarray(0, -1)),
      }
      const both = oneOf(count, loud)
      await serving(
        scene,
        endpoint({ topic: scene.topic('echo'), request: both, response: both }),
        ({ value }) => of(value + 1),
      )
      const caller = await plainCaller(scene, scene.topic('echo'))
      await caller.ask('1', { contentType: 'application/x-count' })
      await caller.ask('1!', { contentType: 'application/x-loud' })
      await caller.ask('1?', { contentType: 'application/x-odd' })
      const replies = await scene.eventually(caller.replies.until(3))
      expectEqual(
        replies.map((reply) => [statusOf(reply), reply.contentType, textOf(reply)]),
        [
          ['200', 'application/x-count', '2'],
          ['200', 'application/x-loud', '2!'],
          ['415', undefined, ''],
        ],
        'the replies',
      )
    },
  },
  {
    name: 'what became of the handler is told by its status: 204, 500, an application’s own error, 408',
    needs: ['properties'],
    run: async (scene) => {
      const thrown: Readonly<Record<string, () => Observable<string>>> = {
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
      const { records } = await serving(scene, echoOf(scene), ({ value }) => thrown[value]?.() ?? EMPTY, {
        serve: { timeLimit: 200 },
      })
      const caller = await plainCaller(scene, scene.topic('echo'))
      for (const [index, name] of Object.keys(thrown).entries()) {
        await caller.ask(name)
        await scene.eventually(caller.replies.until(index + 1))
      }
      const [empty, fails, throws, application, late, fine] = caller.replies.values
      expectEqual([told(empty), empty?.payload.length], [{ __stat: '204' }, 0], 'of one without an answer')
      for (const failed of [fails, throws]) {
        expectThat(told(failed)['__stat'] === '500' && told(failed)['__propName'] !== undefined, 'a bare 500')
        expectThat(!JSON.stringify(told(failed)).includes('secret'), 'no word of the error')
      }
      expectEqual(
        told(application),
        {
          __stat: '500',
          __stMsg: 'not today',
          __apErr: 'true',
          AppErrCode: 'no',
          AppErrPayload: '{"day":2}',
        },
        'of an application’s error',
      )
      expectEqual(
        { ...told(late), __stMsg: '' },
        { __stat: '408', __stMsg: '', __propName: 'ExecutionTimeout', __propVal: 'PT0.2S' },
        'of one out of time',
      )
      expectEqual(told(fine), { __stat: '200' }, 'of the next')
      await scene.eventually(records.until(6))
      expectEqual(
        records.values.map(({ outcome }) => outcome),
        ['answered', 'failed', 'failed', 'failed', 'timed-out', 'answered'],
        'the records',
      )
    },
  },
  {
    name: 'a request whose expiry comes first is met with silence',
    needs: ['properties', 'cut'],
    run: async (scene) => {
      const { link, records } = await serving(scene, echoOf(scene), () => NEVER, {
        serve: { timeLimit: 30_000 },
      })
      const caller = await plainCaller(scene, scene.topic('echo'))
      await caller.ask('x', { messageExpiryInterval: 1 })
      await scene.eventually(records.until(1))
      expectEqual(records.values[0]?.outcome, 'expired', 'what became of it')
      await scene.settle()
      await scene.cut(link)
      await scene.restore(link)
      await caller.ask('y', { messageExpiryInterval: 1 })
      await scene.eventually(records.until(2))
      expectEqual([records.values.length, caller.replies.values.length], [2, 0], 'the records and replies')
    },
  },
  {
    name: 'ten times as many requests as there is room for: 503 at once for the rest',
    needs: ['properties'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      await serving(scene, echoOf(scene), ({ value }) => of(value).pipe(delay(300, link.scheduler)), {
        link,
        serve: { concurrency: 4, queue: 4 },
      })
      const caller = await plainCaller(scene, scene.topic('echo'))
      await Promise.all(numbers(40).map((payload) => caller.ask(payload)))
      const replies = await scene.eventually(caller.replies.until(40))
      const statuses = replies.map((reply) => statusOf(reply))
      expectEqual(statuses.filter((status) => status === '200').length, 8, 'the number of answers')
      expectEqual(statuses.filter((status) => status === '503').length, 32, 'the number of refusals')
    },
  },
  {
    name: 'a cancel reaches the handler, and what waits for one; nobody is told',
    needs: ['properties'],
    run: async (scene) => {
      let stopped = 0
      const { records } = await serving(
        scene,
        echoOf(scene),
        ({ value }) => (value === 'stay' ? of('done') : new Observable<string>(() => () => (stopped += 1))),
        { serve: { concurrency: 1 } },
      )
      const caller = await plainCaller(scene, scene.topic('echo'))
      const cancel = { userProperties: [['__stat', '499']] } as const
      const tokens = ['one', 'two', 'three'].map((token) => new TextEncoder().encode(token))
      const [one = new Uint8Array(), two = one, three = one] = tokens
      await caller.ask('wait', { correlationData: one })
      await caller.ask('wait', { correlationData: two })
      await caller.ask('stay', { correlationData: three })
      for (const correlationData of [two, one, one]) await caller.ask('', { ...cancel, correlationData })
      const [reply] = await scene.eventually(caller.replies.until(1))
      await scene.eventually(records.until(3))
      await scene.settle()
      expectEqual(reply?.correlationData, three, 'whose reply came')
      expectEqual(caller.replies.values.length, 1, 'the number of replies')
      expectEqual(
        records.values.map(({ outcome }) => outcome),
        ['cancelled', 'cancelled', 'answered'],
        'the records',
      )
      expectEqual(stopped, 1, 'the handlers that were stopped')
    },
  },
  {
    name: 'a group shares the requests: each is handled by one',
    needs: ['properties', 'shared'],
    run: async (scene) => {
      const handled: string[] = []
      for (const _ of [1, 2, 3])
        await serving(
          scene,
          echoOf(scene),
          ({ value }) => {
            handled.push(value)
            return of(value)
          },
          { requests: { group: 'workers' } },
        )
      const caller = await plainCaller(scene, scene.topic('echo'))
      await Promise.all(numbers(30).map((payload) => caller.ask(payload)))
      await scene.eventually(caller.replies.until(30))
      await scene.settle()
      expectEqual(
        handled.map(Number).sort((a, b) => a - b),
        numbers(30).map(Number),
        'what was handled',
      )
      expectEqual(caller.replies.values.length, 30, 'the number of replies')
    },
  },
  {
    name: 'a large user property comes and goes whole',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), ({ message }) =>
        of(userProperty(message.userProperties, 'note') ?? ''),
      )
      const caller = await plainCaller(scene, scene.topic('echo'))
      const note = 'ü'.repeat(30_000)
      await caller.ask('x', { userProperties: [['note', note]] })
      const [reply] = await scene.eventually(caller.replies.until(1))
      expectEqual(textOf(reply ?? { payload: new Uint8Array() }), note, 'the note')
    },
  },
  {
    name: 'who serves and asks on one link answers itself',
    needs: ['properties'],
    run: async (scene) => {
      const link = scene.link()
      const topic = scene.topic('echo')
      await serving(scene, echoOf(scene), ({ value }) => of(value), { link })
      const responseTopic = scene.topic('answers')
      const replies = await subscribed(scene, link, responseTopic)
      await send(scene, link, outgoing(topic, 'x', { responseTopic }))
      expectEqual(textsOf(await scene.eventually(replies.until(1))), ['x'], 'the reply')
    },
  },
)
