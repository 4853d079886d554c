import { canonical, isObject, unusedName, type Json, type JsonObject } from './json.js'

/** Schemas of which those that repeat are replaced by references. */
export interface SharedSchemas {
  /** Returns the schema with references in place of the repeated ones. */
  readonly refer: (schema: JsonObject) => JsonObject
  /** The repeated schemas by name. */
  readonly schemas: JsonObject
}

/**
 * Finds the object schemas that repeat, and the recursive ones, which are in the `definitions` of each schema. The name of a
 * repeated schema comes from its title, or from the order in which they are found, so that equal input always gives equal
 * output.
 */
export function shareSchemas(all: readonly JsonObject[]): SharedSchemas {
  const recursive = new RecursiveSchemas()
  const lifted = new Map(all.map((schema) => [schema, recursive.lift(schema)]))
  const counts = new Map<string, number>()
  for (const schema of [...lifted.values(), ...recursive.schemas.values()]) count(schema, counts)

  const names = new Map<string, string>()
  const schemas = new Map<string, JsonObject>(recursive.schemas)
  const refer = (schema: Json): Json => {
    if (Array.isArray(schema)) return (schema as readonly Json[]).map(refer)
    if (!isObject(schema)) return schema
    const text = canonical(schema)
    if (!isShareable(schema) || (counts.get(text) ?? 0) < 2) return partsOf(schema, refer)
    let name = names.get(text)
    if (name === undefined) {
      name = freeName(schema, [...schemas.keys()])
      names.set(text, name)
      // Named before its parts, so that the numbers follow the order of reading.
      schemas.set(name, {})
      schemas.set(name, partsOf(schema, refer))
    }
    return componentOf(name)
  }
  const referred = new Map([...lifted].map(([schema, own]) => [schema, refer(own) as JsonObject]))
  for (const [name, schema] of recursive.schemas) schemas.set(name, partsOf(schema, refer))
  return { refer: (schema) => referred.get(schema) ?? schema, schemas: Object.fromEntries(schemas) }
}

/** The recursive schemas of a document. */
class RecursiveSchemas {
  /** The schemas by their names in the document, with references to those names. */
  readonly schemas: Map<string, JsonObject> = new Map()
  readonly #names = new Map<string, string>()

  /** Returns a schema without its `definitions`, which are added to those of the document. */
  lift({ definitions, ...schema }: JsonObject): JsonObject {
    if (!isObject(definitions)) return schema
    // Equal names with equal definitions are one schema. All definitions count, since each may refer to any other.
    const added = Object.keys(definitions).map((own) => {
      const key = canonical([own, definitions])
      const known = this.#names.get(key)
      const name = known ?? unusedName(own, [...this.#names.values()])
      this.#names.set(key, name)
      return { own, name, isNew: known === undefined }
    })
    const namesInDocument = new Map(added.map(({ own, name }) => [`#/definitions/${own}`, name]))
    for (const { own, name, isNew } of added)
      if (isNew)
        this.schemas.set(name, renameReferences(definitions[own] ?? {}, namesInDocument) as JsonObject)
    return renameReferences(schema, namesInDocument) as JsonObject
  }
}

function renameReferences(schema: Json, names: ReadonlyMap<string, string>): Json {
  if (Array.isArray(schema)) return (schema as readonly Json[]).map((part) => renameReferences(part, names))
  if (!isObject(schema)) return schema
  const { $ref: reference } = schema
  const name = typeof reference === 'string' ? names.get(reference) : undefined
  return name === undefined ? partsOf(schema, (part) => renameReferences(part, names)) : componentOf(name)
}

function componentOf(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` }
}

function partsOf(schema: JsonObject, convert: (part: Json) => Json): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).map(([key, part]) => [key, isData(key) ? part : convert(part)]),
  )
}

function count(schema: Json, counts: Map<string, number>): void {
  if (Array.isArray(schema)) {
    for (const part of schema as readonly Json[]) count(part, counts)
  } else if (isObject(schema)) {
    if (isShareable(schema)) {
      const text = canonical(schema)
      const found = (counts.get(text) ?? 0) + 1
      counts.set(text, found)
      // The parts of a repeated schema are written once.
      if (found > 1) return
    }
    for (const [key, part] of Object.entries(schema)) if (!isData(key)) count(part, counts)
  }
}

/** Whether the value of a keyword is data, not schemas. */
export function isData(key: string): boolean {
  return ['const', 'default', 'enum', 'examples', 'required'].includes(key) || key.startsWith('x-')
}

function isShareable(schema: JsonObject): boolean {
  return schema['type'] === 'object' && isObject(schema['properties'])
}

function freeName({ title }: JsonObject, taken: readonly string[]): string {
  if (typeof title === 'string' && title !== 'Schema' && /^[\w.-]+$/.test(title))
    return unusedName(title, taken)
  for (let index = 1; ; index += 1) if (!taken.includes(`Schema${index}`)) return `Schema${index}`
}
