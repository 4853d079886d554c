import {
  ApplicationError,
  countsOf,
  endpoint,
  exchange$,
  request$,
  requestEither$,
  text,
  type Link,
  type UserProperties,
} from '@antiphon/core'
import { expectEqual } from '@antiphon/testing/internal'
import { isRight } from 'fp-ts/lib/Either.js'
import { delay, from, NEVER, of, Subject, tap, throwError } from 'rxjs'
import { casesOf, expectFailure, numbers, textOf, type CaseDefinition, type Scene } from '../scene.js'
import { watch } from '../watch.js'
import { count, echoOf, fixed, pause, plainResponder, replyTo, serving } from './stage.js'

/** What a caller is told of a reply with these user properties. */
async function statusTold(scene: Scene, link: Link, question: string): Promise<unknown> {
  const call = watch(exchange$(link, echoOf(scene), question))
  return expectFailure(await scene.eventually(call.ended()), 'status').status
}

/** What callers are promised of questions that fail, one by one and in a stream. */
export const failingCases: readonly CaseDefinition[] = casesOf(
  'failing and counting',
  {
    name: 'a failure is told with all that the reply says of it',
    needs: ['properties'],
    run: async (scene) => {
      const replies: Readonly<Record<string, UserProperties>> = {
        header: [
          ['__stat', '400'],
          ['__propName', 'x'],
          ['__propVal', 'y'],
        ],
        type: [
          ['__stat', '415'],
          ['__stMsg', 'no XML'],
          ['__propName', 'Content Type'],
          ['__propVal', 'a/xml'],
        ],
        odd: [['__stat', '612']],
      }
      await plainResponder(scene, scene.topic('echo'), (question) => [
        replyTo(question, '', { userProperties: replies[textOf(question)] ?? [] }),
      ])
      const link = scene.link()
      const nothing = { isApplicationError: false }
      expectEqual(
        await statusTold(scene, link, 'header'),
        { ...nothing, code: 400, propertyName: 'x', propertyValue: 'y' },
        'of a header',
      )
      expectEqual(
        await statusTold(scene, link, 'type'),
        { ...nothing, code: 415, message: 'no XML', propertyName: 'Content Type', propertyValue: 'a/xml' },
        'of a content type',
      )
      expectEqual(await statusTold(scene, link, 'odd'), { ...nothing, code: 612 }, 'of an unknown one')
    },
  },
  {
    name: 'an application’s own error comes to the caller with its code and payload',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), () =>
        throwError(() => new ApplicationError({ code: 'full', message: 'no room', payload: '{"left":0}' })),
      )
      expectEqual(
        await statusTold(scene, scene.link(), 'x'),
        {
          code: 500,
          message: 'no room',
          isApplicationError: true,
          applicationCode: 'full',
          applicationPayload: '{"left":0}',
        },
        'the status',
      )
    },
  },
  {
    name: 'a failure counts as the application’s own unless __apErr is absent, empty or false in any case',
    needs: ['properties'],
    run: async (scene) => {
      await plainResponder(scene, scene.topic('echo'), (question) => [
        replyTo(question, '', {
          userProperties: [
            ['__stat', '500'],
            ['__apErr', textOf(question)],
          ],
        }),
      ])
      const link = scene.link()
      for (const [claim, isApplicationError] of [
        ['true', true],
        ['yes', true],
        ['0', true],
        ['', false],
        ['False', false],
      ] as const)
        expectEqual(
          await statusTold(scene, link, claim),
          { code: 500, isApplicationError },
          `what "${claim}" stands for`,
        )
    },
  },
  {
    name: 'an answer that does not decode fails its question and no other',
    needs: ['properties'],
    run: async (scene) => {
      const counting = fixed(endpoint({ topic: scene.topic('echo'), request: text, response: count }))
      await plainResponder(scene, scene.topic('echo'), (question) => [replyTo(question, textOf(question))])
      const link = scene.link()
      const bad = watch(exchange$(link, counting, 'many'))
      const good = watch(exchange$(link, counting, '2'))
      expectFailure(await scene.eventually(bad.ended()), 'decode')
      expectEqual(await scene.eventually(good.until(1)), [2], 'the answer to the other')
    },
  },
  {
    name: 'a handler out of its own time is a 408 to its caller',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), () => NEVER, { serve: { timeLimit: 50 } })
      const call = watch(exchange$(scene.link(), echoOf(scene), 'x'))
      const { status } = expectFailure(await scene.eventually(call.ended()), 'status')
      expectEqual(
        [status?.code, status?.propertyName, status?.propertyValue],
        [408, 'ExecutionTimeout', 'PT0.05S'],
        'the status',
      )
    },
  },
  {
    name: 'a busy responder is asked again, where that is allowed, until it has room',
    needs: ['properties'],
    run: async (scene) => {
      const go = new Subject<string>()
      await serving(scene, echoOf(scene), ({ value }) => (value === 'first' ? go : of(value)), {
        serve: { concurrency: 1, queue: 0 },
      })
      const link = scene.link()
      const first = watch(exchange$(link, echoOf(scene), 'first'))
      await pause(scene, link, 50)
      const impatient = watch(exchange$(link, echoOf(scene), 'second'))
      expectEqual(
        expectFailure(await scene.eventually(impatient.ended()), 'status').status?.code,
        503,
        'what it is told at first',
      )
      const retry = { count: 50, after: 4_000, backOff: { initial: 20, maximum: 20, jitter: 0 } }
      const patient = watch(exchange$(link, echoOf(scene), 'third', { retry }))
      await pause(scene, link, 100)
      go.next('done')
      expectEqual(await scene.eventually(patient.until(1)), ['third'], 'the answer')
      expectEqual(first.values, ['done'], 'the answer to the first')
    },
  },
  {
    name: 'which failures are worth asking again for is the caller’s to say',
    needs: ['properties'],
    run: async (scene) => {
      let asked = 0
      await plainResponder(scene, scene.topic('echo'), (question) => {
        asked += 1
        const status = textOf(question) === 'never' ? '400' : asked < 3 ? '500' : '200'
        return [replyTo(question, 'at last', { userProperties: [['__stat', status]] })]
      })
      const link = scene.link()
      const retry = {
        count: 5,
        after: 4_000,
        on: ({ status }: { readonly status?: { readonly code: number } }) => status?.code === 500,
        backOff: { initial: 10, maximum: 10, jitter: 0 },
      }
      const call = watch(exchange$(link, echoOf(scene), 'x', { retry }))
      expectEqual(await scene.eventually(call.until(1)), ['at last'], 'the answer')
      expectEqual(asked, 3, 'how often it was asked')
      const other = watch(exchange$(link, echoOf(scene), 'never', { retry }))
      expectFailure(await scene.eventually(other.ended()), 'status')
      expectEqual(asked, 4, 'how often both were asked')
    },
  },
  {
    name: 'a stream of Eithers lives on through failures',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, echoOf(scene), ({ value }) =>
        value === '2' ? throwError(() => new Error('no')) : of(value),
      )
      const answers = watch(
        from(numbers(3)).pipe(requestEither$(scene.link(), echoOf(scene), { ordered: true })),
      )
      expectEqual(await scene.eventually(answers.ended()), 'complete', 'how it ended')
      expectEqual(
        answers.values.map((each) => (isRight(each) ? each.right : each.left.code)),
        ['1', 'status', '3'],
        'the answers',
      )
    },
  },
  {
    name: 'a failure ends a plain stream of answers, and cancels what is open',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      const { records } = await serving(scene, echo, ({ value }) =>
        value === 'fail' ? throwError(() => new Error('no')) : NEVER,
      )
      const link = scene.link()
      const answers = watch(from(['wait', 'fail']).pipe(request$(link, echo)))
      expectFailure(await scene.eventually(answers.ended()), 'status')
      await scene.eventually(records.until(2))
      expectEqual(records.values.map(({ outcome }) => outcome).sort(), ['cancelled', 'failed'], 'the records')
      expectEqual(countsOf(link, echo).pending, 0, 'what is pending')
    },
  },
  {
    name: 'answers come as they are there, or in the order of their questions',
    needs: ['properties'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      await serving(
        scene,
        echoOf(scene),
        ({ value }) => of(value).pipe(delay(value === 'slow' ? 200 : 0, link.scheduler)),
        { link },
      )
      const caller = scene.link()
      for (const ordered of [false, true]) {
        const answers = watch(from(['slow', 'quick']).pipe(request$(caller, echoOf(scene), { ordered })))
        await scene.eventually(answers.ended())
        expectEqual(
          answers.values,
          ordered ? ['slow', 'quick'] : ['quick', 'slow'],
          ordered ? 'in order' : 'as they come',
        )
      }
    },
  },
  {
    name: 'no more questions are open at once than the caller allows, and no more wait',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      const link = scene.link({ isRemembered: true })
      const open = new Set<string>()
      let most = 0
      await serving(
        scene,
        echo,
        ({ value }) => {
          open.add(value)
          most = Math.max(most, open.size)
          return of(value).pipe(
            delay(30, link.scheduler),
            tap(() => open.delete(value)),
          )
        },
        { link },
      )
      const caller = scene.link()
      const limits = { concurrency: 2, queue: 3, ordered: true }
      const answers = watch(from(numbers(6)).pipe(requestEither$(caller, echo, limits)))
      expectEqual(await scene.eventually(answers.ended()), 'complete', 'how it ended')
      expectEqual(most, 2, 'how many were open at once')
      expectEqual(
        answers.values.map((each) => (isRight(each) ? each.right : each.left.code)).sort(),
        ['1', '2', '3', '4', '5', 'overflow'],
        'the answers',
      )
    },
  },
  {
    name: 'the counts of an endpoint say what became of each question',
    needs: ['properties'],
    run: async (scene) => {
      const echo = echoOf(scene)
      await serving(scene, echo, ({ value }) => {
        if (value === 'fail') return throwError(() => new Error('no'))
        return value === 'wait' ? NEVER : of(value)
      })
      const link = scene.link()
      const answered = watch(exchange$(link, echo, 'x'))
      const failed = watch(exchange$(link, echo, 'fail'))
      const late = watch(exchange$(link, echo, 'wait', { timeout: 200 }))
      const left = watch(exchange$(link, echo, 'wait'))
      for (const call of [answered, failed, late]) await scene.eventually(call.ended())
      expectEqual(countsOf(link, echo).pending, 1, 'what is pending')
      left.unsubscribe()
      expectEqual(
        countsOf(link, echo),
        { asked: 4, pending: 0, answered: 1, failed: 1, timedOut: 1, cancelled: 1, retried: 0 },
        'the counts',
      )
    },
  },
)
