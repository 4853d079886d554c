import { exchange$, gather$, requestMany } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { isLeft } from 'fp-ts/lib/Either.js'
import { concat, delay, interval, map, of, take, throwError } from 'rxjs'
import { casesOf, expectFailure, numbers, textOf, type CaseDefinition } from '../scene.js'
import { watch } from '../watch.js'
import { echoOf, pause, plainResponder, replyTo, serving } from './stage.js'
import { counting, streamOf } from './stream-stage.js'

/** What streams of answers promise. */
export const streamCases: readonly CaseDefinition[] = casesOf(
  'many answers',
  {
    name: 'a stream of answers comes whole, in order, and ends',
    needs: ['properties'],
    run: async (scene) => {
      const { records } = await serving(scene, streamOf(scene), counting().handler)
      for (const count of ['0', '1', '500']) {
        const call = watch(exchange$(scene.link(), streamOf(scene), count))
        expectEqual(await scene.eventually(call.ended()), 'complete', `how ${count} items ended`)
        expectEqual(call.values, numbers(Number(count)), 'the items')
      }
      await scene.eventually(records.until(3))
    },
  },
  {
    name: 'an error after k items comes after k items',
    needs: ['properties'],
    run: async (scene) => {
      const failing = concat(
        of('a', 'b', 'c'),
        throwError(() => new Error('no more')),
      )
      await serving(scene, streamOf(scene), () => failing)
      const call = watch(exchange$(scene.link(), streamOf(scene), ''))
      const error = expectFailure(await scene.eventually(call.ended()), 'status')
      expectEqual(
        [call.values, error.status?.code],
        [['a', 'b', 'c'], 500],
        'what came before it, and its status',
      )
    },
  },
  {
    name: 'items out of turn are put in order, repeated ones dropped, a gap reported',
    needs: ['properties'],
    run: async (scene) => {
      await plainResponder(scene, scene.topic('stream'), (question) => {
        const places = textOf(question).split(' ')
        return places.map((place) =>
          replyTo(question, place.endsWith('last') ? '' : place, { userProperties: [['__stream', place]] }),
        )
      })
      const link = scene.link()
      const whole = watch(exchange$(link, streamOf(scene), '1 1 3:last 0 2 2'))
      expectEqual(await scene.eventually(whole.ended()), 'complete', 'how a shuffled stream ended')
      expectEqual(whole.values, ['0', '1', '2'], 'its items')
      const gap = watch(exchange$(link, streamOf(scene), '0 2 3:last', { timeout: 500 }))
      expectFailure(await scene.eventually(gap.ended()), 'timeout')
      expectEqual(gap.values, ['0'], 'the items before the gap')
    },
  },
  {
    name: 'a slow loop stops a fast responder: it is never asked for more than the credit ahead',
    needs: ['properties'],
    run: async (scene) => {
      const { handler, made } = counting()
      await serving(scene, streamOf(scene), handler)
      const link = scene.link()
      const items = requestMany(link, streamOf(scene), '40', { credit: 5 })[Symbol.asyncIterator]()
      const taken: string[] = []
      for (const expected of numbers(40)) {
        const { value } = (await scene.eventually(items.next())) as IteratorYieldResult<string>
        taken.push(value)
        if (Number(expected) % 10 === 0) await pause(scene, link, 50)
        expectThat(made() - taken.length <= 5, `no more than 5 ahead, not ${made() - taken.length}`)
      }
      expectEqual(taken, numbers(40), 'the items')
      expectEqual((await scene.eventually(items.next())).done, true, 'the end')
    },
  },
  {
    name: 'a loop slower than its timeout keeps the stream alive',
    needs: ['properties'],
    run: async (scene) => {
      await serving(scene, streamOf(scene), counting().handler)
      const link = scene.link()
      const items = requestMany(link, streamOf(scene), '4', { credit: 2, timeout: 900 })[
        Symbol.asyncIterator
      ]()
      await scene.eventually(items.next())
      await pause(scene, link, 2_500)
      const rest = []
      for (
        let next = await scene.eventually(items.next());
        next.done !== true;
        next = await scene.eventually(items.next())
      )
        rest.push(next.value)
      expectEqual(rest, ['2', '3', '4'], 'the rest of the items')
    },
  },
  {
    name: 'leaving a stream stops its handler',
    needs: ['properties'],
    run: async (scene) => {
      const { handler, isStopped } = counting()
      const { records } = await serving(scene, streamOf(scene), handler)
      const call = watch(exchange$(scene.link(), streamOf(scene), '1000000', { credit: 10 }).pipe(take(3)))
      expectEqual(await scene.eventually(call.ended()), 'complete', 'how it ended')
      const [record] = await scene.eventually(records.until(1))
      expectEqual([record?.outcome, isStopped()], ['cancelled', true], 'what became of it')
    },
  },
  {
    name: 'a stream whose caller has vanished ends',
    needs: ['properties', 'cut'],
    run: async (scene) => {
      const { handler, isStopped } = counting()
      const { records } = await serving(scene, streamOf(scene), handler)
      const link = scene.link()
      const items = requestMany(link, streamOf(scene), '1000000', { credit: 2, timeout: 1_000 })
      await scene.eventually(items[Symbol.asyncIterator]().next())
      await scene.cut(link)
      await scene.eventually(records.until(1))
      expectThat(isStopped(), 'the handler to have stopped')
    },
  },
  {
    name: 'items are given as they come, and each is a sign of life',
    needs: ['properties'],
    run: async (scene) => {
      const link = scene.link()
      await serving(
        scene,
        streamOf(scene),
        () =>
          interval(400, link.scheduler).pipe(
            take(4),
            map((index) => String(index)),
          ),
        { link },
      )
      const call = watch(exchange$(scene.link(), streamOf(scene), '', { timeout: 1_000 }))
      expectEqual(await scene.eventually(call.ended()), 'complete', 'how it ended')
      expectEqual(call.values, ['0', '1', '2', '3'], 'the items')
    },
  },
)

/** What gathering promises. */
export const gatheringCases: readonly CaseDefinition[] = casesOf(
  'gathering',
  {
    name: 'the answers of many responders are gathered, failures among them, until enough have come',
    needs: ['properties'],
    run: async (scene) => {
      for (const name of ['ann', 'bob', 'cid'])
        await serving(scene, echoOf(scene), () =>
          name === 'bob' ? throwError(() => new Error('no')) : of(name),
        )
      const gathered = watch(gather$(scene.link(), echoOf(scene), 'who?', { count: 3, timeout: 60_000 }))
      expectEqual(await scene.eventually(gathered.ended()), 'complete', 'how it ended')
      const answers = gathered.values.map((each) =>
        isLeft(each) ? `error ${each.left.status?.code}` : each.right,
      )
      expectEqual(answers.sort(), ['ann', 'cid', 'error 500'], 'the answers')
    },
  },
  {
    name: 'a gathering ends with its total time, with a stall after the first answer, or with a sentinel',
    needs: ['properties'],
    run: async (scene) => {
      const scheduled = scene.link()
      await serving(scene, echoOf(scene), () => of('ann'))
      await serving(
        scene,
        echoOf(scene),
        ({ value }) => of(value === 'last' ? '' : 'late').pipe(delay(300, scheduled.scheduler)),
        { link: scheduled },
      )
      const link = scene.link()
      const gathered = async (question: string, options: Parameters<typeof gather$>[3]): Promise<unknown> => {
        const answers = watch(gather$(link, echoOf(scene), question, options))
        expectEqual(await scene.eventually(answers.ended()), 'complete', 'how it ended')
        return answers.values.map((each) => (isLeft(each) ? each.left.code : each.right))
      }
      expectEqual(await gathered('who?', { timeout: 1_000 }), ['ann', 'late'], 'by total time')
      expectEqual(await gathered('who?', { timeout: 5_000, stall: 100 }), ['ann'], 'by stall')
      expectEqual(await gathered('last', { timeout: 5_000, sentinel: true }), ['ann'], 'by sentinel')
    },
  },
)
