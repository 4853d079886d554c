import { endpoint, exchange$, request, text, type Codec, type ExchangeOptions } from '@antiphon/core'
import { expectEqual } from '@antiphon/testing/internal'
import { defer, of } from 'rxjs'
import { casesOf, expectFailure, numbers, type CaseDefinition, type Scene } from '../scene.js'
import { watch } from '../watch.js'
import { echoOf, fixed, plainResponder, replyTo, serving } from './stage.js'

/** Asks with each of these options, none of which is possible. */
async function expectRefused(scene: Scene, ...impossible: readonly ExchangeOptions[]): Promise<void> {
  const asked = await plainResponder(scene, scene.topic('echo'), (question) => [replyTo(question, '')])
  const link = scene.link()
  for (const options of impossible) {
    const call = watch(defer(() => exchange$(link, echoOf(scene), 'x', options)))
    expectFailure(await scene.eventually(call.ended()), 'invalid-argument')
  }
  await scene.eventually(watch(exchange$(link, echoOf(scene), 'x')).ended())
  expectEqual(asked.values.length, 1, 'the number of questions that left')
}

/** What is promised where a question cannot be asked. */
export const unfitCases: readonly CaseDefinition[] = casesOf(
  'unfit questions',
  {
    name: 'an impossible timeout is refused before anything is sent',
    needs: ['properties'],
    run: (scene) =>
      expectRefused(scene, ...[0, -1, NaN, Infinity, 4_294_967_295_001].map((timeout) => ({ timeout }))),
  },
  {
    name: 'a user property that is the protocol’s own is refused before anything is sent',
    needs: ['properties'],
    run: (scene) =>
      expectRefused(scene, { userProperties: [['__stat', '200']] }, { userProperties: [['__mine', '']] }),
  },
  {
    name: 'a response topic that is none is refused before anything is sent',
    needs: ['properties'],
    run: (scene) =>
      expectRefused(scene, ...['', 'a/+', 'a/#', '$share/g/a'].map((responseTopic) => ({ responseTopic }))),
  },
  {
    name: 'an impossible number of repetitions, or an impossible wait between them, is refused',
    needs: ['properties'],
    run: (scene) =>
      expectRefused(
        scene,
        { retry: { count: -1 } },
        { retry: { count: 1.5 } },
        { retry: { count: 1, after: 0 } },
        { credit: 0 },
      ),
  },
  {
    name: 'a topic parameter that is no topic level fails its question',
    needs: ['properties'],
    run: async (scene) => {
      const rooms = endpoint({ topic: `${scene.topic('rooms')}/{room}`, request: text, response: text })
      const link = scene.link()
      for (const room of ['', 'a/b', '+', '#', 'a\u0000']) {
        const call = watch(defer(() => exchange$(link, rooms, { params: { room }, value: 'x' })))
        expectFailure(await scene.eventually(call.ended()), 'invalid-argument')
      }
    },
  },
  {
    name: 'a value that does not encode fails its question and no other',
    needs: ['properties'],
    run: async (scene) => {
      const choosy: Codec<string> = {
        ...text,
        encode: (value) => {
          if (value === 'bad') throw new Error('not this one')
          return text.encode(value)
        },
      }
      const contract = fixed(endpoint({ topic: scene.topic('echo'), request: choosy, response: text }))
      await serving(scene, contract, ({ value }) => of(value))
      const link = scene.link()
      const bad = watch(defer(() => exchange$(link, contract, 'bad')))
      expectFailure(await scene.eventually(bad.ended()), 'encode')
      const good = watch(exchange$(link, contract, 'good'))
      expectEqual(await scene.eventually(good.until(1)), ['good'], 'the answer to the next')
    },
  },
  {
    name: 'a promise whose signal is aborted already asks nobody',
    needs: ['properties'],
    run: async (scene) => {
      const asked = await plainResponder(scene, scene.topic('echo'), (question) => [replyTo(question, '')])
      const link = scene.link()
      const signal = AbortSignal.abort('no need')
      const call = watch(defer(() => request(link, echoOf(scene), 'x', { signal })))
      expectEqual(
        expectFailure(await scene.eventually(call.ended()), 'cancelled').cause,
        'no need',
        'its cause',
      )
      await scene.eventually(request(link, echoOf(scene), 'y'))
      expectEqual(asked.values.length, 1, 'the number of questions that left')
    },
  },
  {
    name: 'an answer that cannot be encoded is a 500 to its caller, and the next request is served',
    needs: ['properties'],
    run: async (scene) => {
      const choosy: Codec<string> = {
        ...text,
        encode: (value) => {
          if (value === '2') throw new Error('not this one')
          return text.encode(value)
        },
      }
      const contract = fixed(endpoint({ topic: scene.topic('echo'), request: text, response: choosy }))
      await serving(scene, contract, ({ value }) => of(value))
      const link = scene.link()
      const calls = numbers(3).map((value) => watch(exchange$(link, contract, value)))
      for (const call of calls) await scene.eventually(call.ended())
      const [, unsendable] = calls
      expectEqual(expectFailure(unsendable?.ending(), 'status').status?.code, 500, 'its status')
      expectEqual(
        calls.map(({ values }) => values),
        [['1'], [], ['3']],
        'the answers',
      )
    },
  },
)
