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

/** A tree as plain data, in which neither the order of a chain nor that of children shows. */
function drawn(slot: Slot<Entry> | undefined): unknown {
  if (slot === undefined) return undefined
  if (!(slot instanceof Branch)) return new Set(chainOf(slot).map(({ name }) => name))
  const { here, hash, plus, children, walked } = slot
  return {
    walked,
    here: drawn(here),
    hash: drawn(hash),
    plus: drawn(plus),
    children: new Map([...children].sort().map(([level, child]) => [level, drawn(child)])),
  }
}

function treeOf(stored: readonly Entry[]): Branch<Entry> {
  const root = new Branch<Entry>()
  for (const entry of stored) insert(root, Object.assign(entry, { next: undefined }))
  return root
}

describe('a tree of levels', () => {
  it('has the same shape whatever was once in it', () => {
    fc.assert(
      fc.property(entries, fc.infiniteStream(fc.boolean()), (all, flips) => {
        const root = treeOf(all)
        const isLeaving = new Map(all.map((entry) => [entry, flips.next().value]))
        for (const entry of all) if (isLeaving.get(entry)) remove(root, entry)
        const left = all.filter((entry) => !isLeaving.get(entry))
        for (const { selector } of all) {
          const expected = left.filter((entry) => entry.selector === selector)
          expect(new Set(chainAt(root, selector))).toEqual(new Set(expected))
        }
        const shape = drawn(root)
        expect(shape).toEqual(drawn(treeOf(left)))
        expect(shape).toHaveProperty('walked', left.filter(({ isWalked }) => isWalked).length)
      }),
      runs,
    )
  })

  it('makes a branch only where paths part', () => {
    const root = treeOf([
      { name: 1, selector: 'a/b/c/d', isWalked: false, next: undefined },
      { name: 2, selector: 'x/y', isWalked: false, next: undefined },
    ])
    expect([...root.children.values()].some((slot) => slot instanceof Branch)).toBe(false)
  })
})
