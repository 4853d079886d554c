import { DocumentError } from './document-error.js'
import { appendToPointer, isObject, stepsOf, type Json, type JsonObject } from './json.js'

/** A value in a document, with the JSON pointer by which errors name it. */
export interface Located {
  readonly value: Json
  readonly pointer: string
}

/** A located object. */
export interface LocatedObject extends Located {
  readonly value: JsonObject
}

const maximumDepth = 100
const maximumNodes = 100_000
const maximumReferences = 32

/**
 * Reads a document of unknown origin: follows references inside the document, and refuses all others.
 *
 * Depth and size are checked when it is created, so that everything behind it may recurse.
 */
export class DocumentReader {
  readonly root: LocatedObject

  constructor(document: unknown) {
    requireBounds(document)
    if (!isObject(document)) throw new DocumentError('#', 'it must be an object')
    this.root = { value: document, pointer: '#' }
  }

  /** Returns a property, after following references; `undefined` if it is absent. */
  property({ value, pointer }: LocatedObject, name: string): Located | undefined {
    const property = Object.hasOwn(value, name) ? value[name] : undefined
    if (property === undefined) return undefined
    return this.follow({ value: property, pointer: appendToPointer(pointer, name) })
  }

  /** Returns a property that is an object, or an empty object if it is absent. */
  object(parent: LocatedObject, name: string): LocatedObject {
    const found = this.property(parent, name)
    return found === undefined
      ? { value: {}, pointer: appendToPointer(parent.pointer, name) }
      : toObject(found)
  }

  /** Returns the properties of an object, each of which is an object. */
  objects(parent: LocatedObject): readonly (readonly [string, LocatedObject])[] {
    return Object.keys(parent.value).map((name) => [name, this.object(parent, name)])
  }

  /** Returns the text of a property; `undefined` if it is absent or null. */
  text(parent: LocatedObject, name: string): string | undefined {
    const found = this.property(parent, name)
    if (found === undefined || found.value === null) return undefined
    if (typeof found.value === 'string') return found.value
    throw new DocumentError(found.pointer, 'it must be a string')
  }

  /** Follows references until a value that is not a reference. */
  follow(located: Located): Located {
    let current = located
    for (let count = 0; count < maximumReferences; count += 1) {
      const reference = referenceOf(current)
      if (reference === undefined) return current
      current = this.at(reference, current.pointer)
    }
    throw new DocumentError(
      located.pointer,
      `its $ref leads to another $ref more than ${maximumReferences} times`,
    )
  }

  /** Returns what a reference points to. */
  at(reference: string, pointer: string): Located {
    const place = appendToPointer(pointer, '$ref')
    if (!reference.startsWith('#/')) {
      throw new DocumentError(
        place,
        `${shown(reference)} is outside the document, and is not fetched: bundle it first`,
      )
    }
    let value: Json = this.root.value
    for (const step of readSteps(reference, place)) {
      const next: Json | undefined =
        typeof value === 'object' && value !== null && Object.hasOwn(value, step)
          ? (value as JsonObject)[step]
          : undefined
      if (next === undefined) throw new DocumentError(place, `${shown(reference)} is not in the document`)
      value = next
    }
    return { value, pointer: reference }
  }
}

/** Returns the reference of an object with `$ref`; `undefined` if it has none. */
export function referenceOf({ value, pointer }: Located): string | undefined {
  if (!isObject(value) || !Object.hasOwn(value, '$ref')) return undefined
  const reference = value['$ref']
  if (typeof reference === 'string') return reference
  throw new DocumentError(appendToPointer(pointer, '$ref'), 'it must be a string')
}

/** Requires that a located value is an object. */
export function toObject({ value, pointer }: Located): LocatedObject {
  if (isObject(value)) return { value, pointer }
  throw new DocumentError(pointer, 'it must be an object')
}

function readSteps(reference: string, place: string): readonly string[] {
  try {
    return stepsOf(reference)
  } catch {
    throw new DocumentError(place, `${shown(reference)} is not a JSON pointer`)
  }
}

/** Checks depth, number of nodes and keys, with an own stack: a hostile document may be deep. */
function requireBounds(document: unknown): void {
  const open: { readonly value: unknown; readonly pointer: string; readonly depth: number }[] = [
    { value: document, pointer: '#', depth: 0 },
  ]
  let count = 0
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    count += 1
    if (count > maximumNodes) throw new DocumentError('#', `it must have at most ${maximumNodes} values`)
    if (typeof node.value !== 'object' || node.value === null) continue
    if (node.depth >= maximumDepth) {
      throw new DocumentError(node.pointer, `it must be nested at most ${maximumDepth} levels deep`)
    }
    for (const key of Object.keys(node.value)) {
      const pointer = appendToPointer(node.pointer, key)
      if (key === '__proto__')
        throw new DocumentError(pointer, 'this key could reach a prototype and is refused')
      open.push({ value: (node.value as JsonObject)[key], pointer, depth: node.depth + 1 })
    }
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}
