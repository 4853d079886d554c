import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { delay, NEVER, of, Subject, take } from 'rxjs'
import { casesOf, numbers, waitUntilOnline, textsOf, type CaseDefinition } from '../case-context.js'
import { recordStream } from '../record-stream.js'
import { echoEndpoint, pause, startPlainRequester, startResponder, correlatedBy } from './fixtures.js'

/** The cases of duplicate and redelivered requests, and of their acknowledgement. */
export const duplicateRequestCases: readonly CaseDefinition[] = casesOf(
  'duplicate requests and acknowledgements',
  {
    name: 'resends the response to a duplicate request and runs the handler again for another response topic',
    needs: ['properties'],
    run: async (context) => {
      let runs = 0
      const { ignored } = await startResponder(context, echoEndpoint(context), () => of(`run ${(runs += 1)}`))
      const requester = await startPlainRequester(context, context.topic('echo'))
      const other = recordStream(context.peer.messages$(context.topic('other')))
      for (const [index] of [1, 2, 3].entries()) {
        await requester.sendRequest('x', correlatedBy('same'))
        await context.eventually(requester.responses.until(index + 1))
      }
      await requester.sendRequest('x', { ...correlatedBy('same'), responseTopic: context.topic('other') })
      await context.eventually(other.until(1))
      expectEqual(textsOf(requester.responses.values), ['run 1', 'run 1', 'run 1'], 'the responses')
      expectEqual(textsOf(other.values), ['run 2'], 'the response on the other topic')
      expectEqual(
        ignored.values.map(({ reason }) => reason),
        ['duplicate', 'duplicate'],
        'the reasons of the ignored requests',
      )
    },
  },
  {
    name: 'attaches a duplicate to the running request: one run, one response',
    needs: ['properties'],
    run: async (context) => {
      let runs = 0
      const release$ = new Subject<string>()
      const { link, ignored } = await startResponder(context, echoEndpoint(context), () => {
        runs += 1
        return release$.pipe(take(1))
      })
      const requester = await startPlainRequester(context, context.topic('echo'))
      for (const _ of [1, 2, 3]) await requester.sendRequest('x', correlatedBy('same'))
      await context.eventually(ignored.until(2))
      release$.next('x')
      await context.eventually(requester.responses.until(1))
      await pause(context, link, 100)
      expectEqual([runs, requester.responses.values.length], [1, 1], 'the number of runs and responses')
    },
  },
  {
    name: 'runs no request twice after a redelivery',
    needs: ['properties', 'cut'],
    run: async (context) => {
      const release$ = new Subject<void>()
      const runs: string[] = []
      const link = context.link({ persistentSession: true })
      const { ignored, records } = await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => {
          runs.push(value)
          return new Promise<string>((resolve) => release$.subscribe(() => resolve(value)))
        },
        { link, requests: { acknowledge: 'after-response' } },
      )
      const requester = await startPlainRequester(context, context.topic('echo'))
      for (const payload of numbers(5)) await requester.sendRequest(payload)
      await context.settle()
      await context.cut(link)
      await context.restore(link)
      await context.eventually(ignored.until(5))
      release$.next()
      await context.eventually(records.until(5))
      await context.settle()
      expectEqual(runs, numbers(5), 'the handled payloads')
      expectEqual([...textsOf(requester.responses.values)].sort(), numbers(5), 'the responses')
      await context.cut(link)
      await context.restore(link)
      await waitUntilOnline(context, link)
      await context.settle()
      expectEqual(ignored.values.length, 5, 'the number of redeliveries after all were acknowledged')
    },
  },
  {
    name: 'acknowledges requests after their responses, in the order of receipt, with acknowledge after-response',
    needs: ['properties', 'cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const { ignored } = await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => (value === '1' ? NEVER : of(value)),
        { link, requests: { acknowledge: 'after-response' } },
      )
      const requester = await startPlainRequester(context, context.topic('echo'))
      for (const payload of numbers(4)) await requester.sendRequest(payload)
      await context.eventually(requester.responses.until(3))
      await context.settle()
      await context.cut(link)
      await context.restore(link)
      // All four are redelivered: the first has no response, and acknowledgements are sent in the order of receipt.
      await context.eventually(ignored.until(4))
      await context.eventually(requester.responses.until(6))
      expectThat(
        ignored.values.every(({ message, reason }) => message.dup && reason === 'duplicate'),
        'expected DUP on every redelivered message',
      )
      expectEqual(
        textsOf(ignored.values.map(({ message }) => message)),
        numbers(4),
        'the redelivered payloads',
      )
    },
  },
  {
    name: 'acknowledges a request when its handler starts, and those that wait for room when theirs start',
    needs: ['properties', 'cut'],
    run: async (context) => {
      const release$ = new Subject<string>()
      const link = context.link({ persistentSession: true })
      const { ignored } = await startResponder(context, echoEndpoint(context), () => release$, {
        link,
        serve: { concurrency: 2 },
      })
      const requester = await startPlainRequester(context, context.topic('echo'))
      for (const payload of numbers(4)) await requester.sendRequest(payload)
      await context.settle()
      await context.cut(link)
      await context.restore(link)
      await context.eventually(ignored.until(2))
      await waitUntilOnline(context, link)
      await context.settle()
      expectEqual(
        textsOf(ignored.values.map(({ message }) => message)),
        ['3', '4'],
        'the redelivered payloads',
      )
    },
  },
  {
    name: 'acknowledges a request on receipt with acknowledge on-receipt',
    needs: ['properties', 'cut'],
    run: async (context) => {
      const release$ = new Subject<string>()
      const link = context.link({ persistentSession: true })
      const { ignored } = await startResponder(context, echoEndpoint(context), () => release$, {
        link,
        requests: { acknowledge: 'on-receipt' },
      })
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('x')
      await context.settle()
      await context.cut(link)
      await context.restore(link)
      await waitUntilOnline(context, link)
      await context.settle()
      release$.next('done')
      await context.eventually(requester.responses.until(1))
      expectEqual(ignored.values.length, 0, 'the number of redeliveries')
    },
  },
  {
    name: 'leaves by unsubscribing, finishes running requests, then completes',
    needs: ['properties'],
    run: async (context) => {
      const release$ = new Subject<string>()
      const drain$ = new Subject<void>()
      const { records, link } = await startResponder(context, echoEndpoint(context), () => release$, {
        requests: { drain$, drainBy: 'leave' },
      })
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('before')
      await context.settle()
      drain$.next()
      await pause(context, link, 100)
      await context.settle()
      await requester.sendRequest('after')
      await context.settle()
      expectEqual(records.ending(), undefined, 'the end of the serve records before the release')
      release$.next('done')
      expectEqual(await context.eventually(records.ended()), 'complete', 'the end of the serve records')
      await context.eventually(requester.responses.until(1))
      expectEqual(textsOf(requester.responses.values), ['done'], 'the responses')
    },
  },
  {
    name: 'answers 100 requests beside one that is never answered',
    needs: ['properties'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => (value === '1' ? NEVER : of(value)),
        {
          link,
        },
      )
      const requester = await startPlainRequester(context, context.topic('echo'))
      for (const payload of numbers(101)) await requester.sendRequest(payload)
      await context.eventually(requester.responses.until(100))
    },
  },
  {
    name: 'leaves without losing a request that the broker has queued for it',
    needs: ['properties'],
    run: async (context) => {
      const drain$ = new Subject<void>()
      const link = context.link({ persistentSession: true })
      const { records } = await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => of(value).pipe(delay(10, link.scheduler)),
        { link, requests: { drain$, drainBy: 'leave' }, serve: { concurrency: 5 } },
      )
      const requester = await startPlainRequester(context, context.topic('echo'))
      for (const payload of numbers(100)) void requester.sendRequest(payload)
      await context.eventually(records.until(10))
      await requester.sendRequest('last')
      drain$.next()
      expectEqual(await context.eventually(records.ended()), 'complete', 'the end of the serve records')
      await context.eventually(requester.responses.until(101))
      const statuses = requester.responses.values.map(({ userProperties }) => userProperties?.[0]?.[1])
      expectEqual([...new Set(statuses)], ['200'], 'the statuses of the responses')
    },
  },
)
