import type { StandardSchema } from '@antiphon/core'
import { Ajv, type ErrorObject } from 'ajv'
import { isObject, stepsOf, type JsonObject } from './json.js'
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

/** Returns the type of a JSON Schema whose references lead into its `definitions`. Throws if it is not a valid schema. */
export function jsonSchemaType(schema: JsonObject): JsonSchemaType {
  const existing = types.get(schema)
  if (existing !== undefined) return existing
  if (checker.validateSchema(schema) !== true)
    throw new TypeError(`the schema is invalid: ${checker.errorsText()}`)
  const validate = boundedValidator(schema)
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

// A recursive schema with alternatives can take time that is exponential in the depth of the value.
const maximumRecursions = 100_000
const recursionCount = 'x-antiphon-recursion'

/** Compiles a schema. The function fails for a value for which it would follow too many recursive references. */
function boundedValidator(schema: JsonObject): ValidateFunction {
  const ajv = newAjv()
  const { definitions } = schema
  if (!isObject(definitions)) return ajv.compile(schema)
  let count = 0
  ajv.addKeyword({
    keyword: recursionCount,
    validate: () => {
      count += 1
      if (count > maximumRecursions) throw new TooManyRecursions()
      return true
    },
  })
  const counted = Object.entries(definitions).map(([name, definition]) => [
    name,
    // Members of `allOf` are validated in order, so that a value counts also if it is invalid.
    { allOf: [{ [recursionCount]: true }, definition] },
  ])
  const validate = ajv.compile({ ...schema, definitions: Object.fromEntries(counted) as JsonObject })
  const bounded = (value: unknown): boolean => {
    count = 0
    try {
      bounded.errors = null
      const isValid = validate(value)
      bounded.errors = validate.errors ?? null
      return isValid
    } catch (thrown) {
      if (!(thrown instanceof TooManyRecursions)) throw thrown
      const message = `needs more than ${maximumRecursions} steps of the recursive schema`
      bounded.errors = [{ instancePath: '', schemaPath: '', keyword: recursionCount, params: {}, message }]
      return false
    }
  }
  bounded.errors = null as ErrorObject[] | null
  return bounded
}

/** A function that validates a value and keeps what is wrong with it. */
interface ValidateFunction {
  (value: unknown): boolean
  errors?: ErrorObject[] | null
}

class TooManyRecursions extends Error {}

function toIssue({ instancePath, message = 'is invalid', keyword, params }: ErrorObject): {
  readonly message: string
  readonly path: readonly string[]
} {
  const path = instancePath === '' ? [] : stepsOf(`#${instancePath}`)
  const missing: unknown =
    keyword === 'required' ? (params as Record<string, unknown>)['missingProperty'] : undefined
  return typeof missing === 'string' ? { path: [...path, missing], message: 'is missing' } : { path, message }
}
