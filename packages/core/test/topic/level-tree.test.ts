import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  Branch,
  chainAt,
  chainOf,
  insert,
  remove,
  type Slot,
  type TreeEntry,
} from '../../src/topic/level-tree.js'
import { runs } from '../codec/runs.js'
import { filters } from './arbitraries.js'

interface Entry extends TreeEntry<Entry> {
  readonly name: number
}

const entries = fc
  .uniqueArray(fc.record({ name: fc.nat(20), selector: filters, isWalked: fc.boolean() }), {
    selector: ({ name }) => name,
  })
  .map((parts) => parts.map((part): Entry => ({ ...part, next: undefined })))

/** Converts a tree to plain data, independent of the order of chains and children. */
function toPlain(slot: Slot<Entry> | undefined): unknown {
  if (slot === undefined) return undefined
  if (!(slot instanceof Branch)) return new Set(chainOf(slot).map(({ name }) => name))
  const { ending, hash, plus, children, walkedCount } = slot
  return {
    walkedCount,
    ending: toPlain(ending),
    hash: toPlain(hash),
    plus: toPlain(plus),
    children: new Map([...children].sort().map(([level, child]) => [level, toPlain(child)])),
  }
}

function treeOf(stored: readonly Entry[]): Branch<Entry> {
  const root = new Branch<Entry>()
  for (const entry of stored) insert(root, Object.assign(entry, { next: undefined }))
  return root
}

describe('level tree', () => {
  it('has the same shape after removals as a new tree of the remaining entries', () => {
    fc.assert(
      fc.property(entries, fc.infiniteStream(fc.boolean()), (all, flips) => {
        const root = treeOf(all)
        const isRemoved = new Map(all.map((entry) => [entry, flips.next().value]))
        for (const entry of all) if (isRemoved.get(entry)) remove(root, entry)
        const remaining = all.filter((entry) => !isRemoved.get(entry))
        for (const { selector } of all) {
          const expected = remaining.filter((entry) => entry.selector === selector)
          expect(new Set(chainAt(root, selector))).toEqual(new Set(expected))
        }
        const shape = toPlain(root)
        expect(shape).toEqual(toPlain(treeOf(remaining)))
        expect(shape).toHaveProperty('walkedCount', remaining.filter(({ isWalked }) => isWalked).length)
      }),
      runs,
    )
  })

  it('creates a branch only for levels that paths share', () => {
    const root = treeOf([
      { name: 1, selector: 'a/b/c/d', isWalked: false, next: undefined },
      { name: 2, selector: 'x/y', isWalked: false, next: undefined },
    ])
    expect([...root.children.values()].some((slot) => slot instanceof Branch)).toBe(false)
  })
})
