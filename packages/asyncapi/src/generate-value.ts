import { isObject, type Json, type JsonObject } from './json.js'
import { jsonSchemaType } from './json-schema-type.js'
import { pick, wholeNumber, type Random } from './random.js'

const attempts = 20
const maximumDepth = 20

/**
 * Returns a value that a JSON Schema without references accepts. Throws if none is found, for example because of a `pattern`:
 * then the schema needs `examples`.
 */
export function generateValue(schema: JsonObject, random: Random): Json {
  const { validate } = jsonSchemaType(schema)['~standard']
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const value = generate(schema, random, 0)
    const result = validate(value)
    if (!('then' in result) && result.issues === undefined) return value
  }
  throw new Error('cannot generate a value for the schema: give it examples')
}

function generate(schema: Json, random: Random, depth: number): Json {
  if (!isObject(schema) || depth > maximumDepth) return null
  const given = givenValues(schema)
  if (given.length > 0) return pick(random, given) ?? null
  const alternatives = schema['anyOf'] ?? schema['oneOf']
  const parts = [
    ...(Array.isArray(schema['allOf']) ? (schema['allOf'] as readonly Json[]) : []),
    ...(Array.isArray(alternatives) ? [pick(random, alternatives as readonly Json[]) ?? {}] : []),
  ]
  if (parts.length > 0) return merge(schema, parts, random, depth)
  return generateType(typeOf(schema, random), schema, random, depth)
}

/** Returns the values that the schema itself names. */
function givenValues(schema: JsonObject): readonly Json[] {
  if (schema['const'] !== undefined) return [schema['const']]
  for (const keyword of ['enum', 'examples']) {
    const values = schema[keyword]
    if (Array.isArray(values)) return values as readonly Json[]
  }
  return schema['default'] === undefined ? [] : [schema['default']]
}

/** Generates for each part; the properties of objects are put together. */
function merge(schema: JsonObject, parts: readonly Json[], random: Random, depth: number): Json {
  const { allOf: _all, anyOf: _any, oneOf: _one, ...rest } = schema
  const all = Object.keys(rest).length > 0 ? [rest, ...parts] : parts
  const values = all.map((part) => generate(part, random, depth + 1))
  return values.every(isObject) ? (Object.assign({}, ...values) as JsonObject) : (values.at(-1) ?? null)
}

function typeOf(schema: JsonObject, random: Random): string {
  const { type } = schema
  if (typeof type === 'string') return type
  if (Array.isArray(type)) return String(pick(random, type))
  if (isObject(schema['properties'])) return 'object'
  return schema['items'] === undefined ? 'string' : 'array'
}

function generateType(type: string, schema: JsonObject, random: Random, depth: number): Json {
  switch (type) {
    case 'null':
      return null
    case 'boolean':
      return random() < 0.5
    case 'integer':
    case 'number':
      return generateNumber(type, schema, random)
    case 'array':
      return generateArray(schema, random, depth)
    case 'object':
      return generateObject(schema, random, depth)
    default:
      return generateText(schema, random)
  }
}

function numberOf(schema: JsonObject, keyword: string): number | undefined {
  const value = schema[keyword]
  return typeof value === 'number' ? value : undefined
}

function generateNumber(type: string, schema: JsonObject, random: Random): number {
  const isWhole = type === 'integer'
  const step = numberOf(schema, 'multipleOf') ?? (isWhole ? 1 : 0.5)
  const above = numberOf(schema, 'exclusiveMinimum')
  const below = numberOf(schema, 'exclusiveMaximum')
  const low = Math.max(
    numberOf(schema, 'minimum') ?? -Infinity,
    above === undefined ? -Infinity : above + step,
  )
  const high = Math.min(
    numberOf(schema, 'maximum') ?? Infinity,
    below === undefined ? Infinity : below - step,
  )
  const least = Number.isFinite(low) ? Math.max(low, -1e9) : Math.min(0, high)
  const most = Math.min(Number.isFinite(high) ? high : Infinity, Math.max(least, 0) + 100)
  const first = Math.ceil(least / step)
  return wholeNumber(random, first, Math.max(first, Math.floor(most / step))) * step
}

function generateText(schema: JsonObject, random: Random): string {
  const known = typeof schema['format'] === 'string' ? formats[schema['format']] : undefined
  if (known !== undefined) return known
  const least = numberOf(schema, 'minLength') ?? 1
  const most = Math.min(numberOf(schema, 'maxLength') ?? least + 8, least + 8)
  const length = wholeNumber(random, least, Math.max(least, most))
  return Array.from({ length }, () => pick(random, [...'abcdefghijklmnopqrstuvwxyz']) ?? 'a').join('')
}

const formats: Readonly<Record<string, string>> = {
  date: '2026-01-02',
  'date-time': '2026-01-02T03:04:05Z',
  email: 'device@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  time: '03:04:05Z',
  uri: 'https://example.com/',
  uuid: '0b9a3c1e-5b0f-4c39-9a3e-2f8a3a2d7d11',
}

function generateArray(schema: JsonObject, random: Random, depth: number): readonly Json[] {
  const { items = {} } = schema
  if (Array.isArray(items)) return items.map((item: Json) => generate(item, random, depth + 1))
  const least = numberOf(schema, 'minItems') ?? 0
  const most = Math.max(least, Math.min(numberOf(schema, 'maxItems') ?? 3, least + 3))
  return Array.from({ length: wholeNumber(random, least, most) }, () => generate(items, random, depth + 1))
}

function generateObject(schema: JsonObject, random: Random, depth: number): JsonObject {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : []
  const names = [...new Set([...required, ...Object.keys(properties)])]
  return Object.fromEntries(
    names
      .filter((name) => required.includes(name) || random() < 0.5)
      .map((name) => [
        name,
        generate(Object.hasOwn(properties, name) ? (properties[name] as Json) : {}, random, depth + 1),
      ]),
  )
}
