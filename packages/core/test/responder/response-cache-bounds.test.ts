import { describe, expect, it } from 'vitest'
import type { OutgoingResponse } from '../../src/responder/outgoing-response.js'
import { ResponseCache, type CacheEntry } from '../../src/responder/response-cache.js'
import { bytesOf, textOf } from '../observed.js'

const STATUS = ['__stat', '200'] as const
const EMPTY = new Uint8Array()

function response(
  text: string,
  userProperties: OutgoingResponse['userProperties'] = [STATUS],
): OutgoingResponse {
  return { topic: 'responses', payload: bytesOf(text), qos: 1, userProperties }
}

/** Creates a cache that counts the entries it evicts before they expire. */
function cacheOf(bounds: { readonly entries?: number; readonly bytes?: number }): {
  readonly cache: ResponseCache<string>
  readonly evicted: () => number
  /** Adds a request that has ended with some responses, and expires at 1 000. */
  readonly add: (key: string, ...responses: readonly OutgoingResponse[]) => CacheEntry<string>
} {
  let evicted = 0
  const cache = new ResponseCache<string>(
    { entries: 1_000, bytes: 1_000_000, ttl: 1_000, ...bounds },
    () => evicted++,
  )
  return {
    cache,
    evicted: () => evicted,
    add: (key, ...responses) => {
      const entry = cache.begin(key, 'running', EMPTY)
      for (const sent of responses) cache.addResponse(entry, sent)
      cache.end(entry, 1_000, 0)
      return entry
    },
  }
}

describe('the limits of the response cache', () => {
  it('keeps as many ended requests as entries allows', () => {
    const { cache, add, evicted } = cacheOf({ entries: 2 })
    add('a')
    add('b')
    expect([cache.size, evicted()]).toEqual([2, 0])
    add('c')
    expect([cache.size, evicted()]).toEqual([2, 1])
    expect(cache.find('a', 0)).toBeUndefined()
  })

  it.each<[what: string, responses: readonly OutgoingResponse[], size: number]>([
    ['the key alone', [], 3],
    ['the key and the payloads', [response('12345'), response('6789')], 3 + 5 + 4],
    ['the names and values of User Properties', [response('1', [STATUS, ['unit', 'C']])], 3 + 1 + 9 + 5],
    ['no status that is the only User Property', [response('1', [STATUS])], 3 + 1],
  ])('counts %s towards bytes', (_, responses, size) => {
    const exact = cacheOf({ bytes: size })
    exact.add('key', ...responses)
    expect([exact.cache.size, exact.evicted()]).toEqual([1, 0])
    const tight = cacheOf({ bytes: size - 1 })
    tight.add('key', ...responses)
    expect([tight.cache.size, tight.evicted()]).toEqual([0, 1])
  })

  it('has the bytes of an evicted entry for others', () => {
    const { cache, add } = cacheOf({ bytes: 20 })
    for (let index = 0; index < 10; index++) add(`key ${index}`, response('12345'))
    expect(cache.size).toBe(2)
    expect(['key 8', 'key 9'].map((key) => cache.find(key, 0)?.key)).toEqual(['key 8', 'key 9'])
  })

  it('does not count an entry as evicted that has expired', () => {
    const { cache, evicted } = cacheOf({ entries: 1 })
    for (const [key, now] of [
      ['a', 0],
      ['b', 1_000],
    ] as const)
      cache.end(cache.begin(key, 'running', EMPTY), now + 1_000, now)
    expect([cache.size, evicted()]).toEqual([1, 0])
  })

  it('keeps up to 256 responses to a request, and none if there are more', () => {
    const { cache } = cacheOf({})
    const entry = cache.begin('key', 'running', EMPTY)
    for (let index = 0; index < 256; index++) cache.addResponse(entry, response(String(index)))
    expect(entry.responses).toHaveLength(256)
    for (let index = 0; index < 2; index++) cache.addResponse(entry, response('later'))
    expect(entry.responses).toBeUndefined()
  })
})

describe('an entry of the response cache', () => {
  it('has the responses to its request alone', () => {
    const { add } = cacheOf({})
    const entries = ['a', 'b'].map((key) => add(key, response(`1 ${key}`), response(`2 ${key}`)))
    expect(entries.map(({ responses }) => responses?.map(textOf))).toEqual([
      ['1 a', '2 a'],
      ['1 b', '2 b'],
    ])
  })

  it('takes the place of that of an ended request, and outlives its expiry', () => {
    const { cache, add } = cacheOf({})
    const replaced = add('key')
    const entry = cache.begin('key', 'running', EMPTY, replaced)
    cache.end(cache.begin('other', 'running', EMPTY), 3_000, 2_000)
    expect(cache.find('key', 2_000)).toBe(entry)
    expect(cache.size).toBe(2)
  })

  it('is found while its request is running, however long that takes', () => {
    const { cache } = cacheOf({ entries: 0, bytes: 0 })
    const entry = cache.begin('key', 'running', EMPTY)
    expect(cache.find('key', Number.MAX_SAFE_INTEGER)).toBe(entry)
  })

  it('is not dropped once its request has ended', () => {
    const { cache, add } = cacheOf({})
    const entry = add('key')
    cache.drop(entry)
    expect(cache.find('key', 0)).toBe(entry)
  })

  it('does not count once it was dropped, also if its request ends then', () => {
    const { cache, evicted } = cacheOf({ entries: 0 })
    const dropped = cache.begin('key', 'running', EMPTY)
    cache.drop(dropped)
    const entry = cache.begin('key', 'running', EMPTY)
    cache.end(dropped, 1_000, 0)
    expect(cache.find('key', 0)).toBe(entry)
    expect(evicted()).toBe(0)
  })

  it('ends once, with its first expiry', () => {
    const { cache, add } = cacheOf({ bytes: 9 })
    const entry = add('abc')
    cache.end(entry, 5_000, 0)
    expect(entry.expiresAt).toBe(1_000)
    add('def')
    add('ghi')
    expect(cache.size).toBe(3)
  })

  it.each([
    [1_025, [0, 511, 513, 1_024]],
    [1_024, [0, 511, 512, 1_023]],
    [3, [0, 1, 2]],
  ])('recognises a payload of %d bytes by all of its first and last 512 bytes', (length, compared) => {
    const payload = new Uint8Array(length)
    const entry = cacheOf({}).cache.begin('key', 'running', payload)
    expect(entry.hasPayload(payload.slice())).toBe(true)
    const isEqual = (index: number): boolean => entry.hasPayload(payload.slice().fill(1, index, index + 1))
    expect(compared.map(isEqual)).toEqual(compared.map(() => false))
  })

  it('does not compare a payload between its first and its last 512 bytes', () => {
    const payload = new Uint8Array(1_025)
    const entry = cacheOf({}).cache.begin('key', 'running', payload)
    expect(entry.hasPayload(payload.slice().fill(1, 512, 513))).toBe(true)
  })

  it('acknowledges each of its duplicates once', () => {
    const entry = cacheOf({}).cache.begin('key', 'running', EMPTY)
    const acknowledged: string[] = []
    entry.acknowledgeDuplicates()
    for (const name of ['a', 'b']) entry.attachDuplicate(() => acknowledged.push(name))
    entry.acknowledgeDuplicates()
    entry.acknowledgeDuplicates()
    expect(acknowledged).toEqual(['a', 'b'])
  })
})
