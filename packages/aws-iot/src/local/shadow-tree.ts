import { isJsonObject } from '@antiphon/core/codec'
import type { JsonObject } from '../shadow/documents.js'

/** A value of a shadow, and the time of its latest change in seconds. Arrays are values. */
export interface Leaf {
  readonly value: unknown
  readonly timestamp: number
}

/** A section of a shadow. Maps, because names such as `__proto__` are names like any other. */
export type Tree = ReadonlyMap<string, Tree | Leaf>

/** Returns a section with changes, of which `null` removes a value. */
export function merge(section: Tree | undefined, changes: JsonObject, timestamp: number): Tree {
  const merged = new Map(section)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) {
      merged.delete(name)
      continue
    }
    const existing = merged.get(name)
    merged.set(
      name,
      isJsonObject(value)
        ? merge(isTree(existing) ? existing : undefined, value, timestamp)
        : { value, timestamp },
    )
  }
  return merged
}

/** Returns the part of the desired section that differs from the reported one. */
export function difference(desired: Tree, reported: Tree | undefined): Tree {
  const differing = new Map<string, Tree | Leaf>()
  for (const [name, wanted] of desired) {
    const actual = reported?.get(name)
    if (isTree(wanted) && isTree(actual)) {
      const inner = difference(wanted, actual)
      if (inner.size > 0) differing.set(name, inner)
    } else if (isTree(wanted) || isTree(actual) || !isSame(wanted, actual)) differing.set(name, wanted)
  }
  return differing
}

/** Returns the values of a section. */
export function toState(section: Tree): JsonObject {
  return read(section, ({ value }) => value)
}

/** Returns the times of the values of a section. */
export function toMetadata(section: Tree): JsonObject {
  return read(section, ({ timestamp }) => ({ timestamp }))
}

function read(section: Tree, readLeaf: (leaf: Leaf) => unknown): JsonObject {
  return Object.fromEntries(
    [...section].map(([name, entry]) => [name, isTree(entry) ? read(entry, readLeaf) : readLeaf(entry)]),
  )
}

function isTree(entry: Tree | Leaf | undefined): entry is Tree {
  return entry instanceof Map
}

function isSame({ value }: Leaf, other: Leaf | undefined): boolean {
  return other !== undefined && JSON.stringify(value) === JSON.stringify(other.value)
}
