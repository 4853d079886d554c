import { exchange$, request$, requestMany, userProperty, type Message } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { interval, map, of } from 'rxjs'
import { casesOf, expectFailure, numbers, textOf, textsOf, type CaseDefinition } from '../scene.js'
import { watch } from '../watch.js'
import { plainCaller, plainResponder, replyTo, serving, statusOf, token } from './stage.js'
import { counting, streamOf } from './stream-stage.js'

const placeOf = ({ userProperties }: Message): string | undefined => userProperty(userProperties, '__stream')

/** What streams of answers promise to plain peers, and bear from them. */
export const streamWireCases: readonly CaseDefinition[] = casesOf(
  'many answers on the wire',
  {
    name: 'items carry their place, and the end has one behind them',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, streamOf(scene), counting().handler)
      const caller = await plainCaller(scene, scene.topic('stream'))
      await caller.ask('3')
      const replies = await scene.eventually(caller.replies.until(4))
      expectEqual(textsOf(replies), ['1', '2', '3', ''], 'the payloads')
      expectEqual(replies.map(placeOf), ['0', '1', '2', '3:last'], 'the places')
      expectThat(
        replies.every((reply) => Number(statusOf(reply)) < 400),
        'no failure',
      )
    },
  },
  {
    name: 'a stream goes no further than a plain peer’s credit, and on with its grant',
    needs: ['properties'],
    run: async (scene) => {
      const { handler, made } = counting()
      await serving(scene, streamOf(scene), handler)
      const caller = await plainCaller(scene, scene.topic('stream'))
      await caller.ask('5', { ...token('one'), userProperties: [['__credit', '2']] })
      await scene.eventually(caller.replies.until(2))
      await scene.settle()
      expectEqual([caller.replies.values.length, made()], [2, 2], 'what came, and was made')
      await caller.ask('', { ...token('one'), userProperties: [['__grant', '1']] })
      await scene.eventually(caller.replies.until(3))
      await scene.settle()
      expectEqual([caller.replies.values.length, made()], [3, 3], 'what came, and was made, after a grant')
      await caller.ask('', { ...token('one'), userProperties: [['__grant', '10']] })
      await scene.eventually(caller.replies.until(6))
      expectEqual(textsOf(caller.replies.values), [...numbers(5), ''], 'all that came')
    },
  },
  {
    name: 'a plain peer’s cancel stops a stream, and nothing more comes',
    needs: ['properties'],
    run: async (scene) => {
      const { handler, isStopped } = counting()
      const { records } = await serving(scene, streamOf(scene), handler)
      const caller = await plainCaller(scene, scene.topic('stream'))
      await caller.ask('1000', { ...token('one'), userProperties: [['__credit', '3']] })
      await scene.eventually(caller.replies.until(3))
      await caller.ask('', { ...token('one'), userProperties: [['__stat', '499']] })
      const [record] = await scene.eventually(records.until(1))
      await scene.settle()
      expectEqual([record?.outcome, isStopped()], ['cancelled', true], 'what became of it')
      expectEqual(caller.replies.values.length, 3, 'the number of items')
    },
  },
  {
    name: 'a stream whose items reach nobody is stopped',
    needs: ['properties', 'no-subscribers'],
    run: async (scene) => {
      const { handler, isStopped } = counting()
      const { records } = await serving(scene, streamOf(scene), handler)
      const caller = await plainCaller(scene, scene.topic('stream'))
      await caller.ask('1000000', { responseTopic: scene.topic('nowhere') })
      const [record] = await scene.eventually(records.until(1))
      expectEqual([record?.outcome, isStopped()], ['cancelled', true], 'what became of it')
    },
  },
  {
    name: 'a repetition of a stream that has ended gets the same items, and nothing runs again',
    needs: ['properties'],
    run: async (scene) => {
      const { handler, made } = counting()
      await serving(scene, streamOf(scene), handler)
      const caller = await plainCaller(scene, scene.topic('stream'))
      for (const times of [1, 2]) {
        await caller.ask('3', token('same'))
        await scene.eventually(caller.replies.until(4 * times))
      }
      const [first, second] = [caller.replies.values.slice(0, 4), caller.replies.values.slice(4)]
      expectEqual(second, first, 'what came the second time')
      expectEqual(made(), 3, 'the number of items made')
    },
  },
  {
    name: 'two streams at once keep apart',
    needs: ['properties'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      await serving(
        scene,
        streamOf(scene),
        ({ value }) => interval(Number(value), link.scheduler).pipe(map((index) => `${value}.${index}`)),
        { link },
      )
      const caller = scene.link()
      const asked = ['5', '7']
      const calls = asked.map((value) => watch(exchange$(caller, streamOf(scene), value)))
      for (const call of calls) await scene.eventually(call.until(10))
      for (const call of calls) call.unsubscribe()
      expectEqual(
        calls.map(({ values }) => values.slice(0, 10)),
        asked.map((value) => Array.from({ length: 10 }, (_, index) => `${value}.${index}`)),
        'the items',
      )
    },
  },
  {
    name: 'a failure in the place of the end comes after the items before it',
    needs: ['properties'],
    run: async (scene) => {
      await plainResponder(scene, scene.topic('stream'), (question) => [
        replyTo(question, '', {
          userProperties: [
            ['__stream', '2:last'],
            ['__stat', '500'],
          ],
        }),
        ...['1', '0'].map((place) => replyTo(question, place, { userProperties: [['__stream', place]] })),
      ])
      const call = watch(exchange$(scene.link(), streamOf(scene), 'x'))
      expectEqual(
        expectFailure(await scene.eventually(call.ended()), 'status').status?.code,
        500,
        'the status',
      )
      expectEqual(call.values, ['0', '1'], 'the items before it')
    },
  },
  {
    name: 'an item without a place, or with one that is none, breaks the protocol',
    needs: ['properties'],
    run: async (scene) => {
      await plainResponder(scene, scene.topic('stream'), (question) => [
        replyTo(
          question,
          'item',
          textOf(question) === 'none' ? {} : { userProperties: [['__stream', textOf(question)]] },
        ),
      ])
      const link = scene.link()
      for (const place of ['none', '-1', '1.5', 'last', '0:first', '']) {
        const call = watch(exchange$(link, streamOf(scene), place))
        expectFailure(await scene.eventually(call.ended()), 'protocol')
      }
    },
  },
  {
    name: 'items beyond the caller’s credit break the protocol',
    needs: ['properties'],
    run: async (scene) => {
      await plainResponder(scene, scene.topic('stream'), (question) =>
        question.payload.length === 0
          ? []
          : ['2', '1', '0'].map((place) =>
              replyTo(question, place, { userProperties: [['__stream', place]] }),
            ),
      )
      const call = watch(exchange$(scene.link(), streamOf(scene), 'x', { credit: 2 }))
      expectFailure(await scene.eventually(call.ended()), 'protocol')
      expectEqual(call.values, [], 'the items')
    },
  },
  {
    name: 'a loop that is left early tells the responder',
    needs: ['properties'],
    run: async (scene) => {
      const { handler, isStopped } = counting()
      const { records } = await serving(scene, streamOf(scene), handler)
      const items = requestMany(scene.link(), streamOf(scene), '1000', { credit: 2 })[Symbol.asyncIterator]()
      await scene.eventually(items.next())
      await scene.eventually(Promise.resolve(items.return?.()))
      const [record] = await scene.eventually(records.until(1))
      expectEqual([record?.outcome, isStopped()], ['cancelled', true], 'what became of it')
    },
  },
  {
    name: 'the streams of several questions come together in one',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, streamOf(scene), counting().handler)
      const link = scene.link()
      const items = watch(of('2', '3').pipe(request$(link, streamOf(scene), { ordered: true })))
      expectEqual(await scene.eventually(items.ended()), 'complete', 'how it ended')
      expectEqual(items.values, ['1', '2', '1', '2', '3'], 'the items')
    },
  },
)
