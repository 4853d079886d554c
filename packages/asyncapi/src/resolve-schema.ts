import { DocumentError } from './document-error.js'
import { referenceOf, type DocumentReader, type Located } from './document-reader.js'
import { appendToPointer, isObject, type Json, type JsonObject } from './json.js'
import { compilePattern } from './pattern.js'
import { isData } from './share-schemas.js'

const maximumNodes = 5_000
const maximumUniqueItems = 1_000
/** Keywords whose keys are names, not keywords. */
const maps = ['definitions', 'patternProperties', 'properties']

/**
 * Returns a schema with its references replaced by what they point to.
 *
 * Refuses what could take long to compile or to validate: recursion, many parts, patterns that no linear matcher knows,
 * `uniqueItems` for long arrays.
 */
export function resolveSchema(reader: DocumentReader, schema: Located): JsonObject {
  const resolver = new Resolver(reader, schema.pointer)
  const resolved = resolver.resolve(schema, [])
  if (isObject(resolved)) return resolved
  if (resolved === true) return {}
  throw new DocumentError(schema.pointer, 'it must be a schema: an object, or true')
}

class Resolver {
  readonly #reader: DocumentReader
  readonly #root: string
  #count = 0

  constructor(reader: DocumentReader, root: string) {
    this.#reader = reader
    this.#root = root
  }

  /** `open` has the references that are being resolved. */
  resolve(located: Located, open: readonly string[]): Json {
    this.#count += 1
    if (this.#count > maximumNodes) {
      throw new DocumentError(
        this.#root,
        `the schema must have at most ${maximumNodes} parts, references included`,
      )
    }
    const reference = referenceOf(located)
    if (reference !== undefined) {
      if (open.includes(reference)) {
        throw new DocumentError(
          located.pointer,
          `the schema ${reference} is recursive: write out the levels that you need`,
        )
      }
      return this.resolve(this.#reader.at(reference, located.pointer), [...open, reference])
    }
    const { value, pointer } = located
    if (Array.isArray(value)) {
      return value.map((part: Json, index) =>
        this.resolve({ value: part, pointer: appendToPointer(pointer, index) }, open),
      )
    }
    if (!isObject(value)) return value
    requireBoundedWork(value, pointer)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== '$schema' && key !== '$id')
        .map(([key, part]) => [
          key,
          this.#keyword(key, { value: part, pointer: appendToPointer(pointer, key) }, open),
        ]),
    )
  }

  #keyword(key: string, part: Located, open: readonly string[]): Json {
    if (maps.includes(key) && isObject(part.value)) {
      return Object.fromEntries(
        Object.entries(part.value).map(([name, schema]) => [
          name,
          this.resolve({ value: schema, pointer: appendToPointer(part.pointer, name) }, open),
        ]),
      )
    }
    const isSchema = typeof part.value === 'object' && !isData(key)
    return isSchema ? this.resolve(part, open) : part.value
  }
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
