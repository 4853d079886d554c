import { exchange$, gather$, requestMany } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { isLeft } from 'fp-ts/lib/Either.js'
import { concat, delay, interval, map, mergeMap, of, take, throwError, toArray } from 'rxjs'
import {
  casesOf,
  expectFailure,
  numbers,
  textOf,
  waitUntilOnline,
  type CaseDefinition,
} from '../case-context.js'
import { recordStream } from '../record-stream.js'
import { echoEndpoint, pause, startPlainResponder, responseTo, startResponder } from './fixtures.js'
import { countingHandler, streamEndpoint } from './stream-fixtures.js'

/** The cases of streamed responses. */
export const streamCases: readonly CaseDefinition[] = casesOf(
  'streamed responses',
  {
    name: 'emits all items in order and completes',
    needs: ['properties'],
    run: async (context) => {
      const { records } = await startResponder(context, streamEndpoint(context), countingHandler().handler)
      for (const count of ['0', '1', '500']) {
        const exchange = recordStream(
          exchange$(context.link(), streamEndpoint(context), count, { timeout: 60_000 }),
        )
        expectEqual(
          await context.eventually(exchange.ended()),
          'complete',
          `the end of a stream of ${count} items`,
        )
        expectEqual(exchange.values, numbers(Number(count)), 'the items')
      }
      await context.eventually(records.until(3))
    },
  },
  {
    name: 'emits the items before an error',
    needs: ['properties'],
    run: async (context) => {
      const failing = concat(
        of('a', 'b', 'c'),
        throwError(() => new Error('no more')),
      )
      await startResponder(context, streamEndpoint(context), () => failing)
      const exchange = recordStream(exchange$(context.link(), streamEndpoint(context), ''))
      const error = expectFailure(await context.eventually(exchange.ended()), 'status')
      expectEqual(
        [exchange.values, error.status?.code],
        [['a', 'b', 'c'], 500],
        'the items before the error, and its status',
      )
    },
  },
  {
    name: 'reorders items, drops repeated ones and times out at a gap',
    needs: ['properties'],
    run: async (context) => {
      await startPlainResponder(context, context.topic('stream'), (request) => {
        const positions = textOf(request).split(' ')
        return positions.map((position) =>
          responseTo(request, position.endsWith('last') ? '' : position, {
            userProperties: [['__stream', position]],
          }),
        )
      })
      const link = context.link()
      const whole = recordStream(exchange$(link, streamEndpoint(context), '1 1 3:last 0 2 2'))
      expectEqual(await context.eventually(whole.ended()), 'complete', 'the end of the reordered stream')
      expectEqual(whole.values, ['0', '1', '2'], 'the items of the reordered stream')
      const gap = recordStream(exchange$(link, streamEndpoint(context), '0 2 3:last', { timeout: 2_000 }))
      expectFailure(await context.eventually(gap.ended()), 'timeout')
      expectEqual(gap.values, ['0'], 'the items before the gap')
    },
  },
  {
    name: 'limits a fast responder to the credit of a slow for await loop',
    needs: ['properties'],
    run: async (context) => {
      const { handler, produced } = countingHandler()
      await startResponder(context, streamEndpoint(context), handler)
      const link = context.link()
      const items = requestMany(link, streamEndpoint(context), '40', { credit: 5 })[Symbol.asyncIterator]()
      const read: string[] = []
      for (const expected of numbers(40)) {
        const { value } = (await context.eventually(items.next())) as IteratorYieldResult<string>
        read.push(value)
        if (Number(expected) % 10 === 0) await pause(context, link, 50)
        expectThat(
          produced() - read.length <= 5,
          `expected at most 5 items ahead of the loop, not ${produced() - read.length}`,
        )
      }
      expectEqual(read, numbers(40), 'the items')
      expectEqual((await context.eventually(items.next())).done, true, 'whether the iterator is done')
    },
  },
  {
    name: 'keeps the stream open while the for await loop is slower than the timeout',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, streamEndpoint(context), countingHandler().handler)
      const link = context.link()
      await waitUntilOnline(context, link)
      const items = requestMany(link, streamEndpoint(context), '4', { credit: 2, timeout: 2_000 })[
        Symbol.asyncIterator
      ]()
      await context.eventually(items.next())
      await pause(context, link, 5_000)
      const rest = []
      for (
        let next = await context.eventually(items.next());
        next.done !== true;
        next = await context.eventually(items.next())
      )
        rest.push(next.value)
      expectEqual(rest, ['2', '3', '4'], 'the rest of the items')
    },
  },
  {
    name: 'stops the handler when the subscriber unsubscribes',
    needs: ['properties'],
    run: async (context) => {
      const { handler, isStopped } = countingHandler()
      const { records } = await startResponder(context, streamEndpoint(context), handler)
      const exchange = recordStream(
        exchange$(context.link(), streamEndpoint(context), '1000000', { credit: 10 }).pipe(take(3)),
      )
      expectEqual(await context.eventually(exchange.ended()), 'complete', 'the end of the stream')
      const [record] = await context.eventually(records.until(1))
      expectEqual(
        [record?.outcome, isStopped()],
        ['cancelled', true],
        'the outcome, and whether the handler stopped',
      )
    },
  },
  {
    name: 'ends a stream whose requester has disconnected',
    needs: ['properties', 'cut'],
    run: async (context) => {
      const { handler, isStopped } = countingHandler()
      const { records } = await startResponder(context, streamEndpoint(context), handler)
      const link = context.link()
      await waitUntilOnline(context, link)
      const items = requestMany(link, streamEndpoint(context), '1000000', { credit: 2, timeout: 2_000 })
      await context.eventually(items[Symbol.asyncIterator]().next())
      await context.cut(link)
      await context.eventually(records.until(1))
      expectThat(isStopped(), 'expected the handler to stop')
    },
  },
  {
    name: 'emits items on arrival and restarts the timeout with each',
    needs: ['properties'],
    run: async (context) => {
      const link = context.link()
      await startResponder(
        context,
        streamEndpoint(context),
        () =>
          interval(1_000, link.scheduler).pipe(
            take(4),
            map((index) => String(index)),
          ),
        { link },
      )
      const requester = context.link()
      await waitUntilOnline(context, requester)
      const exchange = recordStream(exchange$(requester, streamEndpoint(context), '', { timeout: 3_000 }))
      expectEqual(await context.eventually(exchange.ended()), 'complete', 'the end of the stream')
      expectEqual(exchange.values, ['0', '1', '2', '3'], 'the items')
    },
  },
)

/** The cases of `gather$`. */
export const gatherCases: readonly CaseDefinition[] = casesOf(
  'gathered responses',
  {
    name: 'gathers responses and failures of several responders up to count',
    needs: ['properties'],
    run: async (context) => {
      for (const name of ['ann', 'bob', 'cid'])
        await startResponder(context, echoEndpoint(context), () =>
          name === 'bob' ? throwError(() => new Error('no')) : of(name),
        )
      const gathered = recordStream(
        gather$(context.link(), echoEndpoint(context), 'x', { count: 3, timeout: 60_000 }),
      )
      expectEqual(await context.eventually(gathered.ended()), 'complete', 'the end of the stream')
      const responses = gathered.values.map((result) =>
        isLeft(result) ? `error ${result.left.status?.code}` : result.right,
      )
      expectEqual(responses.sort(), ['ann', 'cid', 'error 500'], 'the responses')
    },
  },
  {
    name: 'gathers the streams of several responders, each in order',
    needs: ['properties'],
    run: async (context) => {
      const responders = [context.link(), context.link()]
      for (const link of responders)
        await startResponder(context, streamEndpoint(context), countingHandler().handler, { link })
      const names = await Promise.all(
        responders.map(async (link) => (await waitUntilOnline(context, link)).clientId),
      )
      const gathered = recordStream(
        gather$(context.link(), streamEndpoint(context), '100', { responders: names, timeout: 60_000 }).pipe(
          mergeMap((items$) =>
            items$.pipe(
              toArray(),
              map((items) => ({ name: items$.key, items })),
            ),
          ),
        ),
      )
      expectEqual(await context.eventually(gathered.ended()), 'complete', 'the end of the gathering')
      expectEqual(gathered.values.map(({ name }) => name).sort(), [...names].sort(), 'the responders')
      for (const { items } of gathered.values) expectEqual(items, numbers(100), 'the items of a responder')
    },
  },
  {
    name: 'completes gather$ at timeout, stallTimeout or sentinel',
    needs: ['properties'],
    run: async (context) => {
      const slow = context.link()
      await startResponder(context, echoEndpoint(context), () => of('ann'))
      await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => of(value === 'last' ? '' : 'late').pipe(delay(1_000, slow.scheduler)),
        { link: slow },
      )
      const link = context.link()
      await waitUntilOnline(context, link)
      const gathered = async (request: string, options: Parameters<typeof gather$>[3]): Promise<unknown> => {
        const responses = recordStream(gather$(link, echoEndpoint(context), request, options))
        expectEqual(await context.eventually(responses.ended()), 'complete', 'the end of the stream')
        return responses.values.map((result) => (isLeft(result) ? result.left.code : result.right))
      }
      expectEqual(await gathered('x', { timeout: 3_000 }), ['ann', 'late'], 'the responses until timeout')
      expectEqual(
        await gathered('x', { timeout: 5_000, stallTimeout: 300 }),
        ['ann'],
        'the responses until stallTimeout',
      )
      expectEqual(
        await gathered('last', { timeout: 5_000, sentinel: true }),
        ['ann'],
        'the responses until the sentinel',
      )
    },
  },
)
