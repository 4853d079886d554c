import {
  requesterStats,
  endpoint,
  exchange$,
  inOrder,
  payloadField,
  request$,
  unmatchedResponses$,
  text,
  topicParams,
} from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { defer, from, of, Subject, throwError } from 'rxjs'
import {
  casesOf,
  expectFailure,
  numbers,
  outgoing,
  send,
  subscribeAndWait,
  textOf,
  waitUntilOnline,
  type CaseDefinition,
  type CaseContext,
} from '../case-context.js'
import { recordStream, type StreamRecording } from '../record-stream.js'
import { withoutParams, valueWithToken, startResponder, type ValueWithToken } from './fixtures.js'

/** Returns an endpoint with the token in a payload field, which works on any version of MQTT. */
function tokenInPayloadEndpoint(context: CaseContext) {
  return withoutParams(
    endpoint({
      topic: context.topic('request'),
      responseTopic: context.topic('response'),
      request: valueWithToken,
      response: valueWithToken,
      correlation: payloadField('token'),
    }),
  )
}

/** Returns the values of the responses. */
function valuesOf(exchange: StreamRecording<unknown>): readonly string[] {
  return exchange.values.map((response) => (response as ValueWithToken).value)
}

/** The cases of requesters and responders without MQTT 5 properties. */
export const withoutPropertiesCases: readonly CaseDefinition[] = casesOf(
  'without properties',
  {
    name: 'matches 50 concurrent requests by a token in the payload',
    run: async (context) => {
      const tokenInPayload = tokenInPayloadEndpoint(context)
      await startResponder(context, tokenInPayload, ({ value }) => of({ value: `${value.value}!` }))
      const requests = numbers(50).map((value) => ({ value }))
      const responses = recordStream(
        from(requests).pipe(request$(context.link(), tokenInPayload, { ordered: true, timeout: 60_000 })),
      )
      expectEqual(await context.eventually(responses.ended()), 'complete', 'the end of the stream')
      expectEqual(
        valuesOf(responses),
        numbers(50).map((value) => `${value}!`),
        'the responses',
      )
    },
  },
  {
    name: 'reports a response after the timeout as unmatched, by a token in the payload',
    run: async (context) => {
      const tokenInPayload = tokenInPayloadEndpoint(context)
      const link = context.link()
      await waitUntilOnline(context, link)
      const unmatched = recordStream(unmatchedResponses$(link))
      const tokens = await subscribeAndWait(context, context.peer, context.topic('request'))
      const exchange = recordStream(
        exchange$(link, tokenInPayload, { token: 'mine', value: 'x' }, { timeout: 2_000 }),
      )
      await context.eventually(tokens.until(1))
      expectFailure(await context.eventually(exchange.ended()), 'timeout')
      await send(
        context,
        context.peer,
        outgoing(context.topic('response'), '{"token":"mine","value":"late"}'),
      )
      await context.eventually(unmatched.until(1))
      const { pending, timedOut } = requesterStats(link, tokenInPayload)
      expectEqual({ pending, timedOut }, { pending: 0, timedOut: 1 }, 'the requester stats')
    },
  },
  {
    name: 'resends the request with the same token in the payload until a response arrives',
    run: async (context) => {
      const tokenInPayload = tokenInPayloadEndpoint(context)
      const tokens: string[] = []
      const received = recordStream(context.peer.messages$(context.topic('request')), (message) => {
        const { token } = JSON.parse(textOf(message)) as ValueWithToken
        tokens.push(token)
        if (tokens.length === 3)
          recordStream(
            context.peer.publish$(
              outgoing(context.topic('response'), JSON.stringify({ token, value: 'yes' })),
            ),
          )
      })
      const probe = await subscribeAndWait(context, context.peer, context.topic('request'))
      probe.unsubscribe()
      const exchange = recordStream(
        exchange$(
          context.link(),
          tokenInPayload,
          { value: 'x' },
          { timeout: 60_000, retry: { count: 100, attemptTimeout: 500 } },
        ),
      )
      await context.eventually(exchange.until(1))
      expectEqual(
        [valuesOf(exchange), new Set(tokens).size],
        [['yes'], 1],
        'the response and the number of tokens',
      )
      received.unsubscribe()
    },
  },
  {
    name: 'resends the response to a duplicate request with its token in the payload',
    run: async (context) => {
      let runs = 0
      await startResponder(context, tokenInPayloadEndpoint(context), () =>
        of({ value: `run ${(runs += 1)}` }),
      )
      const responses = await subscribeAndWait(context, context.peer, context.topic('response'))
      for (const times of [1, 2]) {
        await send(context, context.peer, outgoing(context.topic('request'), '{"token":"7","value":""}'))
        await context.eventually(responses.until(times))
      }
      expectEqual(
        responses.deliveries.map(({ message }) => JSON.parse(textOf(message)) as unknown),
        [1, 2].map(() => ({ token: '7', value: 'run 1' })),
        'the responses',
      )
    },
  },
  {
    name: 'acknowledges undecodable requests without a handler run and serves the next',
    needs: ['cut'],
    run: async (context) => {
      const handled: string[] = []
      const { link, records } = await startResponder(
        context,
        tokenInPayloadEndpoint(context),
        ({ value }) => {
          handled.push(value.value)
          return of(value)
        },
      )
      const responses = await subscribeAndWait(context, context.peer, context.topic('response'))
      for (const payload of ['', '[1]', '{"token":', 'null', '"text"', '{"value":"no token"}'])
        await send(context, context.peer, outgoing(context.topic('request'), payload))
      await context.settle()
      await context.cut(link)
      await context.restore(link)
      await send(context, context.peer, outgoing(context.topic('request'), '{"token":"7","value":"valid"}'))
      await context.eventually(records.until(1))
      await context.settle()
      // On MQTT 5 the other requests get status responses, whose payloads are empty.
      const answered = responses.deliveries.filter(({ message }) => message.payload.length > 0)
      expectEqual(
        [handled, answered.length],
        [['valid'], 1],
        'the handled payloads, and the number of responses',
      )
    },
  },
  {
    name: 'encodes a failure with onFailure of the endpoint',
    run: async (context) => {
      const tokenInPayload = endpoint({
        topic: context.topic('request'),
        responseTopic: context.topic('response'),
        request: valueWithToken,
        response: valueWithToken,
        correlation: payloadField('token'),
        onFailure: ({ code }) => ({ value: `failed with ${code}` }),
      })
      await startResponder(context, tokenInPayload, () => throwError(() => new Error('secret')))
      const responses = await subscribeAndWait(context, context.peer, context.topic('response'))
      await send(context, context.peer, outgoing(context.topic('request'), '{"token":"7","value":"x"}'))
      const [response] = await context.eventually(responses.until(1))
      const payload = textOf(response?.message ?? { payload: new Uint8Array() })
      expectEqual(JSON.parse(payload), { token: '7', value: 'failed with 500' }, 'the response')
    },
  },
  {
    name: 'rejects a second exchange with the same response topic and no token',
    run: async (context) => {
      const byTopic = endpoint({
        topic: `${context.topic('request')}/{id}`,
        responseTopic: `${context.topic('response')}/{id}`,
        request: text,
        response: text,
        correlation: topicParams(),
      })
      const release$ = new Subject<string>()
      const { started } = await startResponder(context, byTopic, () => release$)
      const link = context.link()
      const sendRequest = (id: string): StreamRecording<string> =>
        recordStream(defer(() => exchange$(link, byTopic, { params: { id }, value: 'x' })))
      const [first, second, other] = [sendRequest('1'), sendRequest('1'), sendRequest('2')]
      expectFailure(await context.eventually(second.ended()), 'invalid-argument')
      await context.eventually(started.until(2))
      release$.next('done')
      for (const exchange of [first, other])
        expectEqual(await context.eventually(exchange.until(1)), ['done'], 'the response')
      const again = sendRequest('1')
      await context.eventually(started.until(3))
      release$.next('again')
      expectEqual(await context.eventually(again.until(1)), ['again'], 'the response to the next request')
    },
  },
  {
    name: 'matches responses in order over several pipelines of one link',
    run: async (context) => {
      const commands = withoutParams(
        endpoint({
          topic: context.topic('cmd'),
          responseTopic: context.topic('rsp'),
          request: text,
          response: text,
          correlation: inOrder(),
        }),
      )
      await startResponder(context, commands, ({ value }) => of(`${value}!`))
      const link = context.link()
      const one = recordStream(from(['a', 'b']).pipe(request$(link, commands)))
      const other = recordStream(of('c').pipe(request$(link, commands)))
      await context.eventually(one.until(2))
      await context.eventually(other.until(1))
      expectEqual([one.values, other.values], [['a!', 'b!'], ['c!']], 'the responses')
    },
  },
  {
    name: 'distributes requests with a token in the payload over a shared group',
    needs: ['shared'],
    run: async (context) => {
      const tokenInPayload = tokenInPayloadEndpoint(context)
      const handled: string[] = []
      for (const _ of [1, 2])
        await startResponder(
          context,
          tokenInPayload,
          ({ value }) => {
            handled.push(value.value)
            return of({ value: value.value })
          },
          { requests: { group: 'workers' } },
        )
      const requests = numbers(20).map((value) => ({ value }))
      const responses = recordStream(
        from(requests).pipe(request$(context.link(), tokenInPayload, { ordered: true })),
      )
      expectEqual(await context.eventually(responses.ended()), 'complete', 'the end of the stream')
      expectEqual([...handled].sort(), [...numbers(20)].sort(), 'the handled payloads')
    },
  },
  {
    name: 'keeps a pending exchange with a token in the payload over a resumed session',
    needs: ['cut'],
    run: async (context) => {
      const tokenInPayload = tokenInPayloadEndpoint(context)
      const release$ = new Subject<{ value: string }>()
      const { started } = await startResponder(context, tokenInPayload, () => release$)
      const link = context.link({ persistentSession: true })
      const exchange = recordStream(exchange$(link, tokenInPayload, { value: 'x' }, { timeout: 60_000 }))
      await context.eventually(started.until(1))
      await context.settle()
      await context.cut(link)
      release$.next({ value: 'done' })
      await context.settle()
      await context.restore(link)
      await context.eventually(exchange.until(1))
      expectEqual(valuesOf(exchange), ['done'], 'the response')
    },
  },
  {
    name: 'fails pending exchanges with a token in the payload on close, and leaves no timer',
    needs: ['leftovers'],
    run: async (context) => {
      const tokenInPayload = tokenInPayloadEndpoint(context)
      const link = context.link()
      const tokens = await subscribeAndWait(context, context.peer, context.topic('request'))
      const exchange = recordStream(exchange$(link, tokenInPayload, { value: 'x' }, { timeout: 60_000 }))
      await context.eventually(tokens.until(1))
      await context.eventually(link.close())
      expectFailure(await context.eventually(exchange.ended()), 'link-closed')
      expectEqual(await context.leftovers(link), [], 'the leftovers of the link')
      expectThat(requesterStats(link, tokenInPayload).pending === 0, 'expected no pending exchange')
    },
  },
)
