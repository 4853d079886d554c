import { requesterStats, exchange$, request$, type ExchangeOptions } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { delay, from, of, Subject } from 'rxjs'
import { casesOf, expectFailure, numbers, waitUntilOnline, type CaseDefinition } from '../case-context.js'
import { recordStream } from '../record-stream.js'
import { echoEndpoint, pause, startResponder } from './fixtures.js'

/** The cases of exchanges over lost connections, lost sessions and closed links. */
export const reconnectionCases: readonly CaseDefinition[] = casesOf(
  'reconnection',
  {
    name: 'keeps pending exchanges over a resumed session and receives responses sent meanwhile',
    needs: ['properties', 'cut'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const release$ = new Subject<string>()
      const { started } = await startResponder(context, echo, () => release$)
      const link = context.link({ persistentSession: true })
      const exchanges = numbers(10).map((request) =>
        recordStream(exchange$(link, echo, request, { timeout: 60_000 })),
      )
      await context.eventually(started.until(10))
      // Until the requester has the PUBACKs.
      await context.settle()
      await context.cut(link)
      release$.next('done')
      await context.settle()
      await context.restore(link)
      for (const exchange of exchanges)
        expectEqual(await context.eventually(exchange.until(1)), ['done'], 'the response')
      expectEqual(requesterStats(link, echo).pending, 0, 'the number of pending exchanges')
    },
  },
  {
    name: 'resends the request after subscribing again in a new session with onDisconnect resend',
    needs: ['properties', 'cut', 'lose-session'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      let runs = 0
      const release$ = new Subject<string>()
      const { started } = await startResponder(context, echo, () => {
        runs += 1
        return release$
      })
      const link = context.link({ persistentSession: true })
      const options: ExchangeOptions = { timeout: 60_000, onDisconnect: 'resend' }
      const exchange = recordStream(exchange$(link, echo, 'x', options))
      await context.eventually(started.until(1))
      await context.settle()
      await context.cut(link)
      await context.loseSession(link)
      release$.next('done')
      await context.settle()
      await context.restore(link)
      expectEqual(await context.eventually(exchange.until(1)), ['done'], 'the response')
      expectEqual(runs, 1, 'the number of handler runs')
    },
  },
  {
    name: 'fails a pending exchange on connection loss with onDisconnect fail',
    needs: ['properties', 'cut'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const { started } = await startResponder(context, echo, () => new Subject<string>())
      const link = context.link({ persistentSession: true })
      const exchange = recordStream(exchange$(link, echo, 'x', { timeout: 60_000, onDisconnect: 'fail' }))
      await context.eventually(started.until(1))
      await context.settle()
      await context.cut(link)
      expectFailure(await context.eventually(exchange.ended()), 'connection-lost')
    },
  },
  {
    name: 'sends a request made while offline after the reconnection',
    needs: ['properties', 'cut'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      await startResponder(context, echo, ({ value }) => of(value))
      const link = context.link({ persistentSession: true })
      await waitUntilOnline(context, link)
      await context.cut(link)
      const exchange = recordStream(exchange$(link, echo, 'x', { timeout: 60_000 }))
      await context.restore(link)
      expectEqual(await context.eventually(exchange.until(1)), ['x'], 'the response')
    },
  },
  {
    name: 'finishes running requests while offline and responds after the reconnection',
    needs: ['properties', 'cut'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      let runs = 0
      const link = context.link({ persistentSession: true })
      const { started } = await startResponder(
        context,
        echo,
        ({ value }) => {
          runs += 1
          return of(value).pipe(delay(150, link.scheduler))
        },
        { link },
      )
      const responses = recordStream(
        from(numbers(20)).pipe(request$(context.link(), echo, { timeout: 60_000, ordered: true })),
      )
      await context.eventually(started.until(1))
      await context.cut(link)
      await pause(context, link, 200)
      await context.restore(link)
      expectEqual(await context.eventually(responses.ended()), 'complete', 'the end of the stream')
      expectEqual(responses.values, numbers(20), 'the responses')
      expectEqual(runs, 20, 'the number of handler runs')
    },
  },
  {
    name: 'completes exchanges over a broker restart',
    needs: ['properties', 'restart'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const link = context.link({ persistentSession: true })
      const { started } = await startResponder(
        context,
        echo,
        ({ value }) => of(value).pipe(delay(200, link.scheduler)),
        { link },
      )
      const requester = context.link({ persistentSession: true })
      const options: ExchangeOptions = {
        timeout: 60_000,
        onDisconnect: 'resend',
        retry: { count: 20, attemptTimeout: 1_000 },
      }
      const responses = recordStream(
        from(numbers(10)).pipe(request$(requester, echo, { ...options, ordered: true })),
      )
      await context.eventually(started.until(1))
      await context.restart()
      expectEqual(await context.eventually(responses.ended()), 'complete', 'the end of the stream')
      expectEqual(responses.values, numbers(10), 'the responses')
    },
  },
  {
    name: 'fails pending and later exchanges with link-closed after close',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const link = context.link()
      const exchange = recordStream(exchange$(link, echo, 'x', { timeout: 60_000 }))
      await waitUntilOnline(context, link)
      await context.settle()
      await context.eventually(link.close())
      expectFailure(await context.eventually(exchange.ended()), 'link-closed')
      const late = recordStream(exchange$(link, echo, 'x'))
      expectFailure(await context.eventually(late.ended()), 'link-closed')
      expectEqual(requesterStats(link, echo).pending, 0, 'the number of pending exchanges')
    },
  },
  {
    name: 'leaves no timer, socket or broker connection after close with pending exchanges',
    needs: ['properties', 'leftovers'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const served = await startResponder(context, echo, ({ value }) =>
        value === 'wait' ? new Subject<string>() : of(value),
      )
      const link = context.link()
      const responses = recordStream(
        from([...numbers(20), 'wait']).pipe(request$(link, echo, { timeout: 60_000 })),
      )
      await context.eventually(responses.until(20))
      await context.eventually(link.close())
      await context.eventually(served.link.close())
      expectThat(responses.ending() !== undefined, 'expected the stream to have ended')
      expectEqual(await context.leftovers(link), [], "the leftovers of the requester's link")
      expectEqual(await context.leftovers(served.link), [], "the leftovers of the responder's link")
    },
  },
)
