import {
  AntiphonError,
  endpoint,
  type Message,
  exchange$,
  request$,
  text,
  userProperty,
  withMessage,
  withProperties,
} from '@antiphon/core'
import { expectEqual } from '@antiphon/testing/internal'
import { NEVER, of, Subject } from 'rxjs'
import { casesOf, expectFailure, outgoing, send, type CaseDefinition } from '../case-context.js'
import { recordStream } from '../record-stream.js'
import {
  correlatedBy,
  echoEndpoint,
  responseTo,
  startPlainRequester,
  startPlainResponder,
  startResponder,
  withoutParams,
} from './fixtures.js'

/** The cases of properties that applications set on responses, and read from them. */
export const messagePropertyCases: readonly CaseDefinition[] = casesOf(
  'message properties',
  {
    name: 'sends the properties of the handler with the response and with its duplicate',
    needs: ['properties'],
    run: async (context) => {
      const properties = { userProperties: [['unit', 'C']], contentType: 'text/x-temperature' } as const
      await startResponder(context, echoEndpoint(context), ({ value }) => withProperties(value, properties))
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('x', correlatedBy('same'))
      await context.eventually(requester.responses.until(1))
      await requester.sendRequest('x', correlatedBy('same'))
      const responses = await context.eventually(requester.responses.until(2))
      expectEqual(
        responses.map(({ userProperties, contentType }) => [
          userProperty(userProperties, 'unit'),
          contentType,
        ]),
        [
          ['C', 'text/x-temperature'],
          ['C', 'text/x-temperature'],
        ],
        'the properties of the responses',
      )
    },
  },
  {
    name: 'emits a response together with its message',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const userProperties = [['unit', 'C']] as const
      await startResponder(context, echo, ({ value }) => withProperties(value, { userProperties }))
      const responses = recordStream(of('22').pipe(request$(context.link(), withMessage(echo))))
      await context.eventually(responses.ended())
      expectEqual(
        responses.values.map(({ value, message }) => [value, userProperty(message.userProperties, 'unit')]),
        [['22', 'C']],
        'the response and its User Property',
      )
    },
  },
  {
    name: 'fails a request whose response onResponse rejects',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      await startPlainResponder(context, context.topic('echo'), (request) => [responseTo(request, 'x')])
      const onResponse = (): Error => new Error('no signature')
      const exchange = recordStream(exchange$(context.link(), echo, 'x', { onResponse }))
      const error = expectFailure(await context.eventually(exchange.ended()), 'protocol')
      expectEqual(error.rawMessage, 'onResponse rejects the response: no signature', 'the error')
    },
  },
  {
    name: 'reports the supported and the requested version of status 505',
    needs: ['properties'],
    run: async (context) => {
      const dialect = withoutParams(
        endpoint({
          topic: context.topic('echo'),
          request: text,
          response: text,
          reservedProperties: ['__protVer'],
        }),
      )
      await startResponder(context, dialect, ({ value }) => of(value))
      const options = { userProperties: [['__protVer', '9.1']] } as const
      const exchange = recordStream(exchange$(context.link(), dialect, 'x', options))
      const { status } = expectFailure(await context.eventually(exchange.ended()), 'status')
      expectEqual(
        [status?.code, status?.supportedMajorVersions, status?.requestedVersion],
        [505, [1], '9.1'],
        'the status and its versions',
      )
    },
  },
  {
    name: 'leaves a response unmatched that expectedResponder rejects, and takes a later one',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      await startPlainResponder(context, context.topic('echo'), (request) => [
        responseTo(request, 'forged'),
        responseTo(request, 'genuine', { userProperties: [['responder', 'north']] }),
      ])
      const expectedResponder = ({ userProperties }: Message): boolean =>
        userProperty(userProperties, 'responder') === 'north'
      const exchange = recordStream(exchange$(context.link(), echo, 'x', { expectedResponder }))
      expectEqual(await context.eventually(exchange.until(1)), ['genuine'], 'the response')
    },
  },
  {
    name: 'aborts the signal of a handler when its requester unsubscribes',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      const aborted$ = new Subject<unknown>()
      const aborted = recordStream(aborted$)
      const { started } = await startResponder(context, echo, ({ signal }) => {
        signal.addEventListener('abort', () => aborted$.next(AntiphonError.from(signal.reason).code))
        return NEVER
      })
      const exchange = exchange$(context.link(), echo, 'x').subscribe()
      await context.eventually(started.until(1))
      exchange.unsubscribe()
      expectEqual(await context.eventually(aborted.until(1)), ['cancelled'], 'the reason of the signal')
    },
  },
  {
    name: 'answers 401 to a request that authenticate refuses, and passes the principal of another to the handler',
    needs: ['properties'],
    run: async (context) => {
      const echo = echoEndpoint(context)
      await startResponder(context, echo, ({ principal }) => of(String(principal)), {
        requests: {
          authenticate: ({ value }) =>
            Promise.resolve(value === 'forged' ? { refuse: 401 } : { principal: 'alice' }),
        },
      })
      const link = context.link()
      const refused = recordStream(exchange$(link, echo, 'forged'))
      const { status } = expectFailure(await context.eventually(refused.ended()), 'status')
      expectEqual(status?.code, 401, 'the status')
      const accepted = recordStream(exchange$(link, echo, 'genuine'))
      expectEqual(await context.eventually(accepted.until(1)), ['alice'], 'the principal')
    },
  },
  {
    name: 'calls onSubscribed of a responder when it receives requests',
    needs: ['properties'],
    run: async (context) => {
      const subscribed$ = new Subject<void>()
      const subscribed = recordStream(subscribed$)
      const onSubscribed = (): void => subscribed$.next()
      const { records } = await startResponder(context, echoEndpoint(context), ({ value }) => of(value), {
        requests: { onSubscribed },
      })
      await context.eventually(subscribed.until(1))
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('x')
      await context.eventually(records.until(1))
    },
  },
  {
    name: 'ignores the requests of its own client with noLocal',
    needs: ['properties'],
    run: async (context) => {
      const link = context.link()
      const received: string[] = []
      const { records } = await startResponder(
        context,
        echoEndpoint(context),
        ({ value }) => {
          received.push(value)
          return of(value)
        },
        { link, requests: { noLocal: true } },
      )
      await send(
        context,
        link,
        outgoing(context.topic('echo'), 'own', { responseTopic: context.topic('me') }),
      )
      const requester = await startPlainRequester(context, context.topic('echo'))
      await requester.sendRequest('other')
      await context.eventually(records.until(1))
      expectEqual(received, ['other'], 'the requests that the handler received')
    },
  },
)
