import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { isMatch } from '../../src/topic/is-match.js'
import { overlaps } from '../../src/topic/overlaps.js'
import { TopicTrie } from '../../src/topic/topic-trie.js'
import { runs } from '../codec/runs.js'
import { anyFilters, topics } from './arbitraries.js'
import { collectGarbage, heapUsed } from './garbage.js'

const changes = fc.array(
  fc.record({ isAdded: fc.boolean(), filter: anyFilters, value: fc.constantFrom(0, 1, 2) }),
  {
    maxLength: 60,
  },
)

/** Returns a trie after some changes, and a set with its expected content. */
function after(changesMade: readonly { isAdded: boolean; filter: string; value: number }[]): {
  trie: TopicTrie<number>
  stored: Set<string>
} {
  const trie = new TopicTrie<number>()
  const stored = new Set<string>()
  for (const { isAdded, filter, value } of changesMade) {
    const key = `${value} ${filter}`
    if (isAdded) {
      expect(trie.add(filter, value)).toBe(!stored.has(key))
      stored.add(key)
    } else {
      expect(trie.delete(filter, value)).toBe(stored.delete(key))
    }
  }
  return { trie, stored }
}

const filterOf = (key: string): string => key.slice(2)

describe('TopicTrie', () => {
  it('match finds the same values as a scan, after any additions and deletions', () => {
    fc.assert(
      fc.property(changes, fc.array(topics, { minLength: 5, maxLength: 5 }), (changesMade, requested) => {
        const { trie, stored } = after(changesMade)
        expect(trie.size).toBe(stored.size)
        for (const topic of requested) {
          const expected = [...stored].filter((key) => isMatch(filterOf(key), topic))
          const found: string[] = []
          trie.match(topic, (value, filter) => found.push(`${value} ${filter}`))
          expect(found.sort()).toEqual(expected.sort())
          expect(trie.matches(topic).sort()).toEqual(expected.map((key) => Number(key[0])).sort())
        }
      }),
      runs,
    )
  })

  it('overlapping finds the same values as a scan', () => {
    fc.assert(
      fc.property(changes, anyFilters, (changesMade, requested) => {
        const { trie, stored } = after(changesMade)
        const found: string[] = []
        trie.overlapping(requested, (value, filter) => found.push(`${value} ${filter}`))
        expect(found.sort()).toEqual([...stored].filter((key) => overlaps(filterOf(key), requested)).sort())
      }),
      runs,
    )
  })

  it('stores shared filters and the plain filter separately', () => {
    const trie = new TopicTrie<string>()
    trie.add('a/b', 'alone')
    trie.add('$share/g/a/b', 'in g')
    trie.add('$share/h/a/b', 'in h')
    expect(trie.matches('a/b').sort()).toEqual(['alone', 'in g', 'in h'])
    expect(trie.delete('$share/g/a/b', 'in h')).toBe(false)
    expect(trie.delete('$share/g/a/b', 'in g')).toBe(true)
    expect(trie.matches('a/b').sort()).toEqual(['alone', 'in h'])
    expect(trie.matches('$share/h/a/b')).toEqual([])
  })

  it.each([
    ['first', ['a/b', '$share/g/a/b']],
    ['last', ['$share/g/a/b', 'a/b']],
  ])('finds a shared filter and the plain filter, the latter added %s', (_, filters) => {
    const trie = new TopicTrie<string>()
    for (const filter of filters) trie.add(filter, filter)
    expect(trie.matches('a/b').sort()).toEqual(['$share/g/a/b', 'a/b'])
    trie.add('a/+', 'a/+')
    expect(trie.matches('a/b').sort()).toEqual(['$share/g/a/b', 'a/+', 'a/b'])
  })

  it('stores any value, including undefined', () => {
    const trie = new TopicTrie<unknown>()
    expect([trie.add('a', undefined), trie.add('a', undefined), trie.add('a', null)]).toEqual([
      true,
      false,
      true,
    ])
    expect(trie.matches('a')).toEqual([undefined, null])
    expect([trie.delete('a', undefined), trie.delete('a', undefined)]).toEqual([true, false])
    expect(trie.matches('a')).toEqual([null])
  })

  it('stores 100 000 values under one filter', () => {
    const trie = new TopicTrie<number>()
    for (let value = 0; value < 100_000; value += 1) trie.add('a/+', value)
    expect(trie.matches('a/b')).toHaveLength(100_000)
    for (let value = 0; value < 100_000; value += 1) trie.delete('a/+', value)
    expect([trie.size, trie.matches('a/b')]).toEqual([0, []])
  })

  it.each([
    ['a single value', ['a']],
    ['several values', ['a', 'b']],
  ])('does not visit values that a visitor adds (%s)', (_, values) => {
    const trie = new TopicTrie<string>()
    for (const value of values) trie.add('x/+', value)
    const visit = vi.fn((value: string) => {
      trie.delete('x/+', value)
      trie.add('x/+', `${value}'`)
      trie.add('x/#', value)
      trie.add('x/y', value)
    })
    trie.match('x/y', visit)
    expect(visit.mock.calls.map(([value]) => value)).toEqual(values)
    expect(trie.size).toBe(3 * values.length)
  })

  it('does not visit values that a visitor deletes before their turn', () => {
    const trie = new TopicTrie<string>()
    const filters = ['a/b', 'a/+', 'a/#', '#']
    for (const filter of filters) for (const value of ['one', 'two']) trie.add(filter, value)
    const visited: string[] = []
    trie.match('a/b', (value) => {
      visited.push(value)
      for (const filter of filters) for (const other of ['one', 'two']) trie.delete(filter, other)
    })
    expect(visited).toEqual(['one'])
    expect(trie.size).toBe(0)
  })

  it('allows look-ups by a visitor', () => {
    const trie = new TopicTrie<string>()
    trie.add('a/+', 'outer')
    trie.add('b/+', 'inner')
    const visited: string[] = []
    trie.match('a/x', (outer) => {
      visited.push(outer)
      trie.match('b/x', (inner) => visited.push(inner))
    })
    expect(visited).toEqual(['outer', 'inner'])
  })

  it('rejects an invalid filter', () => {
    const trie = new TopicTrie<number>()
    expect(() => trie.add('a/#/b', 1)).toThrow('[MQTT-4.7.1-1]')
    expect(() => trie.overlapping('a+', () => undefined)).toThrow('[MQTT-4.7.1-2]')
    expect(trie.delete('a/#/b', 1)).toBe(false)
    expect(trie.size).toBe(0)
  })

  it('treats wildcards in an invalid topic as plain levels', () => {
    const trie = new TopicTrie<string>()
    for (const filter of ['a/+', 'a/#', 'a/b', '$share/g/a/b']) trie.add(filter, filter)
    expect(trie.matches('a/+').sort()).toEqual(['a/#', 'a/+'])
    expect(trie.matches('a/#').sort()).toEqual(['a/#', 'a/+'])
    expect(trie.matches('')).toEqual([])
  })

  it('supports filters and topics of 65 000 levels', () => {
    const trie = new TopicTrie<string>()
    const deepest = '/'.repeat(65_535)
    trie.add(deepest, 'a')
    trie.add(deepest.replace(/.$/, '+'), 'b')
    trie.add(deepest.replace(/.$/, '#'), 'c')
    trie.add('+/#', 'd')
    expect(trie.matches(deepest).sort()).toEqual(['a', 'c', 'd'])
    expect(trie.matches('/'.repeat(100_000)).sort()).toEqual(['c', 'd'])
    const overlapping: string[] = []
    trie.overlapping(deepest, (value) => overlapping.push(value))
    expect(overlapping.sort()).toEqual(['a', 'c', 'd'])
    trie.delete(deepest, 'a')
    expect(trie.matches(deepest).sort()).toEqual(['c', 'd'])
  })

  it('does not walk branches without wildcards', () => {
    const trie = new TopicTrie<string>()
    for (const filter of ['a/b/c/d', 'a/b/c/e', 'x/+']) trie.add(filter, filter)
    const get = vi.spyOn(Map.prototype, 'get')
    const found = trie.matches('a/b/c/d')
    const lookUps = get.mock.calls.length
    get.mockRestore()
    expect(found).toEqual(['a/b/c/d'])
    expect(lookUps).toBe(2)
  })

  it('compares less than 10 of 20 000 filters for an overlap', () => {
    const trie = new TopicTrie<number>()
    for (let index = 0; index < 20_000; index += 1) trie.add(`plant/${index}/+/state`, index)
    const visit = vi.fn()
    const split = vi.spyOn(String.prototype, 'split')
    trie.overlapping('plant/77/#', visit)
    const comparisons = split.mock.calls.length
    split.mockRestore()
    expect(visit.mock.calls).toEqual([[77, 'plant/77/+/state']])
    expect(comparisons).toBeLessThan(10)
  })

  it('releases deleted values for garbage collection', async () => {
    const trie = new TopicTrie<object>()
    const references = [...filledAndEmptied(trie, ['a/b', 'a/+', 'a/#', '$share/g/a/b', 'a/b'])]
    await setImmediate() // A WeakRef keeps its target alive until the end of the job that created it.
    collectGarbage()
    expect(references.filter((value) => value.deref() !== undefined)).toHaveLength(0)
    expect(trie.size).toBe(0)
  })

  it('releases deleted filters for garbage collection although other filters share their levels', () => {
    const trie = new TopicTrie<number>()
    const indices = Array.from({ length: 200 }, (_, index) => index)
    const long = (index: number): string => `own level ${index}/${'x'.repeat(60_000)}`
    const before = heapUsed()
    for (const index of indices) trie.add(long(index), index)
    for (const index of indices) trie.add(`own level ${index}/+`, index)
    expect(heapUsed() - before).toBeGreaterThan(200 * 60_000)
    for (const index of indices) trie.delete(long(index), index)
    expect(heapUsed() - before).toBeLessThan(200 * 6_000)
    expect(trie.size).toBe(200)
  })
})

function filledAndEmptied(trie: TopicTrie<object>, filters: readonly string[]): WeakRef<object>[] {
  const values = filters.map(() => ({}))
  for (const [index, value] of values.entries()) trie.add(filters[index] ?? '', value)
  for (const [index, value] of values.entries()) trie.delete(filters[index] ?? '', value)
  return values.map((value) => new WeakRef(value))
}
