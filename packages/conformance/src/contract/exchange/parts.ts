import { exchange$, type Message, type OutgoingMessage } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { expectEqual } from '@antiphon/testing/internal'
import { of } from 'rxjs'
import { casesOf, expectFailure, textsOf, type CaseDefinition } from '../scene.js'
import { watch } from '../watch.js'
import { echoOf, plainCaller, plainResponder, replyTo, serving, statusOf, token } from './stage.js'

/** `123456789` in three parts, with the check sum that CRC-32C is known by. */
const parts = [
  { text: '123', header: '0:3:9:e3069283' },
  { text: '456', header: '1:3:9' },
  { text: '789', header: '2:3:9' },
] as const

/** The user property of a part, before others. */
function part(header: string): Pick<OutgoingMessage, 'userProperties'> {
  return { userProperties: [['__chunk', header]] }
}

/** What is promised of payloads that travel in parts. */
export const partsCases: readonly CaseDefinition[] = casesOf(
  'payloads in parts',
  {
    name: 'a large question and its large answer come whole',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), ({ value }) => of(`${value}!`))
      const large = 'Nächte '.repeat(70_000)
      const call = watch(exchange$(scene.link(), echoOf(scene), large))
      expectEqual(await scene.eventually(call.ended()), 'complete', 'how it ended')
      expectEqual(call.values[0] === `${large}!`, true, 'whether the answer came whole')
    },
  },
  {
    name: 'a request in parts is one request, whatever their order and however often they come',
    needs: ['properties'],
    run: async (scene) => {
      const handled: string[] = []
      await serving(scene, echoOf(scene), ({ value }) => {
        handled.push(value)
        return of(`${value}!`)
      })
      const caller = await plainCaller(scene, scene.topic('echo'))
      for (const { text, header } of [parts[2], parts[0], parts[0], parts[1]])
        await caller.ask(text, { ...token('large'), ...part(header) })
      await scene.eventually(caller.replies.until(1))
      await scene.settle()
      expectEqual(textsOf(caller.replies.values), ['123456789!'], 'the replies')
      expectEqual(handled, ['123456789'], 'what was handled')
    },
  },
  {
    name: 'parts that make no whole are refused, nobody is answered, and the next request is served',
    needs: ['properties'],
    run: async (scene) => {
      const { refusals } = await serving(scene, echoOf(scene), ({ value }) => of(value))
      const caller = await plainCaller(scene, scene.topic('echo'))
      const wrong: Readonly<Record<string, readonly string[]>> = {
        'check sum': ['0:3:9:00000000', '1:3:9', '2:3:9'],
        header: ['whole'],
        'size above the bound': ['0:2:16777217:e3069283'],
        'more than the whole': ['0:2:3:e3069283', '1:2:3'],
        disagreeing: ['0:3:9:e3069283', '1:4:9'],
      }
      for (const [name, headers] of Object.entries(wrong))
        for (const [index, header] of headers.entries())
          await caller.ask(parts[index]?.text ?? '', { ...token(name), ...part(header) })
      await caller.ask('fine')
      await scene.eventually(caller.replies.until(1))
      await scene.settle()
      expectEqual(textsOf(caller.replies.values), ['fine'], 'the replies')
      expectEqual(
        refusals.values.map(({ reason }) => reason),
        Object.keys(wrong).map(() => 'invalid'),
        'the refusals',
      )
    },
  },
  {
    name: 'parts of different requests do not mix',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), ({ value }) => of(value))
      const caller = await plainCaller(scene, scene.topic('echo'))
      for (const { text, header } of parts)
        for (const name of ['one', 'other']) await caller.ask(text, { ...token(name), ...part(header) })
      const replies = await scene.eventually(caller.replies.until(2))
      expectEqual(textsOf(replies), ['123456789', '123456789'], 'the replies')
      expectEqual(
        replies.map((reply) => reply.correlationData),
        ['one', 'other'].map((name) => toUtf8(name)),
        'what they answer',
      )
    },
  },
  {
    name: 'an answer in parts from a plain peer comes whole, and one that makes no whole is an error',
    needs: ['properties'],
    run: async (scene) => {
      const inParts = (question: Message, headers: readonly string[]): readonly OutgoingMessage[] =>
        headers.map((header, index) => replyTo(question, parts[index]?.text ?? '', part(header)))
      await plainResponder(scene, scene.topic('echo'), (question) =>
        question.payload.length === 5
          ? [
              ...inParts(
                question,
                parts.map(({ header }) => header),
              ),
            ].reverse()
          : inParts(question, ['0:2:9:e3069283', '1:2:9']),
      )
      const link = scene.link()
      const whole = watch(exchange$(link, echoOf(scene), 'whole'))
      expectEqual(await scene.eventually(whole.until(1)), ['123456789'], 'the answer')
      const broken = watch(exchange$(link, echoOf(scene), 'broken'))
      expectFailure(await scene.eventually(broken.ended()), 'protocol')
    },
  },
  {
    name: 'a repetition in parts of a request that was answered gets its reply again',
    needs: ['properties'],
    run: async (scene) => {
      let runs = 0
      await serving(scene, echoOf(scene), () => of(`run ${(runs += 1)}`))
      const caller = await plainCaller(scene, scene.topic('echo'))
      for (const times of [1, 2]) {
        for (const { text, header } of parts) await caller.ask(text, { ...token('same'), ...part(header) })
        await scene.eventually(caller.replies.until(times))
      }
      expectEqual(textsOf(caller.replies.values), ['run 1', 'run 1'], 'the replies')
      expectEqual(
        caller.replies.values.map((reply) => statusOf(reply)),
        ['200', '200'],
        'their statuses',
      )
    },
  },
)
