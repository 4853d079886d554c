import {
  ApplicationError,
  endpoint,
  json,
  payloadField,
  requests$,
  serve,
  text,
  userProperty,
  withProperties,
  type Endpoint,
  type EndpointTypes,
  type Handler,
  type Link,
  type OutgoingMessage,
} from '@antiphon/core'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import { durableResponses, memoryStore, type DurableHandler, type DurableStore } from '@antiphon/durable'
import * as t from 'io-ts'
import { EMPTY, NEVER, of, throwError } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import { failingStore, orders, reopened, virtualWorld, type World } from '../world.js'

type Options = Partial<Parameters<typeof durableResponses>[2]>

let world: World
let store: DurableStore
beforeEach(() => {
  world = virtualWorld()
  store = memoryStore()
})

/** A responder, as one run of a program. */
interface Responder {
  readonly link: Link
  readonly handled: unknown[]
  readonly handler: DurableHandler<never>
}

/** Starts a responder on the store. */
async function start<T extends EndpointTypes & { readonly kind: 'one' }>(
  served: Endpoint<T>,
  handler: Handler<T>,
  options: Options = {},
): Promise<Responder> {
  const handled: unknown[] = []
  const link = world.link('responder')
  const durable = durableResponses<T>(
    served,
    (request) => {
      handled.push(request.value)
      return handler(request)
    },
    { store: reopened(store), ...options },
  )
  requests$(link, served).pipe(serve(durable)).subscribe()
  await world.advance()
  return { link, handled, handler: durable as never }
}

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Publishes a request to the responder, and lets it respond. */
async function publish(message: Partial<OutgoingMessage> = {}): Promise<void> {
  world.broker.publish({
    topic: 'orders/vienna',
    payload: utf8('tea'),
    qos: 1,
    responseTopic: 'response/till',
    correlationData: utf8('17'),
    messageExpiryInterval: 600,
    ...message,
  })
  await world.advance()
}

/** The responses so far: their payloads, or the application code or status of a failure. */
const responses = (): readonly string[] =>
  world.published('response/till').map(({ payload, userProperties }) => {
    const status = userProperty(userProperties, '__stat') ?? ''
    const code = userProperty(userProperties, 'AppErrCode') ?? status
    return status.startsWith('2') ? new TextDecoder().decode(payload) : code
  })

describe('durableResponses', () => {
  it('repeats a response after a restart without calling the handler', async () => {
    const first = await start(orders, ({ value }) => of(`${value} ordered`))
    await publish()
    await world.stop(first.link)
    const second = await start(orders, () => of('ordered twice'))
    await publish()
    await publish({ correlationData: utf8('18') })
    expect([first.handled, second.handled]).toEqual([['tea'], ['tea']])
    expect(responses()).toEqual(['tea ordered', 'tea ordered', 'ordered twice'])
  })

  it('repeats properties, empty responses and errors after a restart', async () => {
    const results: Readonly<
      Record<string, () => ReturnType<Handler<NonNullable<(typeof orders)['types']>>>>
    > = {
      properties: () => withProperties('north', { userProperties: [['sensor', 'north']] }),
      empty: () => EMPTY as never,
      application: () => throwError(() => new ApplicationError({ code: 'sold-out', payload: 'none' })),
      bare: () => throwError(() => new ApplicationError({ code: 'closed' })),
      other: () => {
        throw new Error('secret')
      },
      text: () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- applications may throw any value
        throw 'secret'
      },
      array: () => ['one of an array'],
      promise: () => Promise.resolve('promised'),
      plain: () => 'plain',
      nothing: () => undefined as never,
      invalid: () => of(1 as never) as never,
    }
    const handler: Handler<NonNullable<(typeof orders)['types']>> = ({ value }) => results[value]?.() ?? EMPTY
    const run = async (): Promise<void> => {
      for (const name of Object.keys(results))
        await publish({ payload: utf8(name), correlationData: utf8(name) })
    }
    const first = await start(orders, handler)
    await run()
    const before = world.published('response/till')
    expect(before).toHaveLength(Object.keys(results).length)
    await world.stop(first.link)
    const second = await start(orders, handler)
    await run()
    const after = world.published('response/till').slice(before.length)
    const parts = ({ payload, userProperties }: OutgoingMessage): unknown => [
      payload,
      statusOf(userProperties),
    ]
    expect(after.map(parts)).toEqual(before.map(parts))
    expect(second.handled).toEqual([])
  })

  it('repeats a response with the field of a payload correlation', async () => {
    const readings = endpoint({
      topic: 'readings',
      responseTopic: 'response/till',
      request: json(t.type({ id: t.string })),
      response: json(t.type({ id: t.string, value: t.number })),
      correlation: payloadField('id'),
    })
    const message = { topic: 'readings', payload: utf8('{"id":"a"}') }
    const first = await start(readings, () => of({ value: 20 }))
    await publish(message)
    await world.stop(first.link)
    await start(readings, () => of({ value: 21 }))
    await publish(message)
    expect(responses()).toEqual(['{"id":"a","value":20}', '{"id":"a","value":20}'])
  })

  it('answers a request that was interrupted by the end of the process, and does not run it again', async () => {
    const first = await start(orders, () => NEVER)
    await publish()
    await world.stop(first.link)
    const second = await start(orders, () => of('ordered twice'))
    await publish()
    expect([first.handled, second.handled, responses()]).toEqual([['tea'], [], ['interrupted']])
  })

  it('runs an interrupted request again if its handler is idempotent', async () => {
    const first = await start(orders, () => NEVER)
    await publish()
    await world.stop(first.link)
    const second = await start(orders, () => of('ordered'), { onInterrupted: 'run' })
    await publish()
    expect([second.handled, responses()]).toEqual([['tea'], ['ordered']])
  })

  it('runs the handler for another request with the same correlation', async () => {
    const first = await start(orders, ({ value }) => of(value))
    await publish()
    await world.stop(first.link)
    await start(orders, ({ value }) => of(value))
    await publish({ payload: utf8('coffee') })
    expect(responses()).toEqual(['tea', 'coffee'])
  })

  it('passes a request without correlation to the handler', async () => {
    const notified = endpoint({
      topic: 'orders/{shop}',
      request: text,
      response: text,
      acceptsNotifications: true,
    })
    const { handled } = await start(notified, () => of('noted'))
    world.broker.publish({ topic: 'orders/vienna', payload: utf8('tea') })
    await world.advance()
    expect([handled, await keysOf(store)]).toEqual([['tea'], []])
  })

  it('forgets a request when it has expired, and one without expiry after ttl', async () => {
    const first = await start(orders, ({ value }) => of(value), { ttl: 1_000 })
    await publish({ messageExpiryInterval: 2 })
    world.broker.publish({
      topic: 'orders/vienna',
      payload: utf8('coffee'),
      qos: 1,
      responseTopic: 'response/till',
      correlationData: utf8('18'),
    })
    await world.advance(2_500)
    await world.stop(first.link)
    await start(orders, () => of('again'))
    await publish()
    await publish({ payload: utf8('coffee'), correlationData: utf8('18') })
    expect(responses()).toEqual(['tea', 'coffee', 'again', 'again'])
  })

  it('keeps at most maxResponses and maxBytes, the latest ones', async () => {
    const first = await start(orders, ({ value }) => of(value), { maxResponses: 2 })
    for (const id of ['1', '2', '3']) await publish({ correlationData: utf8(id) })
    await world.stop(first.link)
    const second = await start(orders, ({ value }) => of(value === 'tea' ? 'again' : value), {
      maxBytes: 1_000,
    })
    for (const id of ['1', '2', '3']) await publish({ correlationData: utf8(id) })
    expect(responses().slice(3)).toEqual(['again', 'tea', 'tea'])
    await publish({ payload: new Uint8Array(2_000).fill(97), correlationData: utf8('4') })
    await world.stop(second.link)
    const third = await start(orders, () => of('third'))
    await publish({ correlationData: utf8('3') })
    expect(third.handled).toEqual(['tea'])
  })

  it('does not run a request whose record is corrupt', async () => {
    const first = await start(orders, ({ value }) => of(value))
    await publish()
    await world.stop(first.link)
    for await (const [key, value] of store.load()) {
      if (key.includes('response')) await store.commit([{ key, value: value.fill(7, 10, 12) }])
    }
    const second = await start(orders, () => of('again'))
    await publish()
    expect([second.handled, responses()]).toEqual([[], ['tea', 'interrupted']])
  })

  it('answers with a failure if a stored response does not decode any more', async () => {
    const numbers = endpoint({
      name: 'orders',
      topic: 'orders/{shop}',
      request: text,
      response: json(t.number),
    })
    const first = await start(numbers, () => of(7))
    await publish()
    await world.stop(first.link)
    const strings = endpoint({
      name: 'orders',
      topic: 'orders/{shop}',
      request: text,
      response: json(t.string),
    })
    const second = await start(strings, () => of('again'))
    await publish()
    expect([second.handled, responses()]).toEqual([[], ['7', '500']])
  })

  it('does not handle a request that it cannot write, and handles the next one', async () => {
    const failing = failingStore()
    const { handled } = await start(orders, ({ value }) => of(value), { store: failing })
    failing.fault = new Error('no space left on device')
    await publish()
    failing.fault = undefined
    await publish({ correlationData: utf8('18') })
    expect([handled, responses()]).toEqual([['tea'], ['not-stored', 'tea']])
  })

  it('sends a response that it cannot write, and reports the failure', async () => {
    const failing = failingStore()
    const errors: string[] = []
    await start(
      orders,
      ({ value }) => {
        failing.fault = new Error('no space left on device')
        return of(value)
      },
      { store: failing, onStoreError: ({ message }) => errors.push(message) },
    )
    await publish()
    expect([responses(), errors]).toEqual([
      ['tea'],
      [
        '[overflow] cannot write the response of orders to the store: no space left on device; free some space in the store and try again',
      ],
    ])
  })

  it('gives the store back when it is closed', async () => {
    const first = await start(orders, ({ value }) => of(value), { store })
    await publish()
    await world.stop(first.link)
    await first.handler.close()
    await first.handler.close()
    const second = await start(orders, () => of('again'), { store })
    await publish()
    expect([second.handled, responses()]).toEqual([[], ['tea', 'tea']])
  })

  it('runs one handler for duplicates that the responder did not recognise', async () => {
    const { link } = await start(orders, () => NEVER)
    await world.stop(link)
    let respond = (): void => undefined
    const handled: string[] = []
    const next = world.link('responder')
    requests$(next, orders, { responseCache: { entries: 0 } })
      .pipe(
        serve(
          durableResponses(
            orders,
            ({ value }) => {
              handled.push(value)
              return new Promise((resolve) => (respond = () => resolve('ordered')))
            },
            { store: memoryStore() },
          ),
        ),
      )
      .subscribe()
    await world.advance()
    await publish()
    await publish({ payload: utf8('tea') })
    respond()
    await world.advance()
    expect(handled).toEqual(['tea'])
  })

  it('rejects an endpoint with many responses, and options that are not known', () => {
    const many = endpoint({ topic: 'many', request: text, response: text, responses: 'many' })
    expect(() => durableResponses(many as never, () => EMPTY, { store })).toThrow(
      '[invalid-argument] many has many responses, and a durable response is a single one',
    )
    const items = requestStreamEndpoint({ topic: 'items', request: text, response: text })
    expect(() => durableResponses(items as never, () => EMPTY, { store })).toThrow(
      '[invalid-argument] items has requests of many items, which are not stored',
    )
    expect(() => durableResponses(orders, () => EMPTY, { store, onInterrupt: 'run' } as never)).toThrow(
      '[invalid-argument] options.onInterrupt is not known: did you mean onInterrupted?',
    )
    expect(() => durableResponses(orders, () => EMPTY, {} as never)).toThrow(
      'options.store: it must be a store',
    )
  })
})

/** Returns what a requester reads of the status of a response. */
function statusOf(userProperties: OutgoingMessage['userProperties']): unknown {
  return userProperties?.filter(([name]) =>
    ['__stat', 'AppErrCode', 'AppErrPayload', 'sensor'].includes(name),
  )
}

async function keysOf(store: DurableStore): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const [key] of store.load()) keys.push(key)
  return keys
}
