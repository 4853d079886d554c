import type { Codec } from '@antiphon/core'
import { requireArgument, type OptionRules } from '@antiphon/core/link'
import { codecSchema, formatsOf } from './codec-schema.js'
import { generateValue } from './generate-value.js'
import { unknownType } from './io-ts-schema.js'
import { isObject, type Json, type JsonObject } from './json.js'
import { seededRandom, type Random } from './random.js'

/** The options of `completeValue`. */
export interface CompleteOptions {
  /** Equal seeds give equal values. @defaultValue 1 */
  readonly seed?: number
  /** The properties of the value that are left out, such as the token of a correlation. @defaultValue none */
  readonly except?: readonly string[]
}

const optionRules: OptionRules<CompleteOptions> = {
  seed: (value) => (Number.isSafeInteger(value) ? undefined : 'it must be a whole number'),
  except: (value) => (Array.isArray(value) ? undefined : 'it must be an array of names'),
}

/**
 * Returns a value with what the schema of a codec requires and the value lacks: its defaults and constants, otherwise generated
 * values. Without a value, or for a codec without a schema, returns all of it generated, or the value as it is.
 *
 * @example
 * ```ts
 * const value = completeValue(unlock.request, { doors: ['front'] })
 * ```
 */
export function completeValue(codec: Codec<unknown>, value: unknown, options: CompleteOptions = {}): unknown {
  requireArgument('options', options, optionRules)
  const { seed = 1, except = [] } = options
  const [format = codec] = formatsOf(codec)
  const schema = codecSchema(format)
  if (schema === undefined || unknownType(schema) !== undefined) return value
  return complete(value, schema, except, seededRandom(seed))
}

function complete(value: unknown, schema: JsonObject, except: readonly string[], random: Random): unknown {
  if (value === undefined) return without(generateValue(schema, random), except)
  if (!isPlainObject(value)) return value
  const { properties, required } = objectSchema(schema)
  const completed: Record<string, unknown> = { ...value }
  for (const [name, part] of Object.entries(properties)) {
    if (except.includes(name) || !isObject(part)) continue
    if (Object.hasOwn(value, name)) completed[name] = complete(value[name], part, [], random)
    else if (required.includes(name)) completed[name] = generateValue(part, random)
  }
  return completed
}

/** Returns the properties of an object's schema, and of all schemas that it has to satisfy as well. */
function objectSchema(schema: JsonObject): {
  readonly properties: Readonly<Record<string, Json>>
  readonly required: readonly string[]
} {
  const { allOf } = schema
  const parts: readonly Json[] = Array.isArray(allOf) ? (allOf as readonly Json[]) : []
  const objects = [schema, ...parts.filter(isObject)]
  return {
    properties: Object.fromEntries<Json>(
      objects.flatMap(({ properties }) => (isObject(properties) ? Object.entries(properties) : [])),
    ),
    required: objects.flatMap(({ required }) => (Array.isArray(required) ? required.map(String) : [])),
  }
}

function without(value: Json, names: readonly string[]): Json {
  if (!isObject(value)) return value
  return Object.fromEntries<Json>(Object.entries(value).filter(([name]) => !names.includes(name)))
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
