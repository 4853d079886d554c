import {
  endpoint,
  exchange$,
  gather$,
  json,
  request,
  request$,
  requestEither$,
  requestMany,
  requesterStats,
  text,
  type ExchangeOptions,
  type GatherOptions,
} from '@antiphon/core'
import * as t from 'io-ts'
import { of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { observe, publishedBy } from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const stream = endpoint({ topic: 'stream', request: text, response: text, responses: 'many' })
const fixed = endpoint({ topic: 'echo', responseTopic: 'responses', request: text, response: text })

/** Expects an error that names the option, and that no packet was sent. */
function expectInvalid(run: (world: World) => unknown, name: string): void {
  inWorld((world) => {
    const error = { code: 'invalid-argument', message: expect.stringContaining(name) as string }
    expect(() => run(world)).toThrow(expect.objectContaining({ ...error, phase: 'before-network' }))
    world.advance(1_000)
    expect(world.broker.counts().packets).toEqual({})
  })
}

describe('validating options before any packet', () => {
  const invalid: readonly (readonly [name: string, options: ExchangeOptions])[] = [
    ['timeout', { timeout: 0 }],
    ['timeout', { timeout: -1 }],
    ['timeout', { timeout: NaN }],
    ['timeout', { timeout: Infinity }],
    ['timeout', { timeout: 4_294_967_295_001 }],
    ['stepTimeouts.connection', { stepTimeouts: { connection: 0 } }],
    ['stepTimeouts.response', { stepTimeouts: { response: NaN } }],
    ['retry.count', { retry: { count: -1 } }],
    ['retry.count', { retry: { count: 0.5 } }],
    ['retry.count', { retry: { count: NaN } }],
    ['retry.attemptTimeout', { retry: { count: 1, attemptTimeout: 0 } }],
    ['retry.backOff.initial', { retry: { count: 1, backOff: { initial: -1 } } }],
    ['credit', { credit: 0 }],
    ['credit', { credit: 1.5 }],
    ['qos', { qos: 3 as never }],
    ['options.userProperties[0]', { userProperties: [['lone \ud800', '']] }],
    ['options.userProperties has __stat', { userProperties: [['__stat', '200']] }],
    ['__anything', { userProperties: [['fine', ''], ['__anything', '']] }], // prettier-ignore
    ['options.responseTopic', { responseTopic: '' }],
    ['options.responseTopic', { responseTopic: 'response/+' }],
    ['options.responseTopic', { responseTopic: 'response/#' }],
    ['options.responseTopic', { responseTopic: '$share/group/response' }],
    ['options.responseTopic', { responseTopic: 'nul\u0000' }],
  ]
  it.each(invalid)('rejects an invalid %s in request$: %o', (name, options) => {
    expectInvalid(({ link }) => of('x').pipe(request$(link('requester'), echo, options)), name)
  })
  it.each(invalid)('rejects an invalid %s in requestEither$: %o', (name, options) => {
    expectInvalid(({ link }) => of('x').pipe(requestEither$(link('requester'), echo, options)), name)
  })
  it.each(invalid)('rejects an invalid %s in exchange$: %o', (name, options) => {
    expectInvalid(({ link }) => exchange$(link('requester'), echo, 'x', options), name)
  })
  it.each(invalid)('rejects an invalid %s in requestMany: %o', (name, options) => {
    expectInvalid(
      ({ link }) => requestMany(link('requester'), stream, 'x', options)[Symbol.asyncIterator](),
      name,
    )
  })
  it.each([
    ...invalid,
    ['count', { count: 0 }],
    ['count', { count: 1.5 }],
    ['stallTimeout', { stallTimeout: 0 }],
    ['stallTimeout', { stallTimeout: NaN }],
    ['responders', { responders: [] }],
    ['responders', { responders: ['a', 1 as never] }],
  ] satisfies (readonly [string, GatherOptions])[])(
    'rejects an invalid %s in gather$: %o',
    (name, options) => {
      expectInvalid(({ link }) => gather$(link('requester'), echo, 'x', options), name)
    },
  )

  it.each(invalid)('rejects the promise of request for an invalid %s: %o', async (name, options) => {
    const promises: Promise<unknown>[] = []
    inWorld((world) => {
      promises.push(request(world.link('requester'), echo, 'x', options))
      expect(world.broker.counts().packets).toEqual({})
    })
    for (const promise of promises)
      await expect(promise).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining(name) as string,
      })
  })

  it('rejects responseTopic for an endpoint with its own response topic', () => {
    expectInvalid(
      ({ link }) => exchange$(link('requester'), fixed, 'x', { responseTopic: 'other' }),
      'responseTopic',
    )
  })

  it('rejects credit for an endpoint that cancels only locally', () => {
    const local = endpoint({
      topic: 'stream',
      request: text,
      response: text,
      responses: 'many',
      cancel: 'local',
    })
    expectInvalid(
      ({ link }) => exchange$(link('requester'), local, 'x', { credit: 3 }),
      "options.credit is 3, but stream has cancel: 'local': remove it",
    )
    inWorld((world) => {
      expect(() => exchange$(world.link('requester'), local, 'x', { credit: Infinity })).not.toThrow()
      expect(() => exchange$(world.link('requester'), stream, 'x', { credit: 3 })).not.toThrow()
    })
  })

  it.each([1e-3, 0.5, 4_294_967_295_000])('accepts a timeout of %d ms', (timeout) => {
    inWorld((world) => {
      expect(() => exchange$(world.link('requester'), echo, 'x', { timeout })).not.toThrow()
    })
  })

  it('converts the longest timeout to the greatest Message Expiry Interval', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      observe(world, exchange$(world.link('requester'), echo, 'x', { timeout: 4_294_967_295_000 }))
      world.advance(100)
      expect(published.map(({ message }) => message.messageExpiryInterval)).toEqual([4_294_967_295])
    })
  })
})

describe('encoding a request before any packet', () => {
  const typed = endpoint({ topic: 'rooms/{room}', request: json(t.type({ n: t.number })), response: text })

  it.each([
    ['a value that does not encode', { params: { room: 'a' }, value: { n: NaN } }, 'encode'],
    ['a missing parameter', { params: {}, value: { n: 1 } }, 'invalid-argument'],
    ['a parameter with a slash', { params: { room: 'a/b' }, value: { n: 1 } }, 'invalid-argument'],
    ['a parameter with a wildcard', { params: { room: '+' }, value: { n: 1 } }, 'invalid-argument'],
    ['an empty parameter', { params: { room: '' }, value: { n: 1 } }, 'invalid-argument'],
  ] as const)('fails a request with %s', (_, argument, code) => {
    inWorld((world) => {
      const link = world.link('requester')
      const call = observe(world, exchange$(link, typed, argument as never))
      expect(call.ending()).toMatchObject({ code, phase: 'before-network', endpoint: 'rooms/{room}' })
      expect(requesterStats(link, typed)).toMatchObject({ requested: 1, pending: 0, failed: 1 })
      world.advance(1_000)
      expect(world.broker.counts().packets).toEqual({})
    })
  })
})
