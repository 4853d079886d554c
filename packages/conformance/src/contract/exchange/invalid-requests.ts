import { endpoint, exchange$, request, text, type Codec, type ExchangeOptions } from '@antiphon/core'
import { expectEqual } from '@antiphon/testing/internal'
import { defer, of } from 'rxjs'
import { casesOf, expectFailure, numbers, type CaseDefinition, type CaseContext } from '../case-context.js'
import { recordStream } from '../record-stream.js'
import { echoEndpoint, withoutParams, startPlainResponder, responseTo, startResponder } from './fixtures.js'

/** Expects every exchange with one of these options to fail with invalid-argument before it sends a request. */
async function expectInvalidOptions(
  context: CaseContext,
  ...invalidOptions: readonly ExchangeOptions[]
): Promise<void> {
  const requests = await startPlainResponder(context, context.topic('echo'), (message) => [
    responseTo(message, ''),
  ])
  const link = context.link()
  for (const options of invalidOptions) {
    const exchange = recordStream(defer(() => exchange$(link, echoEndpoint(context), 'x', options)))
    expectFailure(await context.eventually(exchange.ended()), 'invalid-argument')
  }
  await context.eventually(recordStream(exchange$(link, echoEndpoint(context), 'x')).ended())
  expectEqual(requests.values.length, 1, 'the number of sent requests')
}

/** The cases of requests and responses that cannot be sent. */
export const invalidRequestCases: readonly CaseDefinition[] = casesOf(
  'invalid requests',
  {
    name: 'rejects an invalid timeout before sending',
    needs: ['properties'],
    run: (context) =>
      expectInvalidOptions(
        context,
        ...[0, -1, NaN, Infinity, 4_294_967_295_001].map((timeout) => ({ timeout })),
      ),
  },
  {
    name: 'rejects a reserved user property before sending',
    needs: ['properties'],
    run: (context) =>
      expectInvalidOptions(
        context,
        { userProperties: [['__stat', '200']] },
        { userProperties: [['__mine', '']] },
      ),
  },
  {
    name: 'rejects an invalid response topic before sending',
    needs: ['properties'],
    run: (context) =>
      expectInvalidOptions(
        context,
        ...['', 'a/+', 'a/#', '$share/g/a'].map((responseTopic) => ({ responseTopic })),
      ),
  },
  {
    name: 'rejects invalid retry and credit options before sending',
    needs: ['properties'],
    run: (context) =>
      expectInvalidOptions(
        context,
        { retry: { count: -1 } },
        { retry: { count: 1.5 } },
        { retry: { count: 1, attemptTimeout: 0 } },
        { credit: 0 },
      ),
  },
  {
    name: 'rejects a topic parameter that is not one topic level',
    needs: ['properties'],
    run: async (context) => {
      const rooms = endpoint({ topic: `${context.topic('rooms')}/{room}`, request: text, response: text })
      const link = context.link()
      for (const room of ['', 'a/b', '+', '#', 'a\u0000']) {
        const exchange = recordStream(defer(() => exchange$(link, rooms, { params: { room }, value: 'x' })))
        expectFailure(await context.eventually(exchange.ended()), 'invalid-argument')
      }
    },
  },
  {
    name: 'fails only the exchange whose request does not encode',
    needs: ['properties'],
    run: async (context) => {
      const failingCodec: Codec<string> = {
        ...text,
        encode: (value) => {
          if (value === 'bad') throw new Error('cannot encode')
          return text.encode(value)
        },
      }
      const contract = withoutParams(
        endpoint({ topic: context.topic('echo'), request: failingCodec, response: text }),
      )
      await startResponder(context, contract, ({ value }) => of(value))
      const link = context.link()
      const bad = recordStream(defer(() => exchange$(link, contract, 'bad')))
      expectFailure(await context.eventually(bad.ended()), 'encode')
      const good = recordStream(exchange$(link, contract, 'good'))
      expectEqual(await context.eventually(good.until(1)), ['good'], 'the response to the next request')
    },
  },
  {
    name: 'sends no request when the signal is already aborted',
    needs: ['properties'],
    run: async (context) => {
      const requests = await startPlainResponder(context, context.topic('echo'), (message) => [
        responseTo(message, ''),
      ])
      const link = context.link()
      const signal = AbortSignal.abort('reason')
      const exchange = recordStream(defer(() => request(link, echoEndpoint(context), 'x', { signal })))
      expectEqual(
        expectFailure(await context.eventually(exchange.ended()), 'cancelled').cause,
        'reason',
        'the cause of the error',
      )
      await context.eventually(request(link, echoEndpoint(context), 'y'))
      expectEqual(requests.values.length, 1, 'the number of sent requests')
    },
  },
  {
    name: 'responds with 500 when the response does not encode, and serves the next request',
    needs: ['properties'],
    run: async (context) => {
      const failingCodec: Codec<string> = {
        ...text,
        encode: (value) => {
          if (value === '2') throw new Error('cannot encode')
          return text.encode(value)
        },
      }
      const contract = withoutParams(
        endpoint({ topic: context.topic('echo'), request: text, response: failingCodec }),
      )
      await startResponder(context, contract, ({ value }) => of(value))
      const link = context.link()
      const exchanges = numbers(3).map((value) => recordStream(exchange$(link, contract, value)))
      for (const exchange of exchanges) await context.eventually(exchange.ended())
      const [, unencodable] = exchanges
      expectEqual(
        expectFailure(unencodable?.ending(), 'status').status?.code,
        500,
        'the status of the failed exchange',
      )
      expectEqual(
        exchanges.map(({ values }) => values),
        [['1'], [], ['3']],
        'the responses',
      )
    },
  },
)
