import { endpoint, exchange$, inOrder, payloadField, strays$, text, topicParams } from '@antiphon/core'
import { expectEqual } from '@antiphon/testing/internal'
import { delay, of } from 'rxjs'
import { casesOf, outgoing, send, subscribed, type CaseDefinition, type Scene } from '../scene.js'
import { watch } from '../watch.js'
import { marked, pause, serving } from './stage.js'

/** An endpoint whose token is in the payload. */
function byField(scene: Scene) {
  return endpoint({
    topic: `${scene.topic('req')}/{car}/{mobile}`,
    reply: { topic: `${scene.topic('res')}/{mobile}/{car}`, filter: `${scene.topic('res')}/{mobile}/#` },
    request: marked,
    response: marked,
    correlation: payloadField('token'),
  })
}

/** What the ways of finding an answer's question promise, on any version of MQTT. */
export const findingCases: readonly CaseDefinition[] = casesOf(
  'finding the question of an answer',
  {
    name: 'by a field of the payload, whatever the order of the answers',
    run: async (scene) => {
      const link = scene.link()
      const unlock = byField(scene)
      await serving(
        scene,
        unlock,
        ({ value }) => of({ value: value.value }).pipe(delay(Number(value.value), link.scheduler)),
        {
          link,
          requests: { params: { car: 'car1' } },
        },
      )
      const caller = scene.link()
      const calls = ['300', '100', '200'].map((value) =>
        watch(exchange$(caller, unlock, { params: { car: 'car1', mobile: 'm1' }, value: { value } })),
      )
      for (const call of calls) await scene.eventually(call.ended())
      expectEqual(
        calls.map(({ values }) => values.map((answer) => (answer as { value: string }).value)),
        [['300'], ['100'], ['200']],
        'the answers',
      )
    },
  },
  {
    name: 'by a field of the payload, run once however often it is asked',
    run: async (scene) => {
      let runs = 0
      const unlock = byField(scene)
      await serving(scene, unlock, () => of({ value: `run ${(runs += 1)}` }), {
        requests: { params: { car: 'car1' } },
      })
      const topic = `${scene.topic('res')}/m1/car1`
      const replies = await subscribed(scene, scene.peer, topic)
      for (const index of [1, 2, 3]) {
        await send(scene, scene.peer, outgoing(`${scene.topic('req')}/car1/m1`, '{"token":"7","value":""}'))
        await scene.eventually(replies.until(index))
      }
      await scene.settle()
      expectEqual(runs, 1, 'how often it ran')
    },
  },
  {
    name: 'by a field of the payload, and by nothing else: foreign and unreadable answers go by',
    run: async (scene) => {
      const unlock = byField(scene)
      const topic = `${scene.topic('res')}/m1/car1`
      const asked = watch(scene.peer.messages$(`${scene.topic('req')}/#`))
      const alongside = await subscribed(scene, scene.peer, `${scene.topic('req')}/#`)
      alongside.unsubscribe()
      const link = scene.link()
      const strays = watch(strays$(link))
      const params = { car: 'car1', mobile: 'm1' }
      const call = watch(exchange$(link, unlock, { params, value: { token: 'mine', value: '' } }))
      await scene.eventually(asked.until(1))
      for (const payload of ['no json', '[]', '{"token":"theirs","value":""}', '{"value":"no token"}'])
        await send(scene, scene.peer, outgoing(topic, payload))
      await scene.eventually(strays.until(4))
      await send(scene, scene.peer, outgoing(topic, '{"token":"mine","value":"yes"}'))
      expectEqual(await scene.eventually(call.until(1)), [{ token: 'mine', value: 'yes' }], 'the answer')
    },
  },
  {
    name: 'by the topic of the answer',
    run: async (scene) => {
      const byTopic = endpoint({
        topic: `${scene.topic('ask')}/{id}`,
        reply: { topic: `${scene.topic('answer')}/{id}`, filter: `${scene.topic('answer')}/#` },
        request: text,
        response: text,
        correlation: topicParams(),
      })
      const link = scene.link()
      await serving(
        scene,
        byTopic,
        ({ value }) => of(`${value}!`).pipe(delay(Number(value), link.scheduler)),
        { link },
      )
      const caller = scene.link()
      const calls = ['200', '50', '100'].map((value, id) =>
        watch(exchange$(caller, byTopic, { params: { id: String(id) }, value })),
      )
      for (const call of calls) await scene.eventually(call.ended())
      expectEqual(
        calls.map(({ values }) => values),
        [['200!'], ['50!'], ['100!']],
        'the answers',
      )
    },
  },
  {
    name: 'by the order of the questions',
    run: async (scene) => {
      const commands = endpoint({
        topic: `${scene.topic('device')}/cmd`,
        reply: { topic: `${scene.topic('device')}/rsp` },
        request: text,
        response: text,
        correlation: inOrder(),
      })
      await serving(scene, commands, ({ value }) => of(`${value}!`))
      const caller = scene.link()
      const calls = ['a', 'b', 'c'].map((value) => watch(exchange$(caller, commands, value as never)))
      for (const call of calls) await scene.eventually(call.ended())
      await pause(scene, caller, 50)
      expectEqual(
        calls.map(({ values }) => values),
        [['a!'], ['b!'], ['c!']],
        'the answers',
      )
    },
  },
)
