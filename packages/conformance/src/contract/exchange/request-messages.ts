import { bytes, correlationData, endpoint, exchange$, text } from '@antiphon/core'
import { fromUtf8, toUtf8 } from '@antiphon/core/codec'
import { expectEqual, expectThat, isEqual } from '@antiphon/testing/internal'
import { of } from 'rxjs'
import { casesOf, waitUntilOnline, textOf, type CaseDefinition } from '../case-context.js'
import { recordStream } from '../record-stream.js'
import { echoEndpoint, withoutParams, startPlainResponder, responseTo, startResponder } from './fixtures.js'

/**
 * Expects a measurement of Message Expiry Intervals.
 *
 * A broker may count the time that a message waits in whole seconds: if the second changes in the meantime, the interval
 * is 1 s shorter. Then measures again, at most five times.
 */
async function expectInOneSecond(
  measure: () => Promise<readonly unknown[]>,
  expected: readonly unknown[],
  what: string,
): Promise<void> {
  let measured = await measure()
  for (let attempt = 1; attempt < 5 && !isEqual(measured, expected); attempt += 1) measured = await measure()
  expectEqual(measured, expected, what)
}

/** The cases of request messages and their properties. */
export const requestMessageCases: readonly CaseDefinition[] = casesOf(
  'request messages',
  {
    name: 'sends response/{clientId} or the responseTopic option as Response Topic',
    needs: ['properties'],
    run: async (context) => {
      const link = context.link()
      const { clientId } = await waitUntilOnline(context, link)
      const requests = await startPlainResponder(context, context.topic('echo'), (request) => [
        responseTo(request, ''),
      ])
      await context.eventually(recordStream(exchange$(link, echoEndpoint(context), 'x')).ended())
      const responseTopic = context.topic('pool/1')
      await context.eventually(
        recordStream(exchange$(link, echoEndpoint(context), 'x', { responseTopic })).ended(),
      )
      expectEqual(
        requests.values.map((request) => request.responseTopic),
        [`response/${clientId}`, responseTopic],
        'the response topics',
      )
    },
  },
  {
    name: 'sends a UUID v4 as text or as 16 bytes as Correlation Data',
    needs: ['properties'],
    run: async (context) => {
      const requests = await startPlainResponder(context, context.topic('echo'), (request) => [
        responseTo(request, ''),
      ])
      const link = context.link()
      const correlation = correlationData({ format: 'bytes' })
      const inBytes = withoutParams(
        endpoint({ topic: context.topic('echo'), request: text, response: text, correlation }),
      )
      for (const tested of [echoEndpoint(context), inBytes])
        await context.eventually(recordStream(exchange$(link, tested, 'x')).ended())
      const [inText, raw] = requests.values.map((request) => request.correlationData)
      const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
      expectThat(
        uuid.test(fromUtf8(inText ?? toUtf8(''))),
        'expected the Correlation Data to be a UUID of version 4',
      )
      expectEqual([raw?.length, (raw?.[6] ?? 0) >> 4], [16, 4], 'the length and version of the binary UUID')
    },
  },
  {
    name: 'sends a binary payload without the UTF-8 Payload Format Indicator',
    needs: ['properties'],
    run: async (context) => {
      const raw = withoutParams(endpoint({ topic: context.topic('echo'), request: bytes, response: bytes }))
      const requests = await startPlainResponder(context, context.topic('echo'), (request) => [
        { ...responseTo(request, ''), payload: request.payload },
      ])
      const value = Uint8Array.of(0, 255, 192, 128)
      const exchange = recordStream(exchange$(context.link(), raw, value))
      expectEqual(await context.eventually(exchange.until(1)), [value], 'the response')
      const [request] = requests.values
      expectEqual(request?.contentType, 'application/octet-stream', 'the content type')
      expectThat(request?.payloadFormatIndicator !== true, 'expected no UTF-8 Payload Format Indicator')
    },
  },
  {
    name: 'sends the timeout as Message Expiry Interval, rounded up to whole seconds',
    needs: ['properties'],
    run: async (context) => {
      const link = context.link()
      await waitUntilOnline(context, link)
      const requests = await startPlainResponder(context, context.topic('echo'), (request) => [
        responseTo(request, ''),
      ])
      const measure = async (): Promise<readonly unknown[]> => {
        const count = requests.values.length
        for (const timeout of [1_700, 2_000, 60_000])
          await context.eventually(
            recordStream(exchange$(link, echoEndpoint(context), 'x', { timeout })).ended(),
          )
        return requests.values.slice(count).map(({ messageExpiryInterval }) => messageExpiryInterval)
      }
      await expectInOneSecond(measure, [2, 2, 60], 'the Message Expiry Intervals')
    },
  },
  {
    name: 'resends the same message with the remaining Message Expiry Interval',
    needs: ['properties'],
    run: async (context) => {
      const link = context.link()
      await waitUntilOnline(context, link)
      let requestCount = 0
      const requests = await startPlainResponder(context, context.topic('echo'), (request) =>
        (requestCount += 1) % 2 === 0 ? [responseTo(request, 'yes')] : [],
      )
      // The first is sent within 900 ms, the second within 1900 ms, also on a busy machine.
      const options = { timeout: 3_900, retry: { count: 1, attemptTimeout: 1_200 } }
      const measure = async (): Promise<readonly unknown[]> => {
        const count = requests.values.length
        const exchange = recordStream(exchange$(link, echoEndpoint(context), 'x', options))
        expectEqual(await context.eventually(exchange.until(1)), ['yes'], 'the response')
        const [first, second] = requests.values
          .slice(count)
          .map(({ dup: _, userProperties: __, ...request }) => request)
        const intervals = [first, second].map((request) => request?.messageExpiryInterval)
        expectEqual({ ...second, messageExpiryInterval: intervals[0] }, first, 'the resent request')
        const attempts = requests.values.slice(count).map(({ userProperties }) => userProperties)
        expectEqual(attempts, [[['__ctl', '1']], [['__ctl', '2']]], 'the numbers of the attempts')
        return intervals
      }
      await expectInOneSecond(measure, [4, 3], 'the Message Expiry Intervals')
    },
  },
  {
    name: 'transfers user properties to the handler, repeated ones in order',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), ({ message: { userProperties = [] } }) =>
        of(
          userProperties
            .filter(([name]) => !name.startsWith('__'))
            .map((pair) => pair.join('='))
            .join('&'),
        ),
      )
      const userProperties = [
        ['colour', 'red'],
        ['colour', 'blue'],
        ['size', 'ü'],
      ] as const
      const exchange = recordStream(exchange$(context.link(), echoEndpoint(context), 'x', { userProperties }))
      expectEqual(
        await context.eventually(exchange.until(1)),
        ['colour=red&colour=blue&size=ü'],
        'the received user properties',
      )
    },
  },
  {
    name: 'passes topic parameters from the requester to the handler',
    needs: ['properties'],
    run: async (context) => {
      const rooms = endpoint({
        topic: `${context.topic('rooms')}/{room}/request`,
        request: text,
        response: text,
      })
      await startResponder(context, rooms, ({ params, value }) => of(`${value} in ${params.room ?? ''}`))
      const link = context.link()
      for (const room of ['kitchen', 'Küche 1', '$']) {
        const exchange = recordStream(exchange$(link, rooms, { params: { room }, value: 'warm' }))
        expectEqual(await context.eventually(exchange.until(1)), [`warm in ${room}`], 'the response')
      }
    },
  },
  {
    name: 'subscribes only to the topic of the fixed parameters',
    needs: ['properties'],
    run: async (context) => {
      const rooms = endpoint({
        topic: `${context.topic('rooms')}/{room}/request`,
        request: text,
        response: text,
      })
      const handledRooms: string[] = []
      await startResponder(
        context,
        rooms,
        ({ params, value }) => {
          handledRooms.push(params.room ?? '')
          return of(value)
        },
        { requests: { params: { room: 'kitchen' } } },
      )
      const link = context.link()
      const other = recordStream(exchange$(link, rooms, { params: { room: 'attic' }, value: 'x' }))
      const own = recordStream(exchange$(link, rooms, { params: { room: 'kitchen' }, value: 'x' }))
      await context.eventually(own.ended())
      await context.settle()
      expectEqual(
        [handledRooms, other.values],
        [['kitchen'], []],
        'the handled rooms, and the responses to the other request',
      )
      other.unsubscribe()
    },
  },
  {
    name: 'responds at the QoS of the request',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), ({ value }) => of(value), { requests: { qos: 2 } })
      const responses = recordStream(context.peer.messages$(context.topic('responses'), { qos: 2 }))
      const requests = recordStream(context.peer.subscription$(context.topic('responses'), { qos: 2 }))
      await context.eventually(requests.until(1))
      for (const qos of [0, 1, 2] as const) {
        const request = {
          topic: context.topic('echo'),
          payload: toUtf8('x'),
          qos,
          responseTopic: context.topic('responses'),
          correlationData: Uint8Array.of(qos),
        }
        await context.eventually(recordStream(context.peer.publish$(request)).ended())
        await context.eventually(responses.until(qos + 1))
      }
      expectEqual(
        responses.values.map((response) => [textOf(response), response.qos]),
        [
          ['x', 0],
          ['x', 1],
          ['x', 2],
        ],
        'the responses',
      )
      requests.unsubscribe()
    },
  },
)
