import {
  ApplicationError,
  requesterStats,
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
import { delay, from, map, NEVER, of, ReplaySubject, Subject, take, tap, throwError } from 'rxjs'
import {
  casesOf,
  expectFailure,
  numbers,
  textOf,
  type CaseDefinition,
  type CaseContext,
} from '../case-context.js'
import { recordStream } from '../record-stream.js'
import {
  wholeNumber,
  echoEndpoint,
  withoutParams,
  pause,
  startPlainResponder,
  responseTo,
  startResponder,
} from './fixtures.js'

/** Sends a request that fails and returns the status in its error. */
async function failureStatusOf(context: CaseContext, link: Link, request: string): Promise<unknown> {
  const exchange = recordStream(exchange$(link, echoEndpoint(context), request))
  return expectFailure(await context.eventually(exchange.ended()), 'status').status
}

/** The cases of failed exchanges, retries, limits and stats. */
export const failureCases: readonly CaseDefinition[] = casesOf(
  'failures',
  {
    name: 'reports the code, message and property of a failed status',
    needs: ['properties'],
    run: async (context) => {
      const responses: Readonly<Record<string, UserProperties>> = {
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
      await startPlainResponder(context, context.topic('echo'), (request) => [
        responseTo(request, '', { userProperties: responses[textOf(request)] ?? [] }),
      ])
      const link = context.link()
      const noDetails = { isApplicationError: false }
      expectEqual(
        await failureStatusOf(context, link, 'header'),
        { ...noDetails, code: 400, propertyName: 'x', propertyValue: 'y' },
        'the status of a header failure',
      )
      expectEqual(
        await failureStatusOf(context, link, 'type'),
        { ...noDetails, code: 415, message: 'no XML', propertyName: 'Content Type', propertyValue: 'a/xml' },
        'the status of a content type failure',
      )
      expectEqual(
        await failureStatusOf(context, link, 'odd'),
        { ...noDetails, code: 612 },
        'the status with an unknown code',
      )
    },
  },
  {
    name: 'reports an application error with its code and payload to the requester',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), () =>
        throwError(() => new ApplicationError({ code: 'full', message: 'no room', payload: '{"left":0}' })),
      )
      expectEqual(
        await failureStatusOf(context, context.link(), 'x'),
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
    name: 'reads a status as an application error unless __apErr is absent, empty or false',
    needs: ['properties'],
    run: async (context) => {
      await startPlainResponder(context, context.topic('echo'), (request) => [
        responseTo(request, '', {
          userProperties: [
            ['__stat', '500'],
            ['__apErr', textOf(request)],
          ],
        }),
      ])
      const link = context.link()
      for (const [apErr, isApplicationError] of [
        ['true', true],
        ['yes', true],
        ['0', true],
        ['', false],
        ['False', false],
      ] as const)
        expectEqual(
          await failureStatusOf(context, link, apErr),
          { code: 500, isApplicationError },
          `the status with __apErr "${apErr}"`,
        )
    },
  },
  {
    name: 'fails only the exchange whose response does not decode',
    needs: ['properties'],
    run: async (context) => {
      const numberEndpoint = withoutParams(
        endpoint({ topic: context.topic('echo'), request: text, response: wholeNumber }),
      )
      await startPlainResponder(context, context.topic('echo'), (request) => [
        responseTo(request, textOf(request)),
      ])
      const link = context.link()
      const bad = recordStream(exchange$(link, numberEndpoint, 'not a number'))
      const good = recordStream(exchange$(link, numberEndpoint, '2'))
      expectFailure(await context.eventually(bad.ended()), 'decode')
      expectEqual(await context.eventually(good.until(1)), [2], 'the response to the other request')
    },
  },
  {
    name: 'fails the exchange with 408 when the handler exceeds handlerTimeout',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), () => NEVER, { serve: { handlerTimeout: 50 } })
      const exchange = recordStream(exchange$(context.link(), echoEndpoint(context), 'x'))
      const { status } = expectFailure(await context.eventually(exchange.ended()), 'status')
      expectEqual(
        [status?.code, status?.propertyName, status?.propertyValue],
        [408, 'ExecutionTimeout', 'PT0.05S'],
        'the status',
      )
    },
  },
  {
    name: 'retries a 503 until the responder has room',
    needs: ['properties'],
    run: async (context) => {
      const release$ = new Subject<string>()
      const { started } = await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => (value === 'first' ? release$ : of(value)),
        {
          serve: { concurrency: 1, queue: 0 },
        },
      )
      const link = context.link()
      const first = recordStream(exchange$(link, echoEndpoint(context), 'first'))
      await context.eventually(started.until(1))
      const withoutRetry = recordStream(exchange$(link, echoEndpoint(context), 'second'))
      expectEqual(
        expectFailure(await context.eventually(withoutRetry.ended()), 'status').status?.code,
        503,
        'the status without retry',
      )
      const retry = { count: 50, attemptTimeout: 4_000, backOff: { initial: 20, maximum: 20, jitter: 0 } }
      const withRetry = recordStream(exchange$(link, echoEndpoint(context), 'third', { retry }))
      await pause(context, link, 100)
      release$.next('done')
      expectEqual(await context.eventually(withRetry.until(1)), ['third'], 'the response')
      expectEqual(first.values, ['done'], 'the response to the first request')
    },
  },
  {
    name: 'retries only the failures that retry.on accepts',
    needs: ['properties'],
    run: async (context) => {
      let requestCount = 0
      await startPlainResponder(context, context.topic('echo'), (request) => {
        requestCount += 1
        const status = textOf(request) === 'never' ? '400' : requestCount < 3 ? '500' : '200'
        return [responseTo(request, 'third', { userProperties: [['__stat', status]] })]
      })
      const link = context.link()
      const retry = {
        count: 5,
        attemptTimeout: 4_000,
        on: ({ status }: { readonly status?: { readonly code: number } }) => status?.code === 500,
        backOff: { initial: 10, maximum: 10, jitter: 0 },
      }
      const exchange = recordStream(exchange$(link, echoEndpoint(context), 'x', { retry }))
      expectEqual(await context.eventually(exchange.until(1)), ['third'], 'the response')
      expectEqual(requestCount, 3, 'the number of requests')
      const other = recordStream(exchange$(link, echoEndpoint(context), 'never', { retry }))
      expectFailure(await context.eventually(other.ended()), 'status')
      expectEqual(requestCount, 4, 'the number of requests of both exchanges')
    },
  },
  {
    name: 'keeps the stream of requestEither$ open after a failure',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), ({ value }) =>
        value === '2' ? throwError(() => new Error('no')) : of(value),
      )
      const responses = recordStream(
        from(numbers(3)).pipe(requestEither$(context.link(), echoEndpoint(context), { ordered: true })),
      )
      expectEqual(await context.eventually(responses.ended()), 'complete', 'the end of the stream')
      expectEqual(
        responses.values.map((result) => (isRight(result) ? result.right : result.left.code)),
        ['1', 'status', '3'],
        'the responses',
      )
    },
  },
  {
    name: 'fails the stream of request$ on a failure and cancels pending exchanges',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const { records } = await startResponder(context, echo, ({ value }) =>
        value === 'fail' ? throwError(() => new Error('no')) : NEVER,
      )
      const link = context.link()
      const responses = recordStream(from(['wait', 'fail']).pipe(request$(link, echo)))
      expectFailure(await context.eventually(responses.ended()), 'status')
      await context.eventually(records.until(2))
      expectEqual(
        records.values.map(({ outcome }) => outcome).sort(),
        ['cancelled', 'failed'],
        'the outcomes of the records',
      )
      expectEqual(requesterStats(link, echo).pending, 0, 'the number of pending exchanges')
    },
  },
  {
    name: 'emits responses on arrival, or in request order with ordered',
    needs: ['properties'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => of(value).pipe(delay(value === 'slow' ? 600 : 0, link.scheduler)),
        { link },
      )
      const requester = context.link()
      for (const ordered of [false, true]) {
        const responses = recordStream(
          from(['slow', 'quick']).pipe(request$(requester, echoEndpoint(context), { ordered })),
        )
        await context.eventually(responses.ended())
        expectEqual(
          responses.values,
          ordered ? ['slow', 'quick'] : ['quick', 'slow'],
          ordered ? 'the responses in request order' : 'the responses on arrival',
        )
      }
    },
  },
  {
    name: 'limits pending and queued requests to concurrency and queue',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const link = context.link({ persistentSession: true })
      const running = new Set<string>()
      let maxConcurrent = 0
      const limits = { concurrency: 2, queue: 3, ordered: true }
      // No handler finishes before as many run as may.
      const hasReachedLimit$ = new ReplaySubject<void>(1)
      await startResponder(
        context,
        echo,
        ({ value }) => {
          running.add(value)
          maxConcurrent = Math.max(maxConcurrent, running.size)
          if (running.size === limits.concurrency) hasReachedLimit$.next()
          return hasReachedLimit$.pipe(
            take(1),
            delay(30, link.scheduler),
            map(() => value),
            tap(() => running.delete(value)),
          )
        },
        { link },
      )
      const requester = context.link()
      const responses = recordStream(from(numbers(6)).pipe(requestEither$(requester, echo, limits)))
      expectEqual(await context.eventually(responses.ended()), 'complete', 'the end of the stream')
      expectEqual(maxConcurrent, 2, 'the maximum of concurrent requests')
      expectEqual(
        responses.values.map((result) => (isRight(result) ? result.right : result.left.code)).sort(),
        ['1', '2', '3', '4', '5', 'overflow'],
        'the responses',
      )
    },
  },
  {
    name: 'counts the outcome of every exchange in requesterStats',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      await startResponder(context, echo, ({ value }) => {
        if (value === 'fail') return throwError(() => new Error('no'))
        return value === 'wait' ? NEVER : of(value)
      })
      const link = context.link()
      const answered = recordStream(exchange$(link, echo, 'x'))
      const failed = recordStream(exchange$(link, echo, 'fail'))
      const late = recordStream(exchange$(link, echo, 'wait', { timeout: 200 }))
      const cancelled = recordStream(exchange$(link, echo, 'wait'))
      for (const exchange of [answered, failed, late]) await context.eventually(exchange.ended())
      expectEqual(requesterStats(link, echo).pending, 1, 'the number of pending exchanges')
      cancelled.unsubscribe()
      expectEqual(
        requesterStats(link, echo),
        { requested: 4, pending: 0, responded: 1, failed: 1, timedOut: 1, cancelled: 1, retried: 0 },
        'the requester stats',
      )
    },
  },
)
