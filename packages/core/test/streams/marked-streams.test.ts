import {
  endpoint,
  exchange$,
  gather$,
  json,
  payloadField,
  requestMany,
  requests$,
  serve,
  text,
  withMessage,
  type ExchangeOptions,
} from '@antiphon/core'
import * as t from 'io-ts'
import { of, throwError, type Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe, publishedBy, textOf, type Observed, type PublishedMessage } from '../observed.js'
import { asyncWorld } from '../async-world.js'
import { inWorld, type World } from '../world.js'

const Item = t.partial({ id: t.string, item: t.number, last: t.boolean, fault: t.string })
type Item = t.TypeOf<typeof Item>

const contract = {
  topic: 'count',
  responseTopic: 'counted',
  request: json(t.intersection([t.partial({ id: t.string }), t.type({ to: t.number })])),
  response: json(Item),
  correlation: payloadField('id'),
  responses: 'many',
  cancel: 'local',
  failureOf: ({ fault }: Item) => (fault === undefined ? undefined : { code: 500, message: fault }),
  onFailure: ({ message }: { readonly message: string }) => ({ fault: message, last: true }),
  acceptsNotifications: true,
} as const

/** A stream whose peers mark the last item in its payload. */
const count = endpoint({ ...contract, isLast: ({ last }) => last === true })

const to = (last: number): Observable<Omit<Item, 'id'>> =>
  of(...Array.from({ length: last }, (_, index) => ({ item: index + 1, last: index + 1 === last })))

interface Fixture {
  readonly world: World
  readonly call: Observed<Item>
  readonly published: readonly PublishedMessage[]
  /** Publishes an item to the request. */
  readonly respond: (item: object) => void
}

function withRequest(test: (fixture: Fixture) => void, options: ExchangeOptions = {}, isLast = count.isLast) {
  inWorld((world) => {
    const published = publishedBy(world, 'requester')
    const used = isLast === undefined ? count : { ...count, isLast }
    const call = observe(
      world,
      exchange$(world.link('requester'), used, { to: 2 }, { timeout: 1_000, ...options }),
    )
    world.advance(10)
    const respond = (item: object): void => {
      const { id } = JSON.parse(textOf(published.at(-1)?.message ?? { payload: bytesOf('{}') })) as Item
      world.broker.publish({ topic: 'counted', payload: bytesOf(JSON.stringify({ id, ...item })) })
      world.advance(5)
    }
    test({ world, call, published, respond })
  })
}

describe.each([4, 5] as const)(
  'streams with a mark in the payload over protocol version %d',
  (protocolVersion) => {
    it('emit the last item and complete with it', () => {
      inWorld((world) => {
        const published = publishedBy(world, 'server')
        const server = world.link('server', { protocolVersion })
        observe(world, requests$(server, count).pipe(serve(({ value }) => to(value.to))))
        world.advance(20)
        const requester = world.link('requester', { protocolVersion })
        const call = observe(world, exchange$(requester, count, { to: 3 }))
        world.advance(50)
        expect(call.values.map(({ item }) => item)).toEqual([1, 2, 3])
        expect(call.ending()).toBe('complete')
        expect(published).toHaveLength(3)
        expect(published.map(({ message }) => JSON.stringify(message.userProperties))).not.toContain(
          '__stream',
        )
      })
    })

    it('end with the failure of the handler', () => {
      inWorld((world) => {
        const server = world.link('server', { protocolVersion })
        observe(world, requests$(server, count).pipe(serve(() => throwError(() => new Error('broken')))))
        world.advance(20)
        const call = observe(world, exchange$(world.link('requester', { protocolVersion }), count, { to: 3 }))
        world.advance(50)
        expect(call.ending()).toMatchObject({ code: 'status', status: { message: 'the handler failed' } })
      })
    })
  },
)

describe('a requester of an endpoint with isLast', () => {
  it('restarts the timeout with each item, and names what is missing', () => {
    withRequest(({ world, call, respond }) => {
      world.advance(900)
      respond({ item: 1 })
      world.advance(900)
      expect(call.ending()).toBeUndefined()
      world.advance(200)
      expect(call.ending()).toMatchObject({
        code: 'timeout',
        rawMessage: expect.stringMatching(/^count: no further item within 1000 ms/) as string,
      })
    })
  })

  it('names the missing response if no item has arrived', () => {
    withRequest(({ world, call }) => {
      world.advance(1_000)
      expect(call.ending()).toMatchObject({
        rawMessage: expect.stringMatching(/^count: no response within 1000 ms/) as string,
      })
    })
  })

  it('does not send a request again whose stream fails after an item', () => {
    const options = { retry: { count: 1, on: () => true } }
    withRequest(({ world, call, published, respond }) => {
      respond({ item: 1 })
      respond({ fault: 'broken' })
      world.advance(500)
      expect(call.ending()).toMatchObject({ code: 'status', status: { message: 'broken' } })
      expect(published).toHaveLength(1)
    }, options)
  })

  it('sends a request again that fails before an item', () => {
    const options = { retry: { count: 1, on: () => true } }
    withRequest(({ world, call, published, respond }) => {
      respond({ fault: 'broken' })
      world.advance(500)
      expect(published).toHaveLength(2)
      respond({ item: 1, last: true })
      expect(call.values).toMatchObject([{ item: 1 }])
      expect(call.ending()).toBe('complete')
    }, options)
  })

  it('fails an exchange whose isLast throws', () => {
    const bug = new Error('no mark')
    const broken = (): never => {
      throw bug
    }
    const outcomes = [{ item: 1 }, { fault: 'broken' }].map((response) => {
      let outcome: unknown
      withRequest(
        ({ call, respond }) => {
          respond(response)
          outcome = call.ending()
        },
        {},
        broken,
      )
      return outcome
    })
    expect(outcomes).toMatchObject([
      { code: 'unknown', rawMessage: 'isLast threw: no mark', cause: bug },
      // `isLast` is not called with a failure.
      { code: 'status', status: { message: 'broken' } },
    ])
  })

  it('emits items with their messages', () => {
    inWorld((world) => {
      observe(world, requests$(world.link('server'), count).pipe(serve(() => to(1))))
      world.advance(20)
      const call = observe(world, exchange$(world.link('requester'), withMessage(count), { to: 1 }))
      world.advance(20)
      expect(call.values).toMatchObject([{ value: { item: 1 }, message: { topic: 'counted' } }])
      expect(call.ending()).toBe('complete')
    })
  })

  it('reads items in a loop', async () => {
    const world = asyncWorld()
    requests$(world.link('server'), count)
      .pipe(serve(({ value }) => to(value.to)))
      .subscribe()
    await world.advance(20)
    const items: unknown[] = []
    const loop = async (): Promise<void> => {
      for await (const { item } of requestMany(world.link('requester'), count, { to: 3 })) items.push(item)
    }
    const looped = loop()
    await world.advance(50)
    await looped
    expect(items).toEqual([1, 2, 3])
  })

  it('cannot gather', () => {
    inWorld(({ link }) => {
      expect(() => gather$(link('requester'), count, { to: 1 })).toThrow('cannot gather: count has isLast')
    })
  })
})

describe('a responder of an endpoint with isLast', () => {
  it('handles a request without a token as a notification, and sends nothing', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'server')
      const server = world.link('server')
      const records = observe(world, requests$(server, count).pipe(serve(() => to(2))))
      world.advance(20)
      world.broker.publish({ topic: 'count', payload: bytesOf('{"to":2}') })
      world.advance(20)
      expect(records.values).toMatchObject([{ outcome: 'responded' }])
      expect(published).toEqual([])
    })
  })

  it('answers a request without a token that does not accept notifications', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'server')
      const strict = endpoint({
        ...contract,
        acceptsNotifications: false,
        isLast: ({ last }) => last === true,
      })
      observe(world, requests$(world.link('server'), strict).pipe(serve(() => to(1))))
      world.advance(20)
      world.broker.publish({ topic: 'count', payload: bytesOf('{"to":2}') })
      world.advance(20)
      expect(published).toHaveLength(1)
    })
  })

  it('sends nothing at the end of a handler that has sent its last item', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'server')
      const server = world.link('server')
      const records = observe(world, requests$(server, count).pipe(serve(() => to(0))))
      world.advance(20)
      world.broker.publish({ topic: 'count', payload: bytesOf('{"id":"1","to":0}') })
      world.advance(20)
      expect(records.values).toMatchObject([{ outcome: 'responded' }])
      expect(published).toEqual([])
    })
  })
})

it.each([
  { responses: 'one', cancel: 'local' },
  { responses: 'many', cancel: 'wire' },
] as const)('rejects isLast with %j', (others) => {
  expect(() =>
    endpoint({ topic: 'a', request: text, response: text, ...others, isLast: () => true }),
  ).toThrow("contract.isLast is set: set responses to 'many' and cancel to 'local' as well")
})
