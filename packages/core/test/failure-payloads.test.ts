import {
  ApplicationError,
  endpoint,
  exchange$,
  gather$,
  json,
  payloadField,
  requests$,
  serve,
  text,
  topicParams,
  unmatchedResponses$,
  type AntiphonError,
  type RemoteStatus,
} from '@antiphon/core'
import * as t from 'io-ts'
import { of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe, publishedBy, textOf } from './observed.js'
import { inWorld, type World } from './world.js'

const Token = t.type({ clientToken: t.string })
const Shadow = t.intersection([Token, t.type({ version: t.number })])
const Rejected = t.intersection([Token, t.type({ code: t.number, message: t.string })])

const contract = {
  topic: '$aws/things/{thing}/shadow/get',
  responseTopic: '$aws/things/{thing}/shadow/get/accepted',
  failureTopic: '$aws/things/{thing}/shadow/get/rejected',
  request: json(Token),
  response: json(Shadow),
  failure: json(Rejected),
  correlation: payloadField('clientToken'),
  cancel: 'local',
} as const

/** A request with one topic for successes and another for failures, as device shadows have them. */
const getShadow = endpoint({
  ...contract,
  failureOf: ({ code, message }) => ({ code, message }),
  onFailure: ({ code, message, applicationCode }) => ({ code: Number(applicationCode ?? code), message }),
})

const jobContract = {
  topic: 'jobs',
  responseTopic: 'app/jobs',
  request: text,
  response: text,
  correlation: topicParams(),
} as const

const REJECTED = '$aws/things/lamp/shadow/get/rejected'

function request(world: World, thing: string, clientToken: string, protocolVersion: 4 | 5 = 5): Outcome {
  const link = world.link(`app-${clientToken}`, { protocolVersion })
  return observe(world, exchange$(link, getShadow, { params: { thing }, value: { clientToken } }))
}

type Outcome = ReturnType<typeof observe<t.TypeOf<typeof Shadow>>>

function statusOf({ ending }: Outcome): RemoteStatus | undefined {
  return (ending() as AntiphonError | undefined)?.status
}

describe.each([4, 5] as const)('a topic for failures over protocol version %d', (protocolVersion) => {
  it('carries the failures of the responder, and the response topic the rest', () => {
    inWorld((world) => {
      requests$(world.link('cloud', { protocolVersion }), getShadow)
        .pipe(
          serve(({ params }) =>
            params.thing === 'lamp'
              ? of({ version: 7 })
              : throwError(() => new ApplicationError({ code: '404', message: 'no shadow exists' })),
          ),
        )
        .subscribe()
      world.advance(50)
      const sent = publishedBy(world, 'cloud')
      const found = request(world, 'lamp', 'a', protocolVersion)
      const missing = request(world, 'fan', 'b', protocolVersion)
      world.advance(100)
      expect(found.values).toEqual([{ clientToken: 'a', version: 7 }])
      expect(statusOf(missing)).toMatchObject({ code: 404, message: 'no shadow exists' })
      expect(sent.map(({ message }) => [message.topic, textOf(message)])).toEqual([
        ['$aws/things/lamp/shadow/get/accepted', '{"clientToken":"a","version":7}'],
        [
          '$aws/things/fan/shadow/get/rejected',
          '{"clientToken":"b","code":404,"message":"no shadow exists"}',
        ],
      ])
    })
  })
})

describe('a topic for failures', () => {
  it('is received with the response topic by one subscription', () => {
    inWorld((world) => {
      const subscribed: string[] = []
      world.broker.subscriptions$.subscribe(({ filter }) => subscribed.push(filter))
      request(world, 'lamp', 'a')
      world.advance(50)
      expect(subscribed).toEqual(['$aws/things/lamp/shadow/get/+'])
    })
  })

  it('matches a failure by its token, and leaves others unmatched', () => {
    inWorld((world) => {
      const first = request(world, 'lamp', 'a')
      const second = request(world, 'lamp', 'b')
      world.advance(50)
      const link = world.link('app-c')
      const unmatched = observe(world, unmatchedResponses$(link))
      const third = observe(
        world,
        exchange$(link, getShadow, { params: { thing: 'lamp' }, value: { clientToken: 'c' } }),
      )
      world.advance(50)
      const payload = bytesOf('{"clientToken":"b","code":409,"message":"version conflict"}')
      world.broker.publish({ topic: REJECTED, payload })
      world.advance(50)
      expect(statusOf(second)).toEqual({ code: 409, message: 'version conflict', isApplicationError: false })
      expect([first.ending(), third.ending()]).toEqual([undefined, undefined])
      expect(unmatched.values.map(({ message }) => message.topic)).toEqual([REJECTED])
    })
  })

  it('fails the request if a failure does not decode', () => {
    inWorld((world) => {
      const outcome = request(world, 'lamp', 'a')
      world.advance(50)
      world.broker.publish({
        topic: REJECTED,
        payload: bytesOf('no json'),
        correlationData: bytesOf('a'),
      })
      world.advance(50)
      expect(outcome.ending()).toMatchObject({ code: 'decode' })
    })
  })

  it('fails the request if failureOf throws', () => {
    inWorld((world) => {
      const throwing = endpoint({
        ...contract,
        failureOf: () => {
          throw new Error('no such field')
        },
      })
      const outcome = observe(
        world,
        exchange$(world.link('app'), throwing, { params: { thing: 'lamp' }, value: { clientToken: 'a' } }),
      )
      world.advance(50)
      const payload = bytesOf('{"clientToken":"a","code":409,"message":"conflict"}')
      world.broker.publish({ topic: REJECTED, payload })
      world.advance(50)
      expect(outcome.ending()).toMatchObject({
        code: 'unknown',
        message: expect.stringContaining('failureOf threw') as string,
      })
    })
  })

  it('means status 500 without failureOf, and is read by the codec of responses without one of its own', () => {
    inWorld((world) => {
      const plain = endpoint({
        topic: 'get',
        responseTopic: 'get/done',
        failureTopic: 'get/failed',
        request: text,
        response: text,
        correlation: topicParams(),
      })
      const outcome = observe(world, exchange$(world.link('app'), plain, 'x'))
      world.advance(50)
      world.broker.publish({ topic: 'get/failed', payload: bytesOf('out of paper') })
      world.advance(50)
      expect(statusOf(outcome as never)).toEqual({ code: 500, isApplicationError: false })
    })
  })

  it('frees both topics for the next request once the first has ended', () => {
    inWorld((world) => {
      const link = world.link('app')
      const send = (): Outcome =>
        observe(world, exchange$(link, getShadow, { params: { thing: 'lamp' }, value: { clientToken: 'a' } }))
      const first = send()
      const second = send()
      world.advance(50)
      first.unsubscribe()
      const third = send()
      world.advance(50)
      world.broker.publish({
        topic: REJECTED,
        payload: bytesOf('{"clientToken":"a","code":400,"message":"no"}'),
      })
      world.advance(50)
      expect(second.ending()).toMatchObject({ code: 'invalid-argument' })
      expect(statusOf(third)).toMatchObject({ code: 400 })
    })
  })

  it('is taken from the Response Topic if that alone has its parameters', () => {
    inWorld((world) => {
      const paired = endpoint({
        topic: 'jobs',
        responseTopic: 'clients/{client}/done',
        failureTopic: 'clients/{client}/failed',
        request: text,
        response: text,
        failureOf: (message) => ({ code: 422, message }),
        onFailure: ({ message }) => message,
      })
      requests$(world.link('server'), paired)
        .pipe(serve(() => throwError(() => new ApplicationError({ code: 'x', message: 'not today' }))))
        .subscribe()
      world.advance(20)
      const sent = publishedBy(world, 'server')
      const outcome = observe(
        world,
        exchange$(world.link('app'), paired, { params: { client: 'me' }, value: 'x' }),
      )
      world.advance(50)
      expect(sent.map(({ message }) => message.topic)).toEqual(['clients/me/failed'])
      expect(statusOf(outcome as never)).toMatchObject({ code: 422, message: 'not today' })
    })
  })

  it.each([
    [
      'contract.failureTopic is f, but there is no responseTopic: set both, or neither',
      { topic: 'a', failureTopic: 'f' },
    ],
    [
      'contract.failure is set, but there is no failureTopic: set it, or add failures to response',
      { topic: 'a', responseTopic: 'b', failure: text },
    ],
    [
      'contract.responseTopic b and failureTopic b/no differ in length: set a responseFilter for both',
      { topic: 'a', responseTopic: 'b', failureTopic: 'b/no' },
    ],
    [
      'contract.responseFilter is b: it must match the failureTopic c',
      { topic: 'a', responseTopic: 'b', responseFilter: 'b', failureTopic: 'c' },
    ],
    [
      'contract.failureTopic b/{x} has the parameter {x}, which neither topic nor responseTopic has',
      { topic: 'a', responseTopic: 'b/c', failureTopic: 'b/{x}' },
    ],
    [
      'contract.failureTopic is b, as is responseTopic: leave it out, and set failureOf',
      { topic: 'a', responseTopic: 'b', failureTopic: 'b' },
    ],
  ])('is refused: %s', (message, options) => {
    expect(() => endpoint({ request: text, response: text, ...options } as never)).toThrow(message)
  })
})

const CallResult = t.union([
  t.type({ id: t.number, result: t.string }),
  t.type({ id: t.number, error: t.string }),
])

/** A request whose response reports a failure in a field, as JSON-RPC does. */
const call = endpoint({
  topic: 'device/rpc',
  responseTopic: 'app/rpc',
  request: json(t.type({ id: t.number })),
  response: json(CallResult),
  failureOf: (result) => ('error' in result ? { code: 422, message: result.error } : undefined),
  onFailure: ({ message }) => ({ error: message }),
  correlation: payloadField('id'),
  cancel: 'local',
})

describe('failureOf', () => {
  it('makes a request fail with what the response reports', () => {
    inWorld((world) => {
      const link = world.link('app')
      const calls = [1, 2].map((id) => observe(world, exchange$(link, call, { id })))
      world.advance(20)
      world.broker.publish({ topic: 'app/rpc', payload: bytesOf('{"id":2,"error":"no such method"}') })
      world.broker.publish({ topic: 'app/rpc', payload: bytesOf('{"id":1,"result":"on"}') })
      world.advance(20)
      expect(calls[0]?.values).toEqual([{ id: 1, result: 'on' }])
      expect(calls[1]?.ending()).toMatchObject({
        code: 'status',
        message: '[status] the responder answered 422: no such method',
      })
    })
  })

  it('decides on a retry like a status', () => {
    inWorld((world) => {
      const busy = endpoint({
        ...jobContract,
        failureOf: (value) => (value === 'busy' ? { code: 503 } : undefined),
      })
      const sent = publishedBy(world, 'app')
      const outcome = observe(
        world,
        exchange$(world.link('app'), busy, 'x', {
          retry: { count: 1, backOff: { initial: 100, jitter: 0 } },
        }),
      )
      world.advance(20)
      world.broker.publish({ topic: 'app/jobs', payload: bytesOf('busy') })
      world.advance(200)
      world.broker.publish({ topic: 'app/jobs', payload: bytesOf('done') })
      world.advance(20)
      expect(outcome.values).toEqual(['done'])
      expect(sent).toHaveLength(2)
    })
  })

  it('reads each response that is gathered', () => {
    inWorld((world) => {
      const outcome = observe(world, gather$(world.link('app'), call, { id: 1 }, { count: 2 }))
      world.advance(20)
      world.broker.publish({ topic: 'app/rpc', payload: bytesOf('{"id":1,"error":"jammed"}') })
      world.broker.publish({ topic: 'app/rpc', payload: bytesOf('{"id":1,"result":"on"}') })
      world.advance(20)
      expect(outcome.values).toMatchObject([{ left: { code: 'status' } }, { right: { result: 'on' } }])
    })
  })

  it('keeps a responder from reporting a failure by a status alone', () => {
    inWorld((world) => {
      const silent = endpoint({ ...jobContract, failureOf: () => undefined })
      requests$(world.link('server'), silent)
        .pipe(serve(() => throwError(() => new Error('no'))))
        .subscribe()
      world.advance(20)
      const sent = publishedBy(world, 'server')
      world.broker.publish({ topic: 'jobs', payload: bytesOf('x'), contentType: 'text/plain' })
      world.advance(50)
      expect(sent).toEqual([])
    })
  })
})
