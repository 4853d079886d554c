import { exchange$, request, request$, unmatchedResponses$, type ExchangeOptions } from '@antiphon/core'
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
  waitUntilOnline,
  type CaseDefinition,
} from '../case-context.js'
import { recordStream, type StreamRecording } from '../record-stream.js'
import {
  cancelProperties,
  echoEndpoint,
  startPlainResponder,
  responseTo,
  startResponder,
} from './fixtures.js'
import { streamEndpoint } from './stream-fixtures.js'

/** The cases of a requester. */
export const requesterCases: readonly CaseDefinition[] = casesOf(
  'requester',
  {
    name: 'emits the response and completes',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      await startResponder(context, echo, ({ value }) => of(`${value}!`))
      const exchange = recordStream(exchange$(context.link(), echo, 'hello'))
      expectEqual(await context.eventually(exchange.ended()), 'complete', 'the end of the exchange')
      expectEqual(exchange.values, ['hello!'], 'the response')
    },
  },
  {
    name: 'matches 1 000 concurrent requests on one topic with their own responses',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      await startResponder(context, echo, ({ value }) => of(`${value}!`), { serve: { concurrency: 1_000 } })
      const options = { ordered: true, timeout: 60_000 }
      const responses = recordStream(from(numbers(1_000)).pipe(request$(context.link(), echo, options)))
      expectEqual(await context.eventually(responses.ended()), 'complete', 'the end of the stream')
      const expected = numbers(1_000).map((value) => `${value}!`)
      expectEqual(responses.values, expected, 'the responses')
    },
  },
  {
    name: 'sends one SUBSCRIBE for N concurrent requests',
    needs: ['properties', 'count-packets'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      await startResponder(context, echo, ({ value }) => of(value))
      const options: ExchangeOptions = { responseTopic: context.topic('pool/instance1') }
      const link = context.link()
      const first = recordStream(from(numbers(50)).pipe(request$(link, echo, options)))
      const second = recordStream(from(numbers(50)).pipe(request$(link, echo, options)))
      await context.eventually(first.ended())
      await context.eventually(second.ended())
      const packets = await context.packets(context.topic('pool/instance1'))
      expectEqual(packets, { subscribe: 1, unsubscribe: 0 }, 'the packets that named the response topic')
    },
  },
  {
    name: 'accepts a response that carries only the Correlation Data',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const requests = await startPlainResponder(context, context.topic('echo'), (message) => [
        responseTo(message, textOf(message)),
      ])
      const exchange = recordStream(exchange$(context.link(), echo, 'hello'))
      expectEqual(await context.eventually(exchange.until(1)), ['hello'], 'the response')
      const [received] = requests.values
      expectThat(received !== undefined, 'expected a request')
      const { contentType, payloadFormatIndicator, messageExpiryInterval, qos, retain } = received
      expectEqual(
        { contentType, payloadFormatIndicator, qos, retain },
        { contentType: 'text/plain', payloadFormatIndicator: true, qos: 1, retain: false },
        'the properties of the request',
      )
      expectThat(
        (messageExpiryInterval ?? 0) >= 1 && (messageExpiryInterval ?? 9) <= 5,
        'expected the rest of 5 s as Message Expiry Interval',
      )
      expectEqual(received.correlationData?.length, 36, 'the length of the Correlation Data')
    },
  },
  {
    name: 'publishes the request at the QoS of the options',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const link = context.link()
      await startResponder(context, echo, ({ message }) => of(String(message.qos)), { requests: { qos: 2 } })
      for (const qos of [0, 1, 2] as const) {
        const exchange = recordStream(exchange$(link, echo, 'x', { qos }))
        expectEqual(
          await context.eventually(exchange.until(1)),
          [String(qos)],
          `the QoS of a request at QoS ${qos}`,
        )
      }
    },
  },
  {
    name: 'emits repeated and unknown responses on unmatchedResponses$ only',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      await startPlainResponder(context, context.topic('echo'), (message) => [
        responseTo(message, 'first'),
        responseTo(message, 'repeated'),
        responseTo(message, 'unknown', { correlationData: Uint8Array.of(0, 255) }),
      ])
      const link = context.link()
      const unmatched = recordStream(unmatchedResponses$(link))
      const exchange = recordStream(exchange$(link, echo, 'x'))
      await context.eventually(unmatched.until(2))
      await context.settle()
      expectEqual(exchange.values, ['first'], 'the responses')
      expectEqual(
        textsOf(unmatched.values.map(({ message }) => message)),
        ['repeated', 'unknown'],
        'the unmatched responses',
      )
    },
  },
  {
    name: 'ignores a response with the right Correlation Data on another response topic',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const [mine, other] = [context.topic('pool/1'), context.topic('pool/2')]
      const requests = await startPlainResponder(context, context.topic('echo'), () => [])
      const link = context.link()
      const unmatched = recordStream(unmatchedResponses$(link))
      const exchange = recordStream(exchange$(link, echo, 'x', { responseTopic: mine }))
      const waiting = recordStream(exchange$(link, echo, 'y', { responseTopic: other }))
      await context.eventually(requests.until(2))
      const received = requests.values.find(({ responseTopic }) => responseTopic === mine)
      expectThat(received !== undefined, 'expected the request')
      await send(context, context.peer, responseTo(received, 'wrong', { topic: other }))
      await context.eventually(unmatched.until(1))
      await send(context, context.peer, responseTo(received, 'right'))
      expectEqual(await context.eventually(exchange.until(1)), ['right'], 'the response')
      expectEqual(waiting.values, [], 'the responses to the other request')
    },
  },
  {
    name: 'fails the exchange at once when the response subscription is refused',
    needs: ['properties', 'refuse-subscribe'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const responseTopic = context.topic('forbidden')
      await context.refuseSubscribe(responseTopic, 0x87)
      const exchange = recordStream(exchange$(context.link(), echo, 'x', { responseTopic, timeout: 60_000 }))
      const ending = await context.eventually(exchange.ended())
      expectFailure(ending, 'subscribe-refused')
    },
  },
  {
    name: 'fails the exchange at once when the broker refuses the request',
    needs: ['properties', 'refuse-publish'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      await context.refusePublish(context.topic('echo'), 0x87)
      const exchange = recordStream(exchange$(context.link(), echo, 'x', { timeout: 60_000 }))
      expectFailure(await context.eventually(exchange.ended()), 'publish-refused', 0x87)
    },
  },
  {
    name: 'fails at once with failFast when no responder is subscribed',
    needs: ['properties', 'no-subscribers'],
    run: async (context) => {
      const exchange = recordStream(
        exchange$(context.link(), echoEndpoint(context), 'x', { failFast: true, timeout: 60_000 }),
      )
      expectFailure(await context.eventually(exchange.ended()), 'no-responder', 0x10)
    },
  },
  {
    name: 'fails with timeout and the awaited step when no response arrives',
    needs: ['properties'],
    run: async (context) => {
      const link = context.link()
      await waitUntilOnline(context, link)
      const exchange = recordStream(exchange$(link, echoEndpoint(context), 'x', { timeout: 2_000 }))
      const error = expectFailure(await context.eventually(exchange.ended()), 'timeout')
      expectEqual(
        [error.phase, error.awaited],
        ['after-network', 'response'],
        'the phase and the awaited step of the error',
      )
    },
  },
  {
    name: 'resends the request with the same Correlation Data until a response arrives',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      let requests = 0
      const tokens = new Set<string>()
      await startPlainResponder(context, context.topic('echo'), (message) => {
        tokens.add(textOf({ payload: message.correlationData ?? new Uint8Array() }))
        requests += 1
        return requests === 3 ? [responseTo(message, 'third')] : []
      })
      const options = { timeout: 60_000, retry: { count: 100, attemptTimeout: 500 } }
      const exchange = recordStream(exchange$(context.link(), echo, 'x', options))
      expectEqual(await context.eventually(exchange.until(1)), ['third'], 'the response')
      expectEqual(tokens.size, 1, 'the number of different Correlation Data')
    },
  },
  {
    name: 'sends one cancel message when the subscriber unsubscribes',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const controls = await startPlainResponder(context, context.topic('control'), () => [])
      const requests = await startPlainResponder(context, context.topic('echo'), (request) => [
        responseTo(request, '', {
          userProperties: [
            ['__stat', '202'],
            ['__ctlTopic', context.topic('control')],
          ],
        }),
      ])
      for (const isAccepted of [true, false]) {
        const exchange = recordStream(exchange$(context.link(), echo, 'x'))
        const count = requests.values.length + 1
        const sent = (await context.eventually(requests.until(count))).at(-1)
        if (isAccepted) await context.settle()
        exchange.unsubscribe()
        const cancel = (await context.eventually(controls.until(count))).at(-1)
        expectEqual(
          { ...cancel, payload: cancel?.payload.length },
          {
            ...sent,
            topic: context.topic('control'),
            payload: 0,
            qos: 0,
            contentType: undefined,
            payloadFormatIndicator: undefined,
            userProperties: cancelProperties,
            messageExpiryInterval: cancel?.messageExpiryInterval,
          },
          'the cancel message beside the request',
        )
      }
      await context.settle()
      expectEqual([requests.values.length, controls.values.length], [2, 2], 'the messages on both topics')
    },
  },
  {
    name: 'sends a responder without a control topic nothing but the request',
    needs: ['properties'],
    run: async (context) => {
      const requests = await startPlainResponder(context, context.topic('stream'), (request) =>
        [0, 1, 2].map((index) =>
          responseTo(request, String(index), { userProperties: [['__stream', String(index)]] }),
        ),
      )
      const link = context.link()
      const open = (timeout: number): StreamRecording<string> =>
        recordStream(exchange$(link, streamEndpoint(context), 'x', { credit: 4, timeout }))
      const cancelled = open(60_000)
      await context.eventually(cancelled.until(3))
      cancelled.unsubscribe()
      const timedOut = open(2_000)
      expectFailure(await context.eventually(timedOut.ended()), 'timeout')
      await context.settle()
      expectEqual(textsOf(requests.values), ['x', 'x'], 'the payloads on the request topic')
    },
  },
  {
    name: 'settles the promise with the response, or with cancelled on abort',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const unused = new AbortController()
      const { started } = await startResponder(context, echo, ({ value }) =>
        value === 'wait' ? new Promise<string>(() => undefined) : of(value),
      )
      const link = context.link()
      expectEqual(
        await context.eventually(request(link, echo, 'hello', { signal: unused.signal })),
        'hello',
        'the response',
      )
      const aborted = new AbortController()
      const waiting = recordStream(defer(() => request(link, echo, 'wait', { signal: aborted.signal })))
      await context.eventually(started.until(2))
      aborted.abort('reason')
      const error = expectFailure(await context.eventually(waiting.ended()), 'cancelled')
      expectEqual(error.cause, 'reason', 'the cause of the error')
    },
  },
  {
    name: 'treats a status below 400 as a response and any other status as an error',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      await startPlainResponder(context, context.topic('echo'), (message) => [
        responseTo(message, 'payload', { userProperties: [['__stat', textOf(message)]] }),
      ])
      const link = context.link()
      for (const status of ['200', '299']) {
        const exchange = recordStream(exchange$(link, echo, status))
        expectEqual(
          await context.eventually(exchange.until(1)),
          ['payload'],
          `the response with status ${status}`,
        )
      }
      for (const [status, code] of [
        ['400', 'status'],
        ['599', 'status'],
        ['OK', 'protocol'],
      ] as const) {
        const exchange = recordStream(exchange$(link, echo, status))
        const error = expectFailure(await context.eventually(exchange.ended()), code)
        if (code === 'status') expectEqual(error.status?.code, Number(status), 'the status')
      }
    },
  },
  {
    name: 'ignores unrelated messages on the response topic',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const responseTopic = context.topic('responses')
      await startPlainResponder(context, context.topic('echo'), (message) => [
        outgoing(responseTopic, 'no correlation'),
        outgoing(responseTopic, '', { correlationData: new Uint8Array(65_535) }),
        outgoing(responseTopic, '', {
          correlationData: new Uint8Array(),
          userProperties: [['__stat', '500']],
        }),
        responseTo(message, 'fine'),
      ])
      const exchange = recordStream(exchange$(context.link(), echo, 'x', { responseTopic }))
      expectEqual(await context.eventually(exchange.until(1)), ['fine'], 'the response')
    },
  },
)
