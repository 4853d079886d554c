import { canonical, isObject, type Json, type JsonObject } from './json.js'

/** Schemas of which those that repeat are replaced by references. */
export interface SharedSchemas {
  /** Returns the schema with references in place of the repeated ones. */
  readonly refer: (schema: JsonObject) => JsonObject
  /** The repeated schemas by name. */
  readonly schemas: JsonObject
}

/**
 * Finds the object schemas that repeat. A name comes from the title of the schema, or from the order in which they are
 * found, so that equal input always gives equal output.
 */
export function shareSchemas(all: readonly JsonObject[]): SharedSchemas {
  const counts = new Map<string, number>()
  for (const schema of all) count(schema, counts)

  const names = new Map<string, string>()
  const schemas = new Map<string, JsonObject>()
  const refer = (schema: Json): Json => {
    if (Array.isArray(schema)) return (schema as readonly Json[]).map(refer)
    if (!isObject(schema)) return schema
    const parts = (): JsonObject =>
      Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, isData(key) ? part : refer(part)]))
    const text = canonical(schema)
    if (!isShareable(schema) || (counts.get(text) ?? 0) < 2) return parts()
    let name = names.get(text)
    if (name === undefined) {
      name = freeName(schema, names)
      names.set(text, name)
      // Named before its parts, so that the numbers follow the order of reading.
      schemas.set(name, parts())
    }
    return { $ref: `#/components/schemas/${name}` }
  }
  const referred = new Map(all.map((schema) => [schema, refer(schema) as JsonObject]))
  return { refer: (schema) => referred.get(schema) ?? schema, schemas: Object.fromEntries(schemas) }
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

function freeName({ title }: JsonObject, names: ReadonlyMap<string, string>): string {
  const taken = new Set(names.values())
  const base = typeof title === 'string' && /^[\w.-]+$/.test(title) ? title : 'Schema'
  if (base !== 'Schema' && !taken.has(base)) return base
  for (let index = base === 'Schema' ? 1 : 2; ; index += 1) {
    if (!taken.has(`${base}${index}`)) return `${base}${index}`
  }
}
