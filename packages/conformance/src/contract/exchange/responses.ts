import { ApplicationError, endpoint, text } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { delay, NEVER, of, Subject, throwError } from 'rxjs'
import { casesOf, outgoing, send, textOf, textsOf, type CaseDefinition } from '../case-context.js'
import {
  echoEndpoint,
  pause,
  startPlainRequester,
  startResponder,
  statusOf,
  correlatedBy,
} from './fixtures.js'

/** The cases of single responses and of the response cache. */
export const responseCases: readonly CaseDefinition[] = casesOf(
  'responses',
  {
    name: 'responds without Message Expiry Interval to a request without it',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), ({ value }) => of(value))
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('x')
      const [response] = await context.eventually(requester.responses.until(1))
      expectEqual(response?.messageExpiryInterval, undefined, 'the Message Expiry Interval of the response')
    },
  },
  {
    name: 'accepts unknown user properties, missing content type or format indicator, and lower versions',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), ({ value }) => of(value))
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('foreign', {
        userProperties: [
          ['__unknown', 'x'],
          ['', ''],
        ],
      })
      await requester.sendRequest('binary', { payloadFormatIndicator: false })
      await requester.sendRequest('typed', {
        contentType: 'TEXT/plain; charset=utf-8',
        payloadFormatIndicator: true,
      })
      await requester.sendRequest('version', { userProperties: [['__protVer', '1.7']] })
      const responses = await context.eventually(requester.responses.until(4))
      expectEqual(textsOf(responses), ['foreign', 'binary', 'typed', 'version'], 'the responses')
      expectThat(
        responses.every((response) => statusOf(response) === '200'),
        'expected status 200 for all responses',
      )
    },
  },
  {
    name: 'accepts an empty request and sends an empty response',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), ({ value }) => of(value))
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('')
      const [response] = await context.eventually(requester.responses.until(1))
      expectEqual([response?.payload.length, statusOf(response ?? {})], [0, '200'], 'the response')
    },
  },
  {
    name: 'handles a request without Response Topic with acceptsNotifications',
    needs: ['properties'],
    run: async (context) => {
      const handled: string[] = []
      const notification = endpoint({
        topic: context.topic('echo'),
        request: text,
        response: text,
        acceptsNotifications: true,
      })
      const { records, ignored } = await startResponder(context, notification, ({ value }) => {
        handled.push(value)
        return of(value)
      })
      await send(context, context.peer, outgoing(context.topic('echo'), 'notification'))
      await context.eventually(records.until(1))
      expectEqual(handled, ['notification'], 'the handled payloads')
      expectEqual(
        [records.values[0]?.outcome, ignored.values.length],
        ['responded', 0],
        'the outcome, and the number of ignored requests',
      )
    },
  },
  {
    name: 'resends the failure to a duplicate request without a second run',
    needs: ['properties'],
    run: async (context) => {
      let runs = 0
      await startResponder(context, echoEndpoint(context), () => {
        runs += 1
        return throwError(() => new ApplicationError({ code: `run-${runs}`, message: 'no' }))
      })
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('x', correlatedBy('same'))
      await context.eventually(requester.responses.until(1))
      await requester.sendRequest('x', correlatedBy('same'))
      const [first, second] = await context.eventually(requester.responses.until(2))
      expectEqual(second?.userProperties, first?.userProperties, 'the user properties of the second response')
      expectEqual(runs, 1, 'the number of handler runs')
    },
  },
  {
    name: 'handles a duplicate of a request that got 503',
    needs: ['properties'],
    run: async (context) => {
      const release$ = new Subject<string>()
      await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => (value === 'first' ? release$ : of(value)),
        {
          serve: { concurrency: 1, queue: 0 },
        },
      )
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('first', correlatedBy('1'))
      await requester.sendRequest('second', correlatedBy('2'))
      const [busy] = await context.eventually(requester.responses.until(1))
      release$.next('done')
      await context.eventually(requester.responses.until(2))
      await requester.sendRequest('second', correlatedBy('2'))
      const responses = await context.eventually(requester.responses.until(3))
      expectEqual(statusOf(busy ?? {}), '503', 'the status of the first response')
      expectEqual(textsOf(responses), ['', 'done', 'second'], 'the responses')
    },
  },
  {
    name: 'resends the cached response with the expiry of the duplicate',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), ({ value }) => of(value))
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('x', { ...correlatedBy('same'), messageExpiryInterval: 60 })
      await context.eventually(requester.responses.until(1))
      await requester.sendRequest('x', { ...correlatedBy('same'), messageExpiryInterval: 600 })
      const [first, second] = await context.eventually(requester.responses.until(2))
      expectEqual(
        second,
        { ...first, messageExpiryInterval: second?.messageExpiryInterval },
        'the second response',
      )
      const [early = 0, late = 0] = [first, second].map((response) => response?.messageExpiryInterval)
      expectThat(
        early > 0 && early <= 60,
        `expected the rest of 60 s as Message Expiry Interval, not ${early}`,
      )
      expectThat(
        late > 500 && late <= 600,
        `expected the rest of 600 s as Message Expiry Interval, not ${late}`,
      )
    },
  },
  {
    name: 'evicts the oldest response when the cache is full',
    needs: ['properties'],
    run: async (context) => {
      const runs: string[] = []
      await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => {
          runs.push(value)
          return of(value)
        },
        { requests: { responseCache: { entries: 2 } } },
      )
      const requester = await startPlainRequester(context, context.topic('echo'))
      for (const [index, name] of ['a', 'b', 'c', 'c', 'b', 'a'].entries()) {
        await requester.sendRequest(name, correlatedBy(name))
        await context.eventually(requester.responses.until(index + 1))
      }
      expectEqual(runs, ['a', 'b', 'c', 'a'], 'the handled payloads')
    },
  },
  {
    name: 'handles queued requests in the order of receipt',
    needs: ['properties'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => of(value).pipe(delay(20, link.scheduler)),
        {
          link,
          serve: { concurrency: 1 },
        },
      )
      const requester = await startPlainRequester(context, context.topic('echo'))
      const requested = ['a', 'b', 'c', 'd']
      for (const payload of requested) await requester.sendRequest(payload)
      expectEqual(textsOf(await context.eventually(requester.responses.until(4))), requested, 'the responses')
    },
  },
  {
    name: 'leaves running requests unacknowledged on unsubscribe with acknowledge after-response, so that the next responder handles them',
    needs: ['properties', 'cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const first = await startResponder(context, echoEndpoint(context), () => NEVER, {
        link,
        requests: { acknowledge: 'after-response' },
      })
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('x')
      await context.settle()
      first.records.unsubscribe()
      await pause(context, link, 50)
      await startResponder(context, echoEndpoint(context), ({ value }) => of(`${value}!`), { link })
      await context.cut(link)
      await context.restore(link)
      const [response] = await context.eventually(requester.responses.until(1))
      expectEqual(textOf(response ?? { payload: new Uint8Array() }), 'x!', 'the response')
    },
  },
)
