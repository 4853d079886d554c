import { exchange$, type Message, type OutgoingMessage } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { expectEqual } from '@antiphon/testing/internal'
import { of } from 'rxjs'
import { casesOf, expectFailure, textsOf, type CaseDefinition } from '../case-context.js'
import { recordStream } from '../record-stream.js'
import {
  echoEndpoint,
  startPlainRequester,
  startPlainResponder,
  responseTo,
  startResponder,
  statusOf,
  correlatedBy,
} from './fixtures.js'

/** `123456789` in three chunks, with the CRC-32C check value. */
const chunks = [
  { text: '123', header: '0:3:9:e3069283' },
  { text: '456', header: '1:3:9' },
  { text: '789', header: '2:3:9' },
] as const

/** Returns the user property of a chunk. */
function chunkProperty(header: string): Pick<OutgoingMessage, 'userProperties'> {
  return { userProperties: [['__chunk', header]] }
}

/** The cases of payloads in chunks. */
export const chunkCases: readonly CaseDefinition[] = casesOf(
  'chunked payloads',
  {
    name: 'transfers a large request and a large response in chunks',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), ({ value }) => of(`${value}!`))
      const large = 'Nächte '.repeat(70_000)
      const exchange = recordStream(
        exchange$(context.link(), echoEndpoint(context), large, { timeout: 60_000 }),
      )
      expectEqual(await context.eventually(exchange.ended()), 'complete', 'the end of the stream')
      expectEqual(exchange.values[0] === `${large}!`, true, 'whether the whole response was received')
    },
  },
  {
    name: 'assembles one request from reordered and repeated chunks',
    needs: ['properties'],
    run: async (context) => {
      const handled: string[] = []
      await startResponder(context, echoEndpoint(context), ({ value }) => {
        handled.push(value)
        return of(`${value}!`)
      })
      const requester = await startPlainRequester(context, context.topic('echo'))
      for (const { text, header } of [chunks[2], chunks[0], chunks[0], chunks[1]])
        await requester.sendRequest(text, { ...correlatedBy('large'), ...chunkProperty(header) })
      await context.eventually(requester.responses.until(1))
      await context.settle()
      expectEqual(textsOf(requester.responses.values), ['123456789!'], 'the responses')
      expectEqual(handled, ['123456789'], 'the handled payloads')
    },
  },
  {
    name: 'answers invalid chunks with 400 once and serves the next request',
    needs: ['properties'],
    run: async (context) => {
      const { ignored } = await startResponder(context, echoEndpoint(context), ({ value }) => of(value))
      const requester = await startPlainRequester(context, context.topic('echo'))
      const invalidChunks: Readonly<Record<string, readonly string[]>> = {
        'check sum': ['0:3:9:00000000', '1:3:9', '2:3:9'],
        header: ['whole'],
        'size above the bound': ['0:2:16777217:e3069283'],
        'more than the whole': ['0:2:3:e3069283', '1:2:3'],
        'different counts': ['0:3:9:e3069283', '1:4:9'],
      }
      for (const [name, headers] of Object.entries(invalidChunks))
        for (const [index, header] of headers.entries())
          await requester.sendRequest(chunks[index]?.text ?? '', {
            ...correlatedBy(name),
            ...chunkProperty(header),
          })
      await requester.sendRequest('valid')
      const names = Object.keys(invalidChunks)
      await context.eventually(requester.responses.until(names.length + 1))
      await context.settle()
      const [valid] = requester.responses.values.slice(-1)
      const rejections = requester.responses.values.slice(0, -1)
      expectEqual(textsOf(valid === undefined ? [] : [valid]), ['valid'], 'the last response')
      expectEqual(
        rejections.map((response) => ({ name: response.correlationData, status: statusOf(response) })),
        names.map((name) => ({ name: toUtf8(name), status: '400' })),
        'the Correlation Data and statuses of the other responses',
      )
      expectEqual(
        ignored.values.map(({ reason }) => reason),
        names.map(() => 'invalid'),
        'the reasons of the ignored requests',
      )
    },
  },
  {
    name: 'assembles interleaved chunks of different requests separately',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, echoEndpoint(context), ({ value }) => of(value))
      const requester = await startPlainRequester(context, context.topic('echo'))
      for (const { text, header } of chunks)
        for (const name of ['one', 'other'])
          await requester.sendRequest(text, { ...correlatedBy(name), ...chunkProperty(header) })
      const responses = await context.eventually(requester.responses.until(2))
      expectEqual(textsOf(responses), ['123456789', '123456789'], 'the responses')
      expectEqual(
        responses.map((response) => response.correlationData),
        ['one', 'other'].map((name) => toUtf8(name)),
        'the Correlation Data of the responses',
      )
    },
  },
  {
    name: 'assembles a chunked response and fails on invalid chunks',
    needs: ['properties'],
    run: async (context) => {
      const chunkedResponses = (request: Message, headers: readonly string[]): readonly OutgoingMessage[] =>
        headers.map((header, index) => responseTo(request, chunks[index]?.text ?? '', chunkProperty(header)))
      await startPlainResponder(context, context.topic('echo'), (request) =>
        request.payload.length === 5
          ? [
              ...chunkedResponses(
                request,
                chunks.map(({ header }) => header),
              ),
            ].reverse()
          : chunkedResponses(request, ['0:2:9:e3069283', '1:2:9']),
      )
      const link = context.link()
      const whole = recordStream(exchange$(link, echoEndpoint(context), 'whole'))
      expectEqual(await context.eventually(whole.until(1)), ['123456789'], 'the response')
      const broken = recordStream(exchange$(link, echoEndpoint(context), 'broken'))
      expectFailure(await context.eventually(broken.ended()), 'protocol')
    },
  },
  {
    name: 'resends the cached response to a duplicate request in chunks',
    needs: ['properties'],
    run: async (context) => {
      let runs = 0
      await startResponder(context, echoEndpoint(context), () => of(`run ${(runs += 1)}`))
      const requester = await startPlainRequester(context, context.topic('echo'))
      for (const times of [1, 2]) {
        for (const { text, header } of chunks)
          await requester.sendRequest(text, { ...correlatedBy('same'), ...chunkProperty(header) })
        await context.eventually(requester.responses.until(times))
      }
      expectEqual(textsOf(requester.responses.values), ['run 1', 'run 1'], 'the responses')
      expectEqual(
        requester.responses.values.map((response) => statusOf(response)),
        ['200', '200'],
        'their statuses',
      )
    },
  },
)
