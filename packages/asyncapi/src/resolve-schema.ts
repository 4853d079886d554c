import { DocumentError } from './document-error.js'
import { referenceOf, type DocumentReader, type Located } from './document-reader.js'
import { appendToPointer, isObject, stepsOf, unusedName, type Json, type JsonObject } from './json.js'
import { compilePattern } from './pattern.js'
import { isData } from './share-schemas.js'

const maximumNodes = 5_000
const maximumUniqueItems = 1_000
/** Keywords whose keys are names, not keywords. */
const maps = ['definitions', '$defs', 'patternProperties', 'properties']
/** Keywords whose schemas are for parts of a value, not for the value itself. */
const descending = [
  'additionalItems',
  'additionalProperties',
  'contains',
  'items',
  'patternProperties',
  'properties',
]

/**
 * Returns a schema with its references replaced by what they point to. A reference that leads back to itself stays one, to
 * `#/definitions/<name>` of the returned schema.
 *
 * Refuses what could take long to compile or to validate: recursion that does not descend into the value, many parts, patterns
 * that no linear matcher knows, `uniqueItems` for long arrays.
 */
export function resolveSchema(reader: DocumentReader, schema: Located): JsonObject {
  return new Resolver({
    root: schema.pointer,
    at: (reference, pointer) => reader.at(reference, pointer),
    check: requireBoundedWork,
  }).schema(schema)
}

/**
 * Returns a schema whose references point into itself in the form of `resolveSchema`. The schema comes from a library of
 * schemas, so that its patterns are not checked.
 */
export function resolveOwnSchema(schema: JsonObject, reader: DocumentReader): JsonObject {
  return new Resolver({
    root: '#',
    at: (reference, pointer) =>
      reference === '#' ? { value: schema, pointer: '#' } : reader.at(reference, pointer),
    check: () => undefined,
  }).schema({ value: schema, pointer: '#' })
}

/** Where a resolver reads. */
interface Source {
  readonly root: string
  readonly at: (reference: string, pointer: string) => Located
  /** Throws if a schema is refused. */
  readonly check: (schema: JsonObject, pointer: string) => void
}

/** A reference that is being resolved, and how far into the value it was found. */
interface OpenReference {
  readonly reference: string
  readonly level: number
}

class Resolver {
  readonly #source: Source
  /** The names of recursive references, in the order in which they were found. */
  readonly #names = new Map<string, string>()
  readonly #definitions = new Map<string, Json>()
  #count = 0

  constructor(source: Source) {
    this.#source = source
  }

  schema(located: Located): JsonObject {
    const { root } = this.#source
    const resolved = this.#target(located.pointer, located, [], 0)
    const schema = resolved === true ? {} : resolved
    if (!isObject(schema)) throw new DocumentError(root, 'it must be a schema: an object, or true')
    return this.#names.size === 0
      ? schema
      : {
          ...schema,
          definitions: Object.fromEntries(
            [...this.#names].map(([reference, name]) => [name, this.#definitions.get(reference) ?? {}]),
          ),
        }
  }

  /** Resolves what a reference points to. `open` has the references that are being resolved. */
  #target(reference: string, target: Located, open: readonly OpenReference[], level: number): Json {
    const resolved = this.#resolve(target, [...open, { reference, level }], level)
    const name = this.#names.get(reference)
    if (name === undefined) return resolved
    this.#definitions.set(reference, resolved)
    return referTo(name)
  }

  #resolve(located: Located, open: readonly OpenReference[], level: number): Json {
    this.#count += 1
    if (this.#count > maximumNodes) {
      throw new DocumentError(
        this.#source.root,
        `the schema must have at most ${maximumNodes} parts, references included`,
      )
    }
    const reference = referenceOf(located)
    if (reference !== undefined) return this.#reference(reference, located.pointer, open, level)
    const { value, pointer } = located
    if (Array.isArray(value)) {
      return value.map((part: Json, index) =>
        this.#resolve({ value: part, pointer: appendToPointer(pointer, index) }, open, level),
      )
    }
    if (!isObject(value)) return value
    this.#source.check(value, pointer)
    return Object.fromEntries(
      Object.entries(value)
        // Definitions are read where they are referred to.
        .filter(([key]) => !['$schema', '$id', '$defs', 'definitions'].includes(key))
        .map(([key, part]) => [
          key,
          this.#keyword(key, { value: part, pointer: appendToPointer(pointer, key) }, open, level),
        ]),
    )
  }

  #reference(reference: string, pointer: string, open: readonly OpenReference[], level: number): Json {
    const known = this.#names.get(reference)
    if (known !== undefined && this.#definitions.has(reference)) return referTo(known)
    const earlier = open.find((one) => one.reference === reference)
    const target = this.#source.at(reference, pointer)
    if (earlier === undefined) return this.#target(reference, target, open, level)
    if (earlier.level === level) {
      throw new DocumentError(
        pointer,
        `the schema ${reference} refers to itself for the same value, which no validation would end`,
      )
    }
    const name = known ?? freeName(reference, target.value, [...this.#names.values()])
    this.#names.set(reference, name)
    return referTo(name)
  }

  #keyword(key: string, part: Located, open: readonly OpenReference[], level: number): Json {
    const inner = descending.includes(key) ? level + 1 : level
    if (maps.includes(key) && isObject(part.value)) {
      return Object.fromEntries(
        Object.entries(part.value).map(([name, schema]) => [
          name,
          this.#resolve({ value: schema, pointer: appendToPointer(part.pointer, name) }, open, inner),
        ]),
      )
    }
    const isSchema = typeof part.value === 'object' && !isData(key)
    return isSchema ? this.#resolve(part, open, inner) : part.value
  }
}

function referTo(name: string): JsonObject {
  return { $ref: `#/definitions/${name}` }
}

/** Returns a name for what a reference points to: its last step, or the title if that is no name. */
function freeName(reference: string, target: Json, taken: readonly string[]): string {
  const last = reference === '#' ? '' : (stepsOf(reference).at(-1) ?? '')
  const title = isObject(target) ? target['title'] : undefined
  // zod numbers the schemas that have no name: __schema0.
  const base = [last, title].find((name) => typeof name === 'string' && /^[A-Za-z][\w.-]*$/.test(name))
  return unusedName(typeof base === 'string' ? base : 'Schema', taken)
}

function requireBoundedWork(schema: JsonObject, pointer: string): void {
  const { pattern, patternProperties, uniqueItems, maxItems } = schema
  const patterns = [
    ...(typeof pattern === 'string' ? [pattern] : []),
    ...(isObject(patternProperties) ? Object.keys(patternProperties) : []),
  ]
  for (const text of patterns) {
    try {
      compilePattern(text)
    } catch (thrown) {
      throw new DocumentError(
        pointer,
        `the pattern ${JSON.stringify(text.slice(0, 100))} is refused: ${(thrown as Error).message}`,
      )
    }
  }
  if (uniqueItems === true && !(typeof maxItems === 'number' && maxItems <= maximumUniqueItems)) {
    throw new DocumentError(
      appendToPointer(pointer, 'uniqueItems'),
      `it needs maxItems of at most ${maximumUniqueItems}: all pairs of items are compared`,
    )
  }
}
