import { memberForKey } from '@antiphon/core/sticky-groups'
import type { Member } from '@antiphon/core/presence'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { itemForKey } from '../../src/sticky/rendezvous.js'

const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 30, unit: 'binary' }), {
  minLength: 1,
  maxLength: 20,
})
const keys = fc.array(fc.string({ maxLength: 30, unit: 'binary' }), { minLength: 1, maxLength: 30 })
const idFor = (key: string, from: readonly string[]): string | undefined => itemForKey(key, from, (id) => id)

describe('rendezvous hashing', () => {
  it('moves only the keys of an item that goes, and the keys that a new item gets', () => {
    fc.assert(
      fc.property(ids, keys, fc.nat(), (all, someKeys, which) => {
        const gone = all[which % all.length]
        const rest = all.filter((id) => id !== gone)
        for (const key of someKeys) {
          const before = idFor(key, all)
          if (before !== gone) expect(idFor(key, rest)).toBe(before)
        }
      }),
    )
  })

  it('does not depend on the order of the items', () => {
    fc.assert(
      fc.property(ids, keys, (all, someKeys) => {
        const reversed = [...all].reverse()
        for (const key of someKeys) expect(idFor(key, reversed)).toBe(idFor(key, all))
      }),
    )
  })

  it('gives the keys of an item that is not accepted to where they would go without it', () => {
    fc.assert(
      fc.property(ids, keys, fc.nat(), (all, someKeys, which) => {
        const refused = all[which % all.length]
        const rest = all.filter((id) => id !== refused)
        for (const key of someKeys) {
          const chosen = itemForKey(
            key,
            all,
            (id) => id,
            (id) => id !== refused,
          )
          expect(chosen).toBe(idFor(key, rest))
        }
      }),
    )
  })

  it.each([
    ['numbered', (index: number) => `worker-${index}`],
    ['long, with equal ends', (index: number) => `${index}.workers.production.example.com`],
    ['random', (index: number) => Math.abs(Math.sin(index + 1)).toString(36)],
  ])('spreads keys evenly over %s ids', (_, idOf) => {
    const items = Array.from({ length: 10 }, (_, index) => idOf(index))
    const counts = new Map(items.map((id) => [id, 0]))
    const total = 20_000
    for (let index = 0; index < total; index++) {
      const id = idFor(`car-${index}`, items) ?? ''
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    // Each gets a tenth, within five standard deviations.
    const deviation = Math.sqrt(total * 0.1 * 0.9)
    for (const count of counts.values()) expect(Math.abs(count - total / 10)).toBeLessThan(5 * deviation)
  })

  it('has the results in the wire format, so that requesters in other languages agree', () => {
    const members = ['worker-1', 'worker-2', 'wörker/3']
    const keys = ['ann', 'bob', 'Zoë', '', '42']
    expect(keys.map((key) => idFor(key, members))).toEqual([
      'worker-2',
      'wörker/3',
      'worker-1',
      'worker-1',
      'worker-2',
    ])
  })

  it('has no item without items, and resolves equal scores by the id', () => {
    expect(idFor('ann', [])).toBeUndefined()
    // These two ids have equal scores for the key.
    const [left, right] = collidingIds()
    expect(idFor('', [left, right])).toBe(left < right ? left : right)
    expect(idFor('', [right, left])).toBe(left < right ? left : right)
  })

  it('returns the member of a key', () => {
    const members: readonly Member[] = ['a', 'b', 'c'].map((clientId) => ({
      clientId,
      instanceId: 'i',
      startedAt: 0,
      groups: [],
      metadata: {},
    }))
    expect(memberForKey(members, 'ann')?.clientId).toBe(idFor('ann', ['a', 'b', 'c']))
    expect(memberForKey([], 'ann')).toBeUndefined()
  })
})

/** Finds two ids with equal scores: by the birthday bound, among some 100 000 of 32 bits. */
function collidingIds(): readonly [string, string] {
  const FNV_PRIME = 0x01000193
  const hashOf = (text: string): number => {
    let hash = Math.imul(0x811c9dc5, FNV_PRIME)
    for (let index = 0; index < text.length; index++)
      hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME)
    return hash
  }
  const seen = new Map<number, string>()
  for (let index = 0; ; index++) {
    const id = `id${index}`
    const other = seen.get(hashOf(id))
    if (other !== undefined) return [other, id]
    seen.set(hashOf(id), id)
  }
}
