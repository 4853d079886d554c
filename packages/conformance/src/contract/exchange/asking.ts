import { exchange$, request, request$, strays$, type ExchangeOptions } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { defer, from, of } from 'rxjs'
import {
  casesOf,
  expectFailure,
  numbers,
  outgoing,
  send,
  textOf,
  textsOf,
  type CaseDefinition,
} from '../scene.js'
import { watch } from '../watch.js'
import { echoOf, pause, plainResponder, replyTo, serving } from './stage.js'

/** What asking promises. */
export const askingCases: readonly CaseDefinition[] = casesOf(
  'asking',
  {
    name: 'a question gets its answer',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      await serving(scene, echo, ({ value }) => of(`${value}!`))
      const call = watch(exchange$(scene.link(), echo, 'hello'))
      expectEqual(await scene.eventually(call.ended()), 'complete', 'how the call ended')
      expectEqual(call.values, ['hello!'], 'the answer')
    },
  },
  {
    name: 'many questions at once on one topic get each its own answer',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      await serving(scene, echo, ({ value }) => of(`${value}!`), { serve: { concurrency: 1_000 } })
      const options = { ordered: true, timeout: 60_000 }
      const answers = watch(from(numbers(1_000)).pipe(request$(scene.link(), echo, options)))
      expectEqual(await scene.eventually(answers.ended()), 'complete', 'how it ended')
      const expected = numbers(1_000).map((question) => `${question}!`)
      expectEqual(answers.values, expected, 'the answers')
    },
  },
  {
    name: 'concurrent questions share one response subscription',
    needs: ['properties', 'count-packets'],
    run: async (scene) => {
      const echo = echoOf(scene)
      await serving(scene, echo, ({ value }) => of(value))
      const options: ExchangeOptions = { responseTopic: scene.topic('pool/instance1') }
      const link = scene.link()
      const first = watch(from(numbers(50)).pipe(request$(link, echo, options)))
      const second = watch(from(numbers(50)).pipe(request$(link, echo, options)))
      await scene.eventually(first.ended())
      await scene.eventually(second.ended())
      const packets = await scene.packets(scene.topic('pool/instance1'))
      expectEqual(packets, { subscribe: 1, unsubscribe: 0 }, 'the packets that named the response topic')
    },
  },
  {
    name: 'a peer that only echoes correlation to the response topic answers in full',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      const asked = await plainResponder(scene, scene.topic('echo'), (question) => [
        replyTo(question, textOf(question)),
      ])
      const call = watch(exchange$(scene.link(), echo, 'hello'))
      expectEqual(await scene.eventually(call.until(1)), ['hello'], 'the answer')
      const [question] = asked.values
      expectThat(question !== undefined, 'a question')
      const { contentType, payloadFormatIndicator, messageExpiryInterval, qos, retain } = question
      expectEqual(
        { contentType, payloadFormatIndicator, qos, retain },
        { contentType: 'text/plain', payloadFormatIndicator: true, qos: 1, retain: false },
        'what the question carries',
      )
      expectThat(
        (messageExpiryInterval ?? 0) >= 4 && (messageExpiryInterval ?? 9) <= 5,
        'an expiry of 4 or 5 s',
      )
      expectEqual(question.correlationData?.length, 36, 'the length of its correlation')
    },
  },
  {
    name: 'questions go at the QoS that is asked for',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      const link = scene.link()
      await serving(scene, echo, ({ message }) => of(String(message.qos)), { requests: { qos: 2 } })
      for (const qos of [0, 1, 2] as const) {
        const call = watch(exchange$(link, echo, 'which?', { qos }))
        expectEqual(await scene.eventually(call.until(1)), [String(qos)], `the QoS of a question at ${qos}`)
      }
    },
  },
  {
    name: 'late, repeated and unknown replies are acknowledged, told to strays$ and never given',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      await plainResponder(scene, scene.topic('echo'), (question) => [
        replyTo(question, 'first'),
        replyTo(question, 'repeated'),
        replyTo(question, 'unknown', { correlationData: Uint8Array.of(0, 255) }),
      ])
      const link = scene.link()
      const strays = watch(strays$(link))
      const call = watch(exchange$(link, echo, 'x'))
      await scene.eventually(strays.until(2))
      await scene.settle()
      expectEqual(call.values, ['first'], 'the answers')
      expectEqual(textsOf(strays.values.map(({ message }) => message)), ['repeated', 'unknown'], 'the strays')
    },
  },
  {
    name: 'the right correlation on another response topic answers nothing',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      const [mine, other] = [scene.topic('pool/1'), scene.topic('pool/2')]
      const asked = await plainResponder(scene, scene.topic('echo'), () => [])
      const link = scene.link()
      const strays = watch(strays$(link))
      const call = watch(exchange$(link, echo, 'x', { responseTopic: mine }))
      const waiting = watch(exchange$(link, echo, 'y', { responseTopic: other }))
      await scene.eventually(asked.until(2))
      const question = asked.values.find(({ responseTopic }) => responseTopic === mine)
      expectThat(question !== undefined, 'the question')
      await send(scene, scene.peer, replyTo(question, 'wrong', { topic: other }))
      await scene.eventually(strays.until(1))
      await send(scene, scene.peer, replyTo(question, 'right'))
      expectEqual(await scene.eventually(call.until(1)), ['right'], 'the answer')
      expectEqual(waiting.values, [], 'what the other question got')
    },
  },
  {
    name: 'a refused response subscription fails the question at once',
    needs: ['properties', 'refuse-subscribe'],
    run: async (scene) => {
      const echo = echoOf(scene)
      const responseTopic = scene.topic('forbidden')
      await scene.refuseSubscribe(responseTopic, 0x87)
      const call = watch(exchange$(scene.link(), echo, 'x', { responseTopic, timeout: 60_000 }))
      const ending = await scene.eventually(call.ended())
      expectFailure(ending, 'subscribe-refused')
    },
  },
  {
    name: 'a refused question fails at once',
    needs: ['properties', 'refuse-publish'],
    run: async (scene) => {
      const echo = echoOf(scene)
      await scene.refusePublish(scene.topic('echo'), 0x87)
      const call = watch(exchange$(scene.link(), echo, 'x', { timeout: 60_000 }))
      expectFailure(await scene.eventually(call.ended()), 'publish-refused', 0x87)
    },
  },
  {
    name: 'a question nobody hears fails at once where that is asked for',
    needs: ['properties', 'no-subscribers'],
    run: async (scene) => {
      const call = watch(exchange$(scene.link(), echoOf(scene), 'x', { failFast: true, timeout: 60_000 }))
      expectFailure(await scene.eventually(call.ended()), 'no-responder', 0x10)
    },
  },
  {
    name: 'a question nobody answers fails when its time is up, and says what it waited for',
    needs: ['properties'],
    run: async (scene) => {
      const call = watch(exchange$(scene.link(), echoOf(scene), 'x', { timeout: 700 }))
      const error = expectFailure(await scene.eventually(call.ended()), 'timeout')
      expectEqual([error.phase, error.awaited], ['after-network', 'answer'], 'its phase')
    },
  },
  {
    name: 'a question is asked again, under the same correlation, until somebody answers',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      let asked = 0
      const tokens = new Set<string>()
      await plainResponder(scene, scene.topic('echo'), (question) => {
        tokens.add(textOf({ payload: question.correlationData ?? new Uint8Array() }))
        asked += 1
        return asked === 3 ? [replyTo(question, 'at last')] : []
      })
      const retry = { count: 4, after: 100 }
      const call = watch(exchange$(scene.link(), echo, 'x', { retry }))
      expectEqual(await scene.eventually(call.until(1)), ['at last'], 'the answer')
      expectEqual(tokens.size, 1, 'the number of correlations it was asked under')
    },
  },
  {
    name: 'leaving a question tells its responder, once',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      const asked = await plainResponder(scene, scene.topic('echo'), () => [])
      const call = watch(exchange$(scene.link(), echo, 'x'))
      const [question] = await scene.eventually(asked.until(1))
      call.unsubscribe()
      const [, cancel] = await scene.eventually(asked.until(2))
      await scene.settle()
      expectEqual(
        { ...cancel, payload: cancel?.payload.length },
        {
          ...question,
          payload: 0,
          contentType: undefined,
          payloadFormatIndicator: undefined,
          userProperties: [['__stat', '499']],
          messageExpiryInterval: cancel?.messageExpiryInterval,
        },
        'the cancel, beside the question',
      )
      expectEqual(asked.values.length, 2, 'the messages on the request topic')
    },
  },
  {
    name: 'a promise settles with the answer, or with the abort of its signal',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      const never = new AbortController()
      await serving(scene, echo, ({ value }) =>
        value === 'wait' ? new Promise<string>(() => undefined) : of(value),
      )
      const link = scene.link()
      expectEqual(
        await scene.eventually(request(link, echo, 'hello', { signal: never.signal })),
        'hello',
        'the answer',
      )
      const aborted = new AbortController()
      const waiting = watch(defer(() => request(link, echo, 'wait', { signal: aborted.signal })))
      await pause(scene, link, 50)
      aborted.abort('enough')
      const error = expectFailure(await scene.eventually(waiting.ended()), 'cancelled')
      expectEqual(error.cause, 'enough', 'its cause')
    },
  },
  {
    name: 'a reply without a status, or with one below 400, is an answer; any other is an error that says it',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      await plainResponder(scene, scene.topic('echo'), (question) => [
        replyTo(question, 'payload', { userProperties: [['__stat', textOf(question)]] }),
      ])
      const link = scene.link()
      for (const status of ['200', '299']) {
        const call = watch(exchange$(link, echo, status))
        expectEqual(await scene.eventually(call.until(1)), ['payload'], `the answer with status ${status}`)
      }
      for (const [status, code] of [
        ['400', 'status'],
        ['599', 'status'],
        ['OK', 'protocol'],
      ] as const) {
        const call = watch(exchange$(link, echo, status))
        const error = expectFailure(await scene.eventually(call.ended()), code)
        if (code === 'status') expectEqual(error.status?.code, Number(status), 'the status')
      }
    },
  },
  {
    name: 'noise on the response topic disturbs nobody',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      const responseTopic = scene.topic('noisy')
      await plainResponder(scene, scene.topic('echo'), (question) => [
        outgoing(responseTopic, 'no correlation'),
        outgoing(responseTopic, '', { correlationData: new Uint8Array(65_535) }),
        outgoing(responseTopic, '', {
          correlationData: new Uint8Array(),
          userProperties: [['__stat', '500']],
        }),
        replyTo(question, 'fine'),
      ])
      const call = watch(exchange$(scene.link(), echo, 'x', { responseTopic }))
      expectEqual(await scene.eventually(call.until(1)), ['fine'], 'the answer')
    },
  },
)
