import {
  countsOf,
  endpoint,
  exchange$,
  inOrder,
  payloadField,
  request$,
  strays$,
  text,
  topicParams,
} from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { defer, from, of, Subject, throwError } from 'rxjs'
import {
  casesOf,
  expectFailure,
  numbers,
  outgoing,
  send,
  subscribed,
  textOf,
  type CaseDefinition,
  type Scene,
} from '../scene.js'
import { watch, type Watch } from '../watch.js'
import { fixed, marked, pause, serving, type Marked } from './stage.js'

/** An endpoint whose token is in the payload: what it promises holds on any version of MQTT. */
function markedOf(scene: Scene) {
  return fixed(
    endpoint({
      topic: scene.topic('ask'),
      reply: { topic: scene.topic('answer') },
      request: marked,
      response: marked,
      correlation: payloadField('token'),
    }),
  )
}

/** The values of answers. */
function valuesOf(call: Watch<unknown>): readonly string[] {
  return call.values.map((answer) => (answer as Marked).value)
}

/** What asking and answering promise where messages carry no properties. */
export const withoutPropertiesCases: readonly CaseDefinition[] = casesOf(
  'without properties',
  {
    name: 'many questions with a token in the payload get each its own answer',
    run: async (scene) => {
      const asking = markedOf(scene)
      await serving(scene, asking, ({ value }) => of({ value: `${value.value}!` }))
      const questions = numbers(50).map((value) => ({ value }))
      const answers = watch(from(questions).pipe(request$(scene.link(), asking, { ordered: true })))
      expectEqual(await scene.eventually(answers.ended()), 'complete', 'how it ended')
      expectEqual(
        valuesOf(answers),
        numbers(50).map((value) => `${value}!`),
        'the answers',
      )
    },
  },
  {
    name: 'a question nobody answers fails in time, and its late answer is a stray',
    run: async (scene) => {
      const asking = markedOf(scene)
      const link = scene.link()
      const strays = watch(strays$(link))
      const asked = await subscribed(scene, scene.peer, scene.topic('ask'))
      const call = watch(exchange$(link, asking, { token: 'mine', value: 'x' }, { timeout: 300 }))
      await scene.eventually(asked.until(1))
      expectFailure(await scene.eventually(call.ended()), 'timeout')
      await send(scene, scene.peer, outgoing(scene.topic('answer'), '{"token":"mine","value":"late"}'))
      await scene.eventually(strays.until(1))
      const { pending, timedOut } = countsOf(link, asking)
      expectEqual({ pending, timedOut }, { pending: 0, timedOut: 1 }, 'the counts')
    },
  },
  {
    name: 'a question is asked again with the same token until somebody answers',
    run: async (scene) => {
      const asking = markedOf(scene)
      const asked: string[] = []
      const heard = watch(scene.peer.messages$(scene.topic('ask')), (message) => {
        const { token } = JSON.parse(textOf(message)) as Marked
        asked.push(token)
        if (asked.length === 3)
          watch(scene.peer.publish$(outgoing(scene.topic('answer'), JSON.stringify({ token, value: 'yes' }))))
      })
      const alongside = await subscribed(scene, scene.peer, scene.topic('ask'))
      alongside.unsubscribe()
      const call = watch(exchange$(scene.link(), asking, { value: 'x' }, { retry: { count: 4, after: 50 } }))
      await scene.eventually(call.until(1))
      expectEqual([valuesOf(call), new Set(asked).size], [['yes'], 1], 'the answer, and the number of tokens')
      heard.unsubscribe()
    },
  },
  {
    name: 'a repetition of a question with its token in the payload is answered alike, and runs once',
    run: async (scene) => {
      let runs = 0
      await serving(scene, markedOf(scene), () => of({ value: `run ${(runs += 1)}` }))
      const replies = await subscribed(scene, scene.peer, scene.topic('answer'))
      for (const times of [1, 2]) {
        await send(scene, scene.peer, outgoing(scene.topic('ask'), '{"token":"7","value":""}'))
        await scene.eventually(replies.until(times))
      }
      expectEqual(
        replies.deliveries.map(({ message }) => JSON.parse(textOf(message)) as unknown),
        [1, 2].map(() => ({ token: '7', value: 'run 1' })),
        'the replies',
      )
    },
  },
  {
    name: 'what cannot be read is acknowledged and handled by nobody, and the next request is served',
    needs: ['cut'],
    run: async (scene) => {
      const handled: string[] = []
      const { link, records } = await serving(scene, markedOf(scene), ({ value }) => {
        handled.push(value.value)
        return of(value)
      })
      const replies = await subscribed(scene, scene.peer, scene.topic('answer'))
      for (const payload of ['', '[1]', '{"token":', 'null', '"text"', '{"value":"no token"}'])
        await send(scene, scene.peer, outgoing(scene.topic('ask'), payload))
      await scene.settle()
      await scene.cut(link)
      await scene.restore(link)
      await send(scene, scene.peer, outgoing(scene.topic('ask'), '{"token":"7","value":"fine"}'))
      await scene.eventually(records.until(1))
      await scene.settle()
      // Where properties can say so, the others are told what was wrong.
      const answered = replies.deliveries.filter(({ message }) => message.payload.length > 0)
      expectEqual([handled, answered.length], [['fine'], 1], 'what was handled, and answered')
    },
  },
  {
    name: 'an endpoint has words of its own for a failure',
    run: async (scene) => {
      const asking = endpoint({
        topic: scene.topic('ask'),
        reply: { topic: scene.topic('answer') },
        request: marked,
        response: marked,
        correlation: payloadField('token'),
        onFailure: ({ code }) => ({ value: `failed with ${code}` }),
      })
      await serving(scene, asking, () => throwError(() => new Error('secret')))
      const replies = await subscribed(scene, scene.peer, scene.topic('answer'))
      await send(scene, scene.peer, outgoing(scene.topic('ask'), '{"token":"7","value":"x"}'))
      const [reply] = await scene.eventually(replies.until(1))
      const said = textOf(reply?.message ?? { payload: new Uint8Array() })
      expectEqual(JSON.parse(said), { token: '7', value: 'failed with 500' }, 'the reply')
    },
  },
  {
    name: 'a second question whose answer would come where that to the first one does is refused',
    run: async (scene) => {
      const byTopic = endpoint({
        topic: `${scene.topic('ask')}/{id}`,
        reply: { topic: `${scene.topic('answer')}/{id}` },
        request: text,
        response: text,
        correlation: topicParams(),
      })
      const go = new Subject<string>()
      await serving(scene, byTopic, () => go)
      const link = scene.link()
      const ask = (id: string): Watch<string> =>
        watch(defer(() => exchange$(link, byTopic, { params: { id }, value: 'x' })))
      const [first, second, other] = [ask('1'), ask('1'), ask('2')]
      expectFailure(await scene.eventually(second.ended()), 'invalid-argument')
      await pause(scene, link, 50)
      go.next('done')
      for (const call of [first, other])
        expectEqual(await scene.eventually(call.until(1)), ['done'], 'the answer')
      const again = ask('1')
      await pause(scene, link, 50)
      go.next('again')
      expectEqual(await scene.eventually(again.until(1)), ['again'], 'the answer to the next')
    },
  },
  {
    name: 'questions answered in order may come from several pipelines of one link',
    run: async (scene) => {
      const commands = fixed(
        endpoint({
          topic: scene.topic('cmd'),
          reply: { topic: scene.topic('rsp') },
          request: text,
          response: text,
          correlation: inOrder(),
        }),
      )
      await serving(scene, commands, ({ value }) => of(`${value}!`))
      const link = scene.link()
      const one = watch(from(['a', 'b']).pipe(request$(link, commands)))
      const other = watch(of('c').pipe(request$(link, commands)))
      await scene.eventually(one.until(2))
      await scene.eventually(other.until(1))
      expectEqual([one.values, other.values], [['a!', 'b!'], ['c!']], 'the answers')
    },
  },
  {
    name: 'a group shares the questions that carry their token in the payload',
    needs: ['shared'],
    run: async (scene) => {
      const asking = markedOf(scene)
      const handled: string[] = []
      for (const _ of [1, 2])
        await serving(
          scene,
          asking,
          ({ value }) => {
            handled.push(value.value)
            return of({ value: value.value })
          },
          { requests: { group: 'workers' } },
        )
      const questions = numbers(20).map((value) => ({ value }))
      const answers = watch(from(questions).pipe(request$(scene.link(), asking, { ordered: true })))
      expectEqual(await scene.eventually(answers.ended()), 'complete', 'how it ended')
      expectEqual([...handled].sort(), [...numbers(20)].sort(), 'what was handled')
    },
  },
  {
    name: 'a question with its token in the payload lives on in its session',
    needs: ['cut'],
    run: async (scene) => {
      const asking = markedOf(scene)
      const go = new Subject<{ value: string }>()
      await serving(scene, asking, () => go)
      const link = scene.link({ isRemembered: true })
      const call = watch(exchange$(link, asking, { value: 'x' }, { timeout: 60_000 }))
      await pause(scene, link, 100)
      await scene.cut(link)
      go.next({ value: 'done' })
      await scene.settle()
      await scene.restore(link)
      await scene.eventually(call.until(1))
      expectEqual(valuesOf(call), ['done'], 'the answer')
    },
  },
  {
    name: 'a closed link fails the open questions that carry their token in the payload, and nothing is left',
    needs: ['leftovers'],
    run: async (scene) => {
      const asking = markedOf(scene)
      const link = scene.link()
      const asked = await subscribed(scene, scene.peer, scene.topic('ask'))
      const call = watch(exchange$(link, asking, { value: 'x' }, { timeout: 60_000 }))
      await scene.eventually(asked.until(1))
      await scene.eventually(link.close())
      expectFailure(await scene.eventually(call.ended()), 'link-closed')
      expectEqual(await scene.leftovers(link), [], 'what is left')
      expectThat(countsOf(link, asking).pending === 0, 'nothing to be pending')
    },
  },
)
