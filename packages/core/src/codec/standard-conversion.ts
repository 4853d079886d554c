import { left, right } from 'fp-ts/lib/Either.js'
import { invalidArgument } from '../argument.js'
import { invalidValue, type Conversion } from './conversion.js'
import { isSameData } from './same-data.js'
import { toStandardIssues } from './standard-issues.js'
import type { StandardSchema, StandardSchemaResult } from './standard-schema.js'

/** Validates a value; throws if the schema returns a promise. */
type Validate<A> = (value: unknown) => StandardSchemaResult<A>

/** Returns the conversion of a Standard Schema. Without `encode`, a sender passes the input of the schema. */
export function standardConversion<A, Sent>(
  schema: StandardSchema<unknown, A>,
  encode: ((value: Sent) => unknown) | undefined,
): Conversion<A, Sent> {
  const { vendor } = schema['~standard']
  const validate = synchronous(schema)
  return {
    encode:
      encode === undefined
        ? (value) => normalize(value, validate, vendor)
        : (value) => {
            const data = encode(value)
            valueOf(validate(data), data)
            return data
          },
    decode: (data) => {
      const result = validate(data)
      return result.issues === undefined ? right(result.value) : left(toStandardIssues(result.issues, data))
    },
  }
}

function synchronous<A>({ '~standard': { vendor, validate } }: StandardSchema<unknown, A>): Validate<A> {
  const refusal = `the ${vendor} schema validates asynchronously, which a codec cannot: use a synchronous schema`
  const validateOrThrow: Validate<A> = (value) => {
    const result = validate(value)
    if (!('then' in result)) return result
    // Without a listener, a rejection would end a Node process.
    result.then(undefined, () => undefined)
    throw new TypeError(refusal)
  }
  // A library that is always asynchronous is refused when the codec is created, not with the first message.
  if (isAsynchronous(validate)) throw invalidArgument(refusal)
  return validateOrThrow
}

function isAsynchronous(validate: StandardSchema['~standard']['validate']): boolean {
  try {
    const result = validate(undefined)
    if (!('then' in result)) return false
    result.then(undefined, () => undefined)
    return true
  } catch {
    return false
  }
}

/** Validates a value and returns the schema's output, which the receiver will validate again without changing it. */
function normalize<A>(value: unknown, validate: Validate<A>, vendor: string): A {
  const output = valueOf(validate(value), value)
  if (isSameData(value, output)) return output
  const again = validate(output)
  if (again.issues === undefined && isSameData(output, again.value)) return output
  throw new TypeError(
    `the ${vendor} schema transforms values: pass the option encode, which returns its input`,
  )
}

function valueOf<A>(result: StandardSchemaResult<A>, value: unknown): A {
  if (result.issues === undefined) return result.value
  throw invalidValue(toStandardIssues(result.issues, value)[0])
}
