import {
  bytes,
  endpoint,
  exchange$,
  gather$,
  json,
  payloadField,
  request,
  request$,
  requestEither$,
  requestMany,
  requests$,
  serve,
  text,
  topicParams,
  type AntiphonError,
  type RequestArgument,
  type Endpoint,
  type Link,
  type ServeRecord,
} from '@antiphon/core'
import type { Either } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { from, of, type Observable } from 'rxjs'
import { describe, expect, expectTypeOf, it } from 'vitest'

const plain = endpoint({ topic: 'plain', request: text, response: bytes })
const rooms = endpoint({
  topic: 'rooms/{floor}/{room}',
  request: json(t.type({ celsius: t.number })),
  response: json(t.type({ ok: t.boolean })),
})
const stream = endpoint({ topic: 'stream/{id}', request: text, response: text, responses: 'many' })
const Unlock = t.type({ commandId: t.string, command: t.string })
const Unlocked = t.type({ commandId: t.string, result: t.string })
const unlock = endpoint({
  topic: 'req/{car}/{mobile}',
  responseTopic: 'res/{mobile}/{car}',
  responseFilter: 'res/{mobile}/#',
  request: json(Unlock),
  response: json(Unlocked),
  correlation: payloadField('commandId'),
})

type TypesOf<E> = E extends Endpoint<infer T> ? T : never

/** Type-checks the callback without running it. */
function typeCheck(_: (link: Link) => unknown): void {}

describe('the types of an endpoint', () => {
  it('infers the types of an endpoint from its contract', () => {
    expectTypeOf<keyof TypesOf<typeof plain>['params']>().toEqualTypeOf<never>()
    expectTypeOf<TypesOf<typeof plain>['request']>().toEqualTypeOf<string>()
    expectTypeOf<TypesOf<typeof plain>['response']>().toEqualTypeOf<Uint8Array>()
    expectTypeOf<TypesOf<typeof plain>['kind']>().toEqualTypeOf<'one'>()
    expectTypeOf<TypesOf<typeof stream>['kind']>().toEqualTypeOf<'many'>()
    expectTypeOf<TypesOf<typeof rooms>['params']>().toEqualTypeOf<{
      readonly floor: string
      readonly room: string
    }>()
  })

  it('takes the value alone as request argument for a topic without parameters', () => {
    expectTypeOf<RequestArgument<TypesOf<typeof plain>>>().toEqualTypeOf<string>()
    expectTypeOf<RequestArgument<TypesOf<typeof stream>>>().toEqualTypeOf<{
      readonly params: { readonly id: string }
      readonly value: string
    }>()
  })

  it('infers the response type of requester functions', () => {
    typeCheck((link) => {
      const params = { floor: '1', room: '2' }
      const value = { celsius: 21 }
      expectTypeOf(from(['a']).pipe(request$(link, plain))).toEqualTypeOf<Observable<Uint8Array>>()
      expectTypeOf(of({ params, value }).pipe(requestEither$(link, rooms))).toEqualTypeOf<
        Observable<Either<AntiphonError, { ok: boolean }>>
      >()
      expectTypeOf(exchange$(link, rooms, { params, value })).toEqualTypeOf<Observable<{ ok: boolean }>>()
      expectTypeOf(request(link, plain, 'a')).toEqualTypeOf<Promise<Uint8Array>>()
      expectTypeOf(requestMany(link, stream, { params: { id: '1' }, value: 'a' })).toEqualTypeOf<
        AsyncIterable<string>
      >()
      expectTypeOf(gather$(link, plain, 'a')).toEqualTypeOf<Observable<Either<AntiphonError, Uint8Array>>>()
    })
  })

  it('infers the request types of the handler and of serve’s records', () => {
    typeCheck((link) => {
      const records$ = requests$(link, rooms, { params: { floor: '1' } }).pipe(
        serve(({ value, params, expiresAt }) => {
          expectTypeOf(value).toEqualTypeOf<{ celsius: number }>()
          expectTypeOf(params).toEqualTypeOf<{ readonly floor: string; readonly room: string }>()
          expectTypeOf(expiresAt).toEqualTypeOf<number>()
          return of({ ok: value.celsius > 20 })
        }),
      )
      expectTypeOf(records$).toEqualTypeOf<Observable<ServeRecord<TypesOf<typeof rooms>>>>()
    })
  })

  it('rejects wrong and missing topic parameters at compile time', () => {
    typeCheck((link) => {
      const value = { celsius: 21 }
      // @ts-expect-error the room is missing
      exchange$(link, rooms, { params: { floor: '1' }, value })
      // @ts-expect-error the parameters are missing
      exchange$(link, rooms, { value })
      // @ts-expect-error the topic has parameters
      exchange$(link, rooms, value)
      // @ts-expect-error a parameter is a string
      exchange$(link, rooms, { params: { floor: 1, room: '2' }, value })
      // @ts-expect-error there is no such parameter
      exchange$(link, rooms, { params: { floor: '1', room: '2', house: '3' }, value })
      // @ts-expect-error the topic has no parameters
      exchange$(link, plain, { params: {}, value: 'a' })
      // @ts-expect-error there is no such parameter
      requests$(link, rooms, { params: { house: '3' } })
    })
  })

  it('rejects wrong request and response values at compile time', () => {
    typeCheck((link) => {
      const params = { floor: '1', room: '2' }
      // @ts-expect-error the temperature is a number
      exchange$(link, rooms, { params, value: { celsius: 'warm' } })
      // @ts-expect-error the temperature is missing
      exchange$(link, rooms, { params, value: {} })
      // @ts-expect-error the requests are strings
      from([1, 2]).pipe(request$(link, plain))
      // @ts-expect-error the response is an object
      requests$(link, rooms).pipe(serve(() => of('fine')))
      // @ts-expect-error the property has another type
      requests$(link, rooms).pipe(serve(() => of({ ok: 'yes' })))
      // @ts-expect-error the handler must return a response or a stream of it
      requests$(link, rooms).pipe(serve(() => undefined))
      requests$(link, rooms).pipe(serve(() => ({ ok: true })))
    })
  })

  it('distinguishes one response from many at compile time', () => {
    typeCheck((link) => {
      const argument = { params: { id: '1' }, value: 'a' }
      // @ts-expect-error a promise has one response
      void request(link, stream, argument)
      // @ts-expect-error the endpoint has one response
      requestMany(link, plain, 'a')
      // @ts-expect-error the kinds are one and many
      endpoint({ topic: 'a', request: text, response: text, responses: 'several' })
      expectTypeOf(exchange$(link, stream, argument)).toEqualTypeOf<Observable<string>>()
    })
  })

  it('makes the payloadField token optional in sent values and present in received values', () => {
    typeCheck((link) => {
      const params = { car: 'c', mobile: 'm' }
      void request(link, unlock, { params, value: { command: 'open' } })
      void request(link, unlock, { params, value: { command: 'open', commandId: '1' } })
      // @ts-expect-error only the token is optional
      void request(link, unlock, { params, value: { commandId: '1' } })
      expectTypeOf(request(link, unlock, { params, value: { command: 'open' } })).toEqualTypeOf<
        Promise<{ commandId: string; result: string }>
      >()
      requests$(link, unlock).pipe(
        serve(({ value }) => {
          expectTypeOf(value.commandId).toEqualTypeOf<string>()
          return of({ result: 'Success' })
        }),
      )
      // @ts-expect-error the result is missing
      requests$(link, unlock).pipe(serve(() => of({ commandId: '1' })))
    })
  })

  it('preserves the members of a union with an optional token', () => {
    const either = endpoint({
      topic: 'either',
      request: json(
        t.union([
          t.type({ id: t.string, kind: t.literal('a'), n: t.number }),
          t.type({ id: t.string, kind: t.literal('b'), s: t.string }),
        ]),
      ),
      response: text,
      correlation: payloadField('id'),
    })
    typeCheck((link) => {
      exchange$(link, either, { kind: 'a', n: 1 })
      // @ts-expect-error the member a has no field s
      exchange$(link, either, { kind: 'a', s: 'x' })
    })
  })
})

describe('an endpoint', () => {
  it('names an endpoint after its topic template by default', () => {
    expect(rooms.name).toBe('rooms/{floor}/{room}')
    expect(endpoint({ name: 'Rooms', topic: 'r', request: text, response: text }).name).toBe('Rooms')
  })

  it('defaults to one response, correlationData and no notifications', () => {
    expect(plain).toMatchObject({
      responses: 'one',
      correlation: { name: 'correlationData' },
      acceptsNotifications: false,
    })
    expect(plain.responseTopic).toBeUndefined()
  })

  it('formats the response topic and filter from the request’s topic parameters', () => {
    expect(unlock.responseTopic?.format({ car: 'c1', mobile: 'm1' })).toEqual({
      topic: 'res/m1/c1',
      filter: 'res/m1/#',
    })
  })

  it('accepts a parameter for several levels in the request and response topics', () => {
    const command = endpoint({
      topic: '{device}/cmd/{path...}',
      responseTopic: '{device}/rsp/{path...}',
      responseFilter: '{device}/rsp/#',
      request: text,
      response: text,
    })
    expect(command.responseTopic?.format({ device: 'd1', path: 'a/b' })).toEqual({
      topic: 'd1/rsp/a/b',
      filter: 'd1/rsp/#',
    })
    const argument: RequestArgument<NonNullable<(typeof command)['types']>> = {
      params: { device: 'd1', path: 'a/b' },
      value: 'x',
    }
    expect(argument.params.path).toBe('a/b')
    expect(() =>
      endpoint({
        topic: '{device}/cmd/{path...}',
        responseTopic: '{device}/rsp/{path}',
        request: text,
        response: text,
      }),
    ).toThrow('has one level for {path}, which matches several: write {path...}')
  })

  it('subscribes to a responseFilter with wildcards as levels', () => {
    const wide = endpoint({
      topic: 'a/{x}/{y}',
      responseTopic: 'b/{x}/{y}/c',
      responseFilter: 'b/+/{y}/#',
      request: text,
      response: text,
    })
    expect(wide.responseTopic?.format({ x: '1', y: '2' })).toEqual({ topic: 'b/1/2/c', filter: 'b/+/2/#' })
  })

  it('has parameters of the response topic that the request topic lacks', () => {
    const perClient = endpoint({
      topic: 'a/{x}',
      responseTopic: 'clients/{client}/{x}',
      responseFilter: 'clients/{client}/+',
      request: text,
      response: text,
    })
    type Types = TypesOf<typeof perClient>
    expectTypeOf<RequestArgument<Types>>().toEqualTypeOf<{
      readonly params: { readonly x: string } & { readonly client: string }
      readonly value: string
    }>()
    expectTypeOf<Types['params']>().toEqualTypeOf<{ readonly x: string }>()
    const { format, isMatch } = perClient.responseTopic ?? {}
    expect(format?.({ x: '1', client: 'c' })).toEqual({ topic: 'clients/c/1', filter: 'clients/c/+' })
    const matches = ['clients/c/1', 'clients/d/1', 'clients/c/2', 'elsewhere'].map((topic) =>
      isMatch?.(topic, { x: '1' }),
    )
    expect(matches).toEqual([true, true, false, false])
    expect(() => format?.({ x: '1' })).toThrow('{client} is of type undefined: it must be a string')
  })

  it('uses the response topic as responseFilter by default', () => {
    const unfiltered = endpoint({
      topic: 'a/{x}',
      responseTopic: 'b/{x}',
      request: text,
      response: text,
      correlation: topicParams(),
    })
    expect(unfiltered.responseTopic?.format({ x: '1' })).toEqual({ topic: 'b/1', filter: 'b/1' })
  })

  it.each([
    ['a wildcard in its topic', { topic: 'a/+' }],
    ['an empty topic', { topic: '' }],
    ['a parameter twice', { topic: 'a/{x}/{x}' }],
    ['a shared topic', { topic: '$share/g/a' }],
    ['a wildcard in its response topic', { topic: 'a/{x}', responseTopic: 'b/#' }],
    [
      'a response filter parameter that neither topic has',
      { topic: 'a/{x}', responseTopic: 'b/{x}', responseFilter: 'b/{y}/#' },
    ],
    [
      'a wildcard in a part of a level of its response filter',
      { topic: 'a/{x}', responseTopic: 'b/{x}', responseFilter: 'b/x+' },
    ],
    ['a response filter without a response topic', { topic: 'a', responseFilter: 'b/+' }],
    [
      'a response filter that does not match its response topic',
      { topic: 'a/{x}', responseTopic: 'b/{x}', responseFilter: 'c/{x}/#' },
    ],
  ] as const)('rejects an endpoint with %s', (_, contract) => {
    expect(() => endpoint({ ...contract, request: text, response: text } as never)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
  })
})
