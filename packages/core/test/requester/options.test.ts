import {
  endpoint,
  exchange$,
  gather$,
  json,
  request,
  request$,
  requestEither$,
  requestMany,
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
const own = endpoint({ topic: 'echo', responseTopic: 'answers', request: text, response: text })

/** Expects an error that names the option, and that not even a connection was made. */
function refused(sendRequest: (world: World) => unknown, name: string): void {
  inWorld((world) => {
    const what = { code: 'invalid-argument', message: expect.stringContaining(name) as string }
    expect(() => sendRequest(world)).toThrow(expect.objectContaining({ ...what, phase: 'before-network' }))
    world.advance(1_000)
    expect(world.broker.counts().packets).toEqual({})
  })
}

describe('options are validated before any packet', () => {
  const wrong: readonly (readonly [name: string, options: ExchangeOptions])[] = [
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
    ['back-off', { retry: { count: 1, backOff: { initial: -1 } } }],
    ['credit', { credit: 0 }],
    ['credit', { credit: 1.5 }],
    ['qos', { qos: 3 as never }],
    ['userProperties', { userProperties: [['lone \ud800', '']] }],
    ['__stat', { userProperties: [['__stat', '200']] }],
    ['__anything', { userProperties: [['fine', ''], ['__anything', '']] }], // prettier-ignore
    ['responseTopic', { responseTopic: '' }],
    ['responseTopic', { responseTopic: 'response/+' }],
    ['responseTopic', { responseTopic: 'response/#' }],
    ['responseTopic', { responseTopic: '$share/group/response' }],
    ['responseTopic', { responseTopic: 'nul\u0000' }],
  ]
  it.each(wrong)('%s: request$ refuses %o', (name, options) => {
    refused(({ link }) => of('x').pipe(request$(link('caller'), echo, options)), name)
  })
  it.each(wrong)('%s: requestEither$ refuses %o', (name, options) => {
    refused(({ link }) => of('x').pipe(requestEither$(link('caller'), echo, options)), name)
  })
  it.each(wrong)('%s: exchange$ refuses %o', (name, options) => {
    refused(({ link }) => exchange$(link('caller'), echo, 'x', options), name)
  })
  it.each(wrong)('%s: requestMany refuses %o', (name, options) => {
    refused(({ link }) => requestMany(link('caller'), stream, 'x', options)[Symbol.asyncIterator](), name)
  })
  it.each([
    ...wrong,
    ['count', { count: 0 }],
    ['count', { count: 1.5 }],
    ['stall', { stallTimeout: 0 }],
    ['stall', { stallTimeout: NaN }],
  ] satisfies (readonly [string, GatherOptions])[])('%s: gather$ refuses %o', (name, options) => {
    refused(({ link }) => gather$(link('caller'), echo, 'x', options), name)
  })

  it.each(wrong)('%s: request rejects with %o', async (name, options) => {
    const requested: Promise<unknown>[] = []
    inWorld((world) => {
      requested.push(request(world.link('caller'), echo, 'x', options))
      expect(world.broker.counts().packets).toEqual({})
    })
    for (const response of requested)
      await expect(response).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining(name) as string,
      })
  })

  it('a response topic where the endpoint has its own', () => {
    refused(({ link }) => exchange$(link('caller'), own, 'x', { responseTopic: 'mine' }), 'responseTopic')
  })

  it.each([1e-3, 0.5, 4_294_967_295_000])('a timeout of %d ms is fine', (timeout) => {
    inWorld((world) => {
      expect(() => exchange$(world.link('caller'), echo, 'x', { timeout })).not.toThrow()
    })
  })

  it('the longest timeout is the longest expiry', () => {
    inWorld((world) => {
      const requested = publishedBy(world, 'caller')
      observe(world, exchange$(world.link('caller'), echo, 'x', { timeout: 4_294_967_295_000 }))
      world.advance(100)
      expect(requested.map(({ message }) => message.messageExpiryInterval)).toEqual([4_294_967_295])
    })
  })
})

describe('a question is encoded before any packet', () => {
  const typed = endpoint({ topic: 'rooms/{room}', request: json(t.type({ n: t.number })), response: text })

  it.each([
    ['a value that does not encode', { params: { room: 'a' }, value: { n: NaN } }, 'encode'],
    ['a parameter that is missing', { params: {}, value: { n: 1 } }, 'invalid-argument'],
    ['a parameter with a level in it', { params: { room: 'a/b' }, value: { n: 1 } }, 'invalid-argument'],
    ['a parameter with a wildcard', { params: { room: '+' }, value: { n: 1 } }, 'invalid-argument'],
    ['an empty parameter', { params: { room: '' }, value: { n: 1 } }, 'invalid-argument'],
  ] as const)('%s fails it', (_, question, code) => {
    inWorld((world) => {
      const call = observe(world, exchange$(world.link('caller'), typed, question as never))
      expect(call.ending()).toMatchObject({ code, phase: 'before-network' })
      world.advance(1_000)
      expect(world.broker.counts().packets).toEqual({})
    })
  })
})
