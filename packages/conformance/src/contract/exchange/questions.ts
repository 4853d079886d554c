import { bytes, correlationData, endpoint, exchange$, text } from '@antiphon/core'
import { fromUtf8, toUtf8 } from '@antiphon/core/codec'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { of } from 'rxjs'
import { casesOf, online, textOf, type CaseDefinition } from '../scene.js'
import { watch } from '../watch.js'
import { echoOf, fixed, plainResponder, replyTo, serving } from './stage.js'

/** What is promised of a question on the wire. */
export const questionCases: readonly CaseDefinition[] = casesOf(
  'questions',
  {
    name: 'a question says where its answer shall come: under its link’s own name, or where the caller wants it',
    needs: ['properties'],
    run: async (scene) => {
      const link = scene.link()
      const { clientId } = await online(scene, link)
      const asked = await plainResponder(scene, scene.topic('echo'), (question) => [replyTo(question, '')])
      await scene.eventually(watch(exchange$(link, echoOf(scene), 'x')).ended())
      const responseTopic = scene.topic('pool/1')
      await scene.eventually(watch(exchange$(link, echoOf(scene), 'x', { responseTopic })).ended())
      expectEqual(
        asked.values.map((question) => question.responseTopic),
        [`response/${clientId}`, responseTopic],
        'the response topics',
      )
    },
  },
  {
    name: 'the correlation of a question is a UUID in text, or its 16 bytes',
    needs: ['properties'],
    run: async (scene) => {
      const asked = await plainResponder(scene, scene.topic('echo'), (question) => [replyTo(question, '')])
      const link = scene.link()
      const correlation = correlationData({ format: 'bytes' })
      const inBytes = fixed(
        endpoint({ topic: scene.topic('echo'), request: text, response: text, correlation }),
      )
      for (const each of [echoOf(scene), inBytes])
        await scene.eventually(watch(exchange$(link, each, 'x')).ended())
      const [inText, raw] = asked.values.map((question) => question.correlationData)
      const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
      expectThat(uuid.test(fromUtf8(inText ?? toUtf8(''))), 'a UUID of version 4')
      expectEqual([raw?.length, (raw?.[6] ?? 0) >> 4], [16, 4], 'the length and version of the other')
    },
  },
  {
    name: 'a payload that is no text is told as such',
    needs: ['properties'],
    run: async (scene) => {
      const raw = fixed(endpoint({ topic: scene.topic('echo'), request: bytes, response: bytes }))
      const asked = await plainResponder(scene, scene.topic('echo'), (question) => [
        { ...replyTo(question, ''), payload: question.payload },
      ])
      const value = Uint8Array.of(0, 255, 192, 128)
      const call = watch(exchange$(scene.link(), raw, value))
      expectEqual(await scene.eventually(call.until(1)), [value], 'the answer')
      const [question] = asked.values
      expectEqual(question?.contentType, 'application/octet-stream', 'the content type')
      expectThat(question?.payloadFormatIndicator !== true, 'no claim to be text')
    },
  },
  {
    name: 'a question expires when its caller stops waiting, in whole seconds, rounded up',
    needs: ['properties'],
    run: async (scene) => {
      const link = scene.link()
      await online(scene, link)
      const asked = await plainResponder(scene, scene.topic('echo'), (question) => [replyTo(question, '')])
      for (const timeout of [500, 1_700, 60_000])
        await scene.eventually(watch(exchange$(link, echoOf(scene), 'x', { timeout })).ended())
      expectEqual(
        asked.values.map(({ messageExpiryInterval }) => messageExpiryInterval),
        [1, 2, 60],
        'the expiries',
      )
    },
  },
  {
    name: 'a question that is asked again has the same bytes, and what is left of its time',
    needs: ['properties'],
    run: async (scene) => {
      const link = scene.link()
      await online(scene, link)
      let times = 0
      const asked = await plainResponder(scene, scene.topic('echo'), (question) =>
        (times += 1) === 2 ? [replyTo(question, 'yes')] : [],
      )
      const options = { timeout: 3_100, retry: { count: 1, after: 200 } }
      const call = watch(exchange$(link, echoOf(scene), 'x', options))
      expectEqual(await scene.eventually(call.until(1)), ['yes'], 'the answer')
      const [first, second] = asked.values.map(({ dup: _, ...question }) => question)
      expectEqual(first?.messageExpiryInterval, 4, 'the first expiry')
      expectEqual(second, { ...first, messageExpiryInterval: 3 }, 'the repetition')
    },
  },
  {
    name: 'the caller’s user properties come to the handler, repeated ones in their order',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), ({ message: { userProperties = [] } }) =>
        of(userProperties.map((pair) => pair.join('=')).join('&')),
      )
      const userProperties = [
        ['colour', 'red'],
        ['colour', 'blue'],
        ['size', 'ü'],
      ] as const
      const call = watch(exchange$(scene.link(), echoOf(scene), 'x', { userProperties }))
      expectEqual(await scene.eventually(call.until(1)), ['colour=red&colour=blue&size=ü'], 'what came')
    },
  },
  {
    name: 'the parameters of a topic are filled in by the caller and read by the handler',
    needs: ['properties'],
    run: async (scene) => {
      const rooms = endpoint({ topic: `${scene.topic('rooms')}/{room}/ask`, request: text, response: text })
      await serving(scene, rooms, ({ params, value }) => of(`${value} in ${params.room ?? ''}`))
      const link = scene.link()
      for (const room of ['kitchen', 'Küche 1', '$']) {
        const call = watch(exchange$(link, rooms, { params: { room }, value: 'warm' }))
        expectEqual(await scene.eventually(call.until(1)), [`warm in ${room}`], 'the answer')
      }
    },
  },
  {
    name: 'with fixed parameters a responder hears of its own alone',
    needs: ['properties'],
    run: async (scene) => {
      const rooms = endpoint({ topic: `${scene.topic('rooms')}/{room}/ask`, request: text, response: text })
      const heard: string[] = []
      await serving(
        scene,
        rooms,
        ({ params, value }) => {
          heard.push(params.room ?? '')
          return of(value)
        },
        { requests: { params: { room: 'kitchen' } } },
      )
      const link = scene.link()
      const other = watch(exchange$(link, rooms, { params: { room: 'attic' }, value: 'x' }))
      const own = watch(exchange$(link, rooms, { params: { room: 'kitchen' }, value: 'x' }))
      await scene.eventually(own.ended())
      await scene.settle()
      expectEqual([heard, other.values], [['kitchen'], []], 'who was asked, and what else was answered')
      other.unsubscribe()
    },
  },
  {
    name: 'an answer comes at the QoS of its question',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), ({ value }) => of(value), { requests: { qos: 2 } })
      const replies = watch(scene.peer.messages$(scene.topic('answers'), { qos: 2 }))
      const asked = watch(scene.peer.subscription$(scene.topic('answers'), { qos: 2 }))
      await scene.eventually(asked.until(1))
      for (const qos of [0, 1, 2] as const) {
        const question = {
          topic: scene.topic('echo'),
          payload: toUtf8('x'),
          qos,
          responseTopic: scene.topic('answers'),
          correlationData: Uint8Array.of(qos),
        }
        await scene.eventually(watch(scene.peer.publish$(question)).ended())
        await scene.eventually(replies.until(qos + 1))
      }
      expectEqual(
        replies.values.map((reply) => [textOf(reply), reply.qos]),
        [
          ['x', 0],
          ['x', 1],
          ['x', 2],
        ],
        'the replies',
      )
      asked.unsubscribe()
    },
  },
)
