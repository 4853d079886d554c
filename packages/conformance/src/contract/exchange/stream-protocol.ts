import { exchange$, request$, requestMany, userProperty, type Message } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { interval, map, of } from 'rxjs'
import { casesOf, expectFailure, numbers, textOf, textsOf, type CaseDefinition } from '../case-context.js'
import { recordStream } from '../record-stream.js'
import {
  cancelProperties,
  creditProperties,
  sendControl,
  startPlainRequester,
  startPlainResponder,
  responseTo,
  startResponder,
  statusOf,
  correlatedBy,
} from './fixtures.js'
import { countingHandler, streamEndpoint } from './stream-fixtures.js'

const streamPositionOf = ({ userProperties }: Message): string | undefined =>
  userProperty(userProperties, '__stream')

/** The cases of streamed responses on the wire, with peers without Antiphon. */
export const streamProtocolCases: readonly CaseDefinition[] = casesOf(
  'stream protocol',
  {
    name: 'sends each item with its stream position, and the end with the position after them',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, streamEndpoint(context), countingHandler().handler)
      const requester = await startPlainRequester(context, context.topic('stream'))
      await requester.sendRequest('3')
      const responses = await context.eventually(requester.responses.until(4))
      expectEqual(textsOf(responses), ['1', '2', '3', ''], 'the payloads')
      expectEqual(responses.map(streamPositionOf), ['0', '1', '2', '3:last'], 'the stream positions')
      expectThat(
        responses.every((response) => Number(statusOf(response)) < 400),
        'expected every status to be below 400',
      )
    },
  },
  {
    name: "pauses a stream at the requester's credit and resumes with added credit",
    needs: ['properties'],
    run: async (context) => {
      const { handler, produced } = countingHandler()
      const requests = { controlTopic: context.topic('control') }
      await startResponder(context, streamEndpoint(context), handler, { requests })
      const requester = await startPlainRequester(context, context.topic('stream'))
      const { correlationData } = correlatedBy('one')
      await requester.sendRequest('5', { ...correlatedBy('one'), userProperties: [['__credit', '2']] })
      await context.eventually(requester.responses.until(2))
      await context.settle()
      expectEqual(
        [requester.responses.values.length, produced()],
        [2, 2],
        'the number of received and produced items',
      )
      await sendControl(context, requester, correlationData, creditProperties(3))
      await context.eventually(requester.responses.until(3))
      await context.settle()
      expectEqual(
        [requester.responses.values.length, produced()],
        [3, 3],
        'the number of received and produced items after added credit',
      )
      // A repeated or late total changes nothing.
      for (const total of [3, 2])
        await sendControl(context, requester, correlationData, creditProperties(total))
      await context.settle()
      expectEqual(produced(), 3, 'the number of produced items after repeated credit')
      await sendControl(context, requester, correlationData, creditProperties(13))
      await context.eventually(requester.responses.until(6))
      expectEqual(textsOf(requester.responses.values), [...numbers(5), ''], 'the payloads of all responses')
    },
  },
  {
    name: 'stops a stream on a cancel message',
    needs: ['properties'],
    run: async (context) => {
      const { handler, isStopped } = countingHandler()
      const requests = { controlTopic: context.topic('control') }
      const { records } = await startResponder(context, streamEndpoint(context), handler, { requests })
      const requester = await startPlainRequester(context, context.topic('stream'))
      await requester.sendRequest('1000', { ...correlatedBy('one'), userProperties: [['__credit', '3']] })
      await context.eventually(requester.responses.until(3))
      await sendControl(context, requester, correlatedBy('one').correlationData, cancelProperties)
      const [record] = await context.eventually(records.until(1))
      await context.settle()
      expectEqual(
        [record?.outcome, isStopped()],
        ['cancelled', true],
        'the outcome, and whether the handler stopped',
      )
      expectEqual(requester.responses.values.length, 3, 'the number of items')
    },
  },
  {
    name: 'stops a stream whose items have no subscriber',
    needs: ['properties', 'no-subscribers'],
    run: async (context) => {
      const { handler, isStopped } = countingHandler()
      const { records } = await startResponder(context, streamEndpoint(context), handler)
      const requester = await startPlainRequester(context, context.topic('stream'))
      await requester.sendRequest('1000000', { responseTopic: context.topic('unsubscribed') })
      const [record] = await context.eventually(records.until(1))
      expectEqual(
        [record?.outcome, isStopped()],
        ['cancelled', true],
        'the outcome, and whether the handler stopped',
      )
    },
  },
  {
    name: 'resends the items of a completed stream to a duplicate request without a second run',
    needs: ['properties'],
    run: async (context) => {
      const { handler, produced } = countingHandler()
      await startResponder(context, streamEndpoint(context), handler)
      const requester = await startPlainRequester(context, context.topic('stream'))
      for (const times of [1, 2]) {
        await requester.sendRequest('3', correlatedBy('same'))
        await context.eventually(requester.responses.until(4 * times))
      }
      const [first, second] = [requester.responses.values.slice(0, 4), requester.responses.values.slice(4)]
      expectEqual(second, first, 'the items of the second run')
      expectEqual(produced(), 3, 'the number of produced items')
    },
  },
  {
    name: 'keeps concurrent streams separate',
    needs: ['properties'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      await startResponder(
        context,
        streamEndpoint(context),
        ({ value }) => interval(Number(value), link.scheduler).pipe(map((index) => `${value}.${index}`)),
        { link },
      )
      const requester = context.link()
      const values = ['5', '7']
      const exchanges = values.map((value) =>
        recordStream(exchange$(requester, streamEndpoint(context), value)),
      )
      for (const exchange of exchanges) await context.eventually(exchange.until(10))
      for (const exchange of exchanges) exchange.unsubscribe()
      expectEqual(
        exchanges.map(({ values }) => values.slice(0, 10)),
        values.map((value) => Array.from({ length: 10 }, (_, index) => `${value}.${index}`)),
        'the items',
      )
    },
  },
  {
    name: 'emits the items before a failure that arrives first',
    needs: ['properties'],
    run: async (context) => {
      await startPlainResponder(context, context.topic('stream'), (request) => [
        responseTo(request, '', {
          userProperties: [
            ['__stream', '2:last'],
            ['__stat', '500'],
          ],
        }),
        ...['1', '0'].map((position) =>
          responseTo(request, position, { userProperties: [['__stream', position]] }),
        ),
      ])
      const exchange = recordStream(exchange$(context.link(), streamEndpoint(context), 'x'))
      expectEqual(
        expectFailure(await context.eventually(exchange.ended()), 'status').status?.code,
        500,
        'the status',
      )
      expectEqual(exchange.values, ['0', '1'], 'the items before the failure')
    },
  },
  {
    name: 'fails with protocol on a missing or invalid stream position',
    needs: ['properties'],
    run: async (context) => {
      await startPlainResponder(context, context.topic('stream'), (request) => [
        responseTo(
          request,
          'item',
          textOf(request) === 'none' ? {} : { userProperties: [['__stream', textOf(request)]] },
        ),
      ])
      const link = context.link()
      for (const position of ['none', '-1', '1.5', 'last', '0:first', '']) {
        const exchange = recordStream(exchange$(link, streamEndpoint(context), position))
        expectFailure(await context.eventually(exchange.ended()), 'protocol')
      }
    },
  },
  {
    name: "fails with protocol on items beyond the requester's credit",
    needs: ['properties'],
    run: async (context) => {
      await startPlainResponder(context, context.topic('stream'), (request) =>
        request.payload.length === 0
          ? []
          : ['2', '1', '0'].map((position) =>
              responseTo(request, position, { userProperties: [['__stream', position]] }),
            ),
      )
      const exchange = recordStream(exchange$(context.link(), streamEndpoint(context), 'x', { credit: 2 }))
      expectFailure(await context.eventually(exchange.ended()), 'protocol')
      expectEqual(exchange.values, [], 'the items')
    },
  },
  {
    name: 'cancels the stream when the for await loop is left early',
    needs: ['properties'],
    run: async (context) => {
      const { handler, isStopped } = countingHandler()
      const { records } = await startResponder(context, streamEndpoint(context), handler)
      const items = requestMany(context.link(), streamEndpoint(context), '1000', { credit: 2 })[
        Symbol.asyncIterator
      ]()
      await context.eventually(items.next())
      await context.eventually(Promise.resolve(items.return?.()))
      const [record] = await context.eventually(records.until(1))
      expectEqual(
        [record?.outcome, isStopped()],
        ['cancelled', true],
        'the outcome, and whether the handler stopped',
      )
    },
  },
  {
    name: 'concatenates the streams of several requests with ordered',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, streamEndpoint(context), countingHandler().handler)
      const link = context.link()
      const items = recordStream(
        of('2', '3').pipe(request$(link, streamEndpoint(context), { ordered: true })),
      )
      expectEqual(await context.eventually(items.ended()), 'complete', 'the end of the stream')
      expectEqual(items.values, ['1', '2', '1', '2', '3'], 'the items')
    },
  },
)
