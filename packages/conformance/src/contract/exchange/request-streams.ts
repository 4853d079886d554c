import {
  exchange$,
  text,
  userProperty,
  type Endpoint,
  type EndpointTypes,
  type Handler,
  type ItemStream,
  type Message,
  type RequestItems,
} from '@antiphon/core'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { concat, concatMap, map, NEVER, Subject, take, throwError, timer, from, toArray } from 'rxjs'
import {
  casesOf,
  expectFailure,
  numbers,
  outgoing,
  send,
  type CaseContext,
  type CaseDefinition,
} from '../case-context.js'
import { recordStream } from '../record-stream.js'
import {
  cancelProperties,
  correlatedBy,
  startPlainRequester,
  startPlainResponder,
  startResponder,
  responseTo,
  statusOf,
  type EchoTypes,
} from './fixtures.js'

/** The types of an endpoint with many texts as request and one text as response. */
type UploadTypes = Omit<EchoTypes, 'requestInput' | 'request'> &
  EndpointTypes & {
    readonly requestInput: ItemStream<string>
    readonly request: RequestItems<string>
    readonly kind: 'one'
  }

/** The types of an endpoint with many texts each way. */
type ChatTypes = Omit<UploadTypes, 'kind'> & EndpointTypes & { readonly kind: 'many' }

function uploadEndpoint(context: CaseContext): Endpoint<UploadTypes> {
  return requestStreamEndpoint({ topic: context.topic('upload'), request: text, response: text })
}

function chatEndpoint(context: CaseContext): Endpoint<ChatTypes> {
  const contract = {
    topic: context.topic('chat'),
    request: text,
    response: text,
    responses: 'many',
  } as const
  return requestStreamEndpoint(contract)
}

/** Responds with all items, separated by spaces. */
const joined: Handler<UploadTypes> = ({ value }) =>
  value.pipe(
    toArray(),
    map((items) => items.join(' ')),
  )

/** The sizes of the groups with which a case runs. */
const SIZES = [2, 3] as const

/** The cases of requests that are streams of items. */
export const requestStreamCases: readonly CaseDefinition[] = casesOf(
  'request streams',
  {
    name: 'passes 300 items of a request to its handler in order',
    needs: ['properties'],
    run: async (context) => {
      await startResponder(context, uploadEndpoint(context), joined)
      const exchange = recordStream(exchange$(context.link(), uploadEndpoint(context), numbers(300)))
      expectEqual(await context.eventually(exchange.until(1)), [numbers(300).join(' ')], 'the response')
    },
  },
  {
    name: 'exchanges 300 items each way at a credit of 16 each way',
    needs: ['properties'],
    run: async (context) => {
      const handler: Handler<ChatTypes> = ({ value }) => value.pipe(map((item) => `${item}!`))
      await startResponder(context, chatEndpoint(context), handler, { requests: { credit: 16 } })
      const items = numbers(300)
      const exchange = recordStream(
        exchange$(context.link(), chatEndpoint(context), items, { credit: 16, timeout: 10_000 }),
      )
      expectEqual(await context.eventually(exchange.ended()), 'complete', 'the end of the stream')
      expectEqual(
        exchange.values,
        items.map((item) => `${item}!`),
        'the items',
      )
    },
  },
  ...SIZES.map((size) => ({
    name: `sends all items of each of 9 request streams to one member of a group of ${size}`,
    needs: ['properties', 'shared'] as const,
    run: async (context: CaseContext): Promise<void> => {
      for (const member of numbers(size)) {
        const handler: Handler<UploadTypes> = ({ value }) =>
          value.pipe(
            map((item) => `${item}@${member}`),
            toArray(),
            map((items) => items.join(' ')),
          )
        await startResponder(context, uploadEndpoint(context), handler, {
          link: context.link(),
          requests: { group: 'workers', credit: 4 },
        })
      }
      const link = context.link()
      const exchanges = numbers(9).map(() =>
        recordStream(exchange$(link, uploadEndpoint(context), numbers(30), { timeout: 10_000 })),
      )
      for (const exchange of exchanges) {
        const [response = ''] = await context.eventually(exchange.until(1))
        const [member = ''] = response.split('@').slice(-1)
        expectEqual(
          response,
          numbers(30)
            .map((item) => `${item}@${member}`)
            .join(' '),
          'the items that a member received',
        )
      }
    },
  })),
  {
    name: 'passes an error of the request stream to the handler, and fails the exchange with it',
    needs: ['properties'],
    run: async (context) => {
      const errors$ = new Subject<string>()
      const recorded = recordStream(errors$)
      await startResponder(context, uploadEndpoint(context), ({ value }) => {
        value.subscribe({ error: (error: unknown) => errors$.next(String(error)) })
        return NEVER
      })
      const items$ = concat(
        numbers(3),
        throwError(() => new Error('broken')),
      )
      const exchange = recordStream(exchange$(context.link(), uploadEndpoint(context), items$))
      const error = expectFailure(await context.eventually(exchange.ended()), 'unknown')
      expectEqual(error.rawMessage, 'broken', 'the error of the exchange')
      const [seen] = await context.eventually(recorded.until(1))
      expectThat(seen?.includes('the request stream failed') === true, `the handler saw ${String(seen)}`)
    },
  },
  {
    name: 'stops the handler and the request stream when the requester unsubscribes',
    needs: ['properties'],
    run: async (context) => {
      const { records, started } = await startResponder(context, uploadEndpoint(context), ({ value }) =>
        value.pipe(
          take(3),
          concatMap(() => NEVER),
        ),
      )
      let isStopped = false
      const link = context.link()
      async function* generate(): AsyncGenerator<string> {
        try {
          for (;;) yield 'item'
        } finally {
          isStopped = true
        }
      }
      const exchange = recordStream(exchange$(link, uploadEndpoint(context), generate(), { timeout: 60_000 }))
      await context.eventually(started.until(1))
      await context.settle()
      exchange.unsubscribe()
      const [record] = await context.eventually(records.until(1))
      await context.settle()
      expectEqual(
        [record?.outcome, isStopped],
        ['cancelled', true],
        'the outcome, and whether the stream was stopped',
      )
    },
  },
  {
    name: 'refuses a request stream at once if the control topic is refused',
    needs: ['properties', 'refuse-subscribe'],
    run: async (context) => {
      const controlTopic = context.topic('control')
      await context.refuseSubscribe(controlTopic, 0x87)
      await startResponder(context, uploadEndpoint(context), joined, { requests: { controlTopic } })
      await context.settle()
      const exchange = recordStream(
        exchange$(context.link(), uploadEndpoint(context), numbers(3), { timeout: 60_000 }),
      )
      const { status } = expectFailure(await context.eventually(exchange.ended()), 'status')
      expectEqual([status?.code, status?.propertyName], [400, '__ctl'], 'the status and the property')
    },
  },
  ...(['requester', 'responder'] as const).map((side) => ({
    name: `goes on with a request stream when the ${side} has reconnected`,
    needs: ['properties', 'cut'] as const,
    run: async (context: CaseContext): Promise<void> => {
      const server = context.link({ persistentSession: true })
      const requester = context.link({ persistentSession: true })
      const { started } = await startResponder(context, uploadEndpoint(context), joined, {
        link: server,
        requests: { credit: 8 },
      })
      const items$ = from(numbers(40)).pipe(
        concatMap((item) => timer(20, requester.scheduler).pipe(map(() => item))),
      )
      const exchange = recordStream(exchange$(requester, uploadEndpoint(context), items$, { timeout: 6_000 }))
      await context.eventually(started.until(1))
      const link = side === 'requester' ? requester : server
      await context.cut(link)
      await context.settle()
      await context.restore(link)
      expectEqual(await context.eventually(exchange.until(1)), [numbers(40).join(' ')], 'the response')
    },
  })),
  {
    name: 'gives credit in acceptances and takes items from the control topic, with a requester without Antiphon',
    needs: ['properties'],
    run: async (context) => {
      const controlTopic = context.topic('control')
      await startResponder(context, uploadEndpoint(context), joined, {
        requests: { controlTopic, credit: 2 },
      })
      const requester = await startPlainRequester(context, context.topic('upload'))
      const { responseTopic } = requester
      const correlation = correlatedBy('stream')
      await requester.sendRequest('', {
        ...correlation,
        messageExpiryInterval: 60,
        userProperties: [['__ctl', 'open']],
      })
      const sendItem = async (position: string, payload: string): Promise<void> => {
        await send(
          context,
          context.peer,
          outgoing(controlTopic, payload, {
            ...correlation,
            responseTopic,
            userProperties: [
              ['__ctl', 'item'],
              ['__stream', position],
            ],
          }),
        )
      }
      const [first] = await context.eventually(requester.responses.until(1))
      expectEqual(creditOf(first), ['202', controlTopic, '2', '0'], 'the first acceptance')
      await sendItem('0', 'a')
      const [, second] = await context.eventually(requester.responses.until(2))
      expectEqual(creditOf(second), ['202', controlTopic, '3', '1'], 'the acceptance after an item')
      await sendItem('1', 'b')
      await context.eventually(requester.responses.until(3))
      await sendItem('2:last', '')
      const responses = await context.eventually(requester.responses.until(5))
      expectEqual(
        responses
          .slice(-1)
          .map((response) => [statusOf(response), new TextDecoder().decode(response.payload)]),
        [['200', 'a b']],
        'the response',
      )
    },
  },
  {
    name: 'stops a request stream on a cancel message, and ignores items that follow',
    needs: ['properties'],
    run: async (context) => {
      const controlTopic = context.topic('control')
      const { records } = await startResponder(context, uploadEndpoint(context), joined, {
        requests: { controlTopic },
      })
      const requester = await startPlainRequester(context, context.topic('upload'))
      const { responseTopic } = requester
      const correlation = correlatedBy('stream')
      await requester.sendRequest('', { ...correlation, userProperties: [['__ctl', 'open']] })
      await context.eventually(requester.responses.until(1))
      for (const userProperties of [
        cancelProperties,
        [
          ['__ctl', 'item'],
          ['__stream', '0'],
        ] as const,
      ])
        await send(
          context,
          context.peer,
          outgoing(controlTopic, '', { ...correlation, responseTopic, userProperties }),
        )
      const [record] = await context.eventually(records.until(1))
      await context.settle()
      expectEqual(record?.outcome, 'cancelled', 'the outcome')
      expectEqual(requester.responses.values.length, 1, 'the number of messages to the requester')
    },
  },
  {
    name: 'sends no item to a responder that gives no credit',
    needs: ['properties'],
    run: async (context) => {
      const control = recordStream(context.peer.messages$(context.topic('control')))
      await startPlainResponder(context, context.topic('upload'), (request) => [
        responseTo(request, '', {
          userProperties: [
            ['__stat', '202'],
            ['__ctlTopic', context.topic('control')],
          ],
        }),
        responseTo(request, 'early'),
      ])
      const exchange = recordStream(exchange$(context.link(), uploadEndpoint(context), numbers(3)))
      expectEqual(await context.eventually(exchange.until(1)), ['early'], 'the response')
      await context.settle()
      expectEqual(control.values, [], 'the messages to the control topic')
    },
  },
)

/** Returns the status, the control topic, the credit and the expected item of an acceptance. */
function creditOf(acceptance: Message | undefined): readonly (string | undefined)[] {
  return ['__stat', '__ctlTopic', '__credit', '__stream'].map((name) =>
    userProperty(acceptance?.userProperties, name),
  )
}
