import { isObject, type Json, type JsonObject } from './json.js'
import { jsonSchemaType } from './json-schema-type.js'
import { pick, wholeNumber, type Random } from './random.js'

const attempts = 20
const maximumDepth = 20

/** Below this depth, values are as small as their schema allows, so that those of recursive schemas end. */
const sparseDepth = 6

/** What the schemas inside a schema need. */
interface Context {
  readonly random: Random
  readonly definitions: JsonObject
}

/**
 * Returns a value that a JSON Schema accepts, whose references lead into its `definitions`. Throws if none is found, for example because of a `pattern`:
 * then the schema needs `examples`.
 */
export function generateValue(schema: JsonObject, random: Random): Json {
  const { validate } = jsonSchemaType(schema)['~standard']
  const definitions = isObject(schema['definitions']) ? schema['definitions'] : {}
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const value = generate(schema, { random, definitions }, 0)
    const result = validate(value)
    if (!('then' in result) && result.issues === undefined) return value
  }
  throw new Error('cannot generate a value for the schema: give it examples')
}

function generate(schema: Json, context: Context, depth: number): Json {
  if (!isObject(schema) || depth > maximumDepth) return null
  const { $ref: reference } = schema
  if (typeof reference === 'string')
    return generate(context.definitions[reference.replace('#/definitions/', '')] ?? null, context, depth + 1)
  const given = givenValues(schema)
  if (given.length > 0) return pick(context.random, given) ?? null
  const alternatives = schema['anyOf'] ?? schema['oneOf']
  const parts = [
    ...(Array.isArray(schema['allOf']) ? (schema['allOf'] as readonly Json[]) : []),
    ...(Array.isArray(alternatives)
      ? [pick(context.random, endingIn(alternatives as readonly Json[], depth)) ?? {}]
      : []),
  ]
  if (parts.length > 0) return merge(schema, parts, context, depth)
  return generateType(typeOf(schema, context), schema, context, depth)
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
function merge(schema: JsonObject, parts: readonly Json[], context: Context, depth: number): Json {
  const { allOf: _all, anyOf: _any, oneOf: _one, ...rest } = schema
  const all = Object.keys(rest).length > 0 ? [rest, ...parts] : parts
  const values = all.map((part) => generate(part, context, depth + 1))
  return values.every(isObject) ? (Object.assign({}, ...values) as JsonObject) : (values.at(-1) ?? null)
}

/** Returns the alternatives without references if the value is deep already and if there are some. */
function endingIn(alternatives: readonly Json[], depth: number): readonly Json[] {
  if (depth < sparseDepth) return alternatives
  const ending = alternatives.filter((alternative) => !JSON.stringify(alternative).includes('"$ref"'))
  return ending.length === 0 ? alternatives : ending
}

function typeOf(schema: JsonObject, context: Context): string {
  const { type } = schema
  if (typeof type === 'string') return type
  if (Array.isArray(type)) return String(pick(context.random, type))
  if (isObject(schema['properties'])) return 'object'
  return schema['items'] === undefined ? 'string' : 'array'
}

function generateType(type: string, schema: JsonObject, context: Context, depth: number): Json {
  switch (type) {
    case 'null':
      return null
    case 'boolean':
      return context.random() < 0.5
    case 'integer':
    case 'number':
      return generateNumber(type, schema, context)
    case 'array':
      return generateArray(schema, context, depth)
    case 'object':
      return generateObject(schema, context, depth)
    default:
      return generateText(schema, context)
  }
}

function numberOf(schema: JsonObject, keyword: string): number | undefined {
  const value = schema[keyword]
  return typeof value === 'number' ? value : undefined
}

function generateNumber(type: string, schema: JsonObject, context: Context): number {
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
  return wholeNumber(context.random, first, Math.max(first, Math.floor(most / step))) * step
}

function generateText(schema: JsonObject, context: Context): string {
  const known = typeof schema['format'] === 'string' ? formats[schema['format']] : undefined
  if (known !== undefined) return known
  const least = numberOf(schema, 'minLength') ?? 1
  const most = Math.min(numberOf(schema, 'maxLength') ?? least + 8, least + 8)
  const length = wholeNumber(context.random, least, Math.max(least, most))
  return Array.from({ length }, () => pick(context.random, [...'abcdefghijklmnopqrstuvwxyz']) ?? 'a').join('')
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

function generateArray(schema: JsonObject, context: Context, depth: number): readonly Json[] {
  const { items = {} } = schema
  if (Array.isArray(items)) return items.map((item: Json) => generate(item, context, depth + 1))
  const least = numberOf(schema, 'minItems') ?? 0
  const extra = depth < sparseDepth ? 3 : 0
  const most = Math.max(least, Math.min(numberOf(schema, 'maxItems') ?? 3, least + extra))
  return Array.from({ length: wholeNumber(context.random, least, most) }, () =>
    generate(items, context, depth + 1),
  )
}

function generateObject(schema: JsonObject, context: Context, depth: number): JsonObject {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : []
  const names = [...new Set([...required, ...Object.keys(properties)])]
  return Object.fromEntries(
    names
      .filter((name) => required.includes(name) || (depth < sparseDepth && context.random() < 0.5))
      .map((name) => [
        name,
        generate(Object.hasOwn(properties, name) ? (properties[name] as Json) : {}, context, depth + 1),
      ]),
  )
}
