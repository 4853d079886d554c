import type { StandardSchema } from '@antiphon/core'
import { Ajv, type ErrorObject } from 'ajv'
import { stepsOf, type JsonObject } from './json.js'
import { compilePattern } from './pattern.js'

/** A Standard Schema that validates by a JSON Schema, and that returns this JSON Schema. */
export interface JsonSchemaType extends StandardSchema {
  readonly '~standard': StandardSchema['~standard'] & {
    readonly jsonSchema: { readonly input: () => JsonObject; readonly output: () => JsonObject }
  }
}

// An instance keeps the patterns of all schemas that it has compiled, so each schema has one of its own.
function newAjv(): Ajv {
  return new Ajv({
    // `checker` has done it.
    validateSchema: false,
    meta: false,
    strict: false,
    // Formats are annotations, as in JSON Schema itself: their usual expressions take quadratic time.
    validateFormats: false,
    ownProperties: true,
    addUsedSchema: false,
    logger: false,
    code: { regExp: Object.assign(compilePattern, { code: 'compilePattern' }) },
  })
}

// It takes milliseconds to create, and keeps nothing.
const checker = new Ajv({ strict: false, validateFormats: false, logger: false })

const types = new WeakMap<JsonObject, JsonSchemaType>()

/** Returns the type of a JSON Schema without references. Throws if it is not a valid schema. */
export function jsonSchemaType(schema: JsonObject): JsonSchemaType {
  const existing = types.get(schema)
  if (existing !== undefined) return existing
  if (checker.validateSchema(schema) !== true)
    throw new TypeError(`the schema is invalid: ${checker.errorsText()}`)
  const validate = newAjv().compile(schema)
  const type: JsonSchemaType = {
    '~standard': {
      version: 1,
      vendor: 'json-schema',
      validate: (value) => (validate(value) ? { value } : { issues: (validate.errors ?? []).map(toIssue) }),
      jsonSchema: { input: () => schema, output: () => schema },
    },
  }
  types.set(schema, type)
  return type
}

function toIssue({ instancePath, message = 'is invalid', keyword, params }: ErrorObject): {
  readonly message: string
  readonly path: readonly string[]
} {
  const path = instancePath === '' ? [] : stepsOf(`#${instancePath}`)
  const missing: unknown =
    keyword === 'required' ? (params as Record<string, unknown>)['missingProperty'] : undefined
  return typeof missing === 'string' ? { path: [...path, missing], message: 'is missing' } : { path, message }
}
