import { isLeft, left } from 'fp-ts/lib/Either.js'
import { invalidArgument } from '../argument.js'
import { renderValue, shorten } from '../rendering.js'
import type { DecodeIssue } from './codec.js'
import { invalidValue, type Conversion } from './conversion.js'
import { toIssues } from './io-ts-issues.js'
import { isIoTsType, type IoTsType } from './io-ts-type.js'
import { maximumExpectationLength } from './issue-bounds.js'
import { standardConversion } from './standard-conversion.js'
import { isStandardSchema, type StandardSchema } from './standard-schema.js'

/** Returns the conversion of a schema; throws `invalid-argument` if it is not a schema or validates asynchronously. */
export function schemaConversion<A, Sent>(
  schema: IoTsType<A> | StandardSchema<unknown, A>,
  encode: ((value: Sent) => unknown) | undefined,
): Conversion<A, Sent> {
  if (isStandardSchema(schema)) return standardConversion(schema, encode)
  if (!isIoTsType(schema)) {
    throw invalidArgument(
      `the schema is ${renderValue(schema)}: it must be an io-ts type or implement Standard Schema v1, as zod does`,
    )
  }
  if (encode === undefined) return ioTsConversion(schema) as Conversion<A, unknown>
  throw invalidArgument('options.encode is for other schemas: an io-ts type has its own encode')
}

function ioTsConversion<A>(type: IoTsType<A>): Conversion<A, A> {
  return {
    encode: (value) => {
      if (type.is(value)) return type.encode(value)
      throw invalidValue(faultOf(type, value))
    },
    decode: (data) => {
      const decoded = type.decode(data)
      return isLeft(decoded) ? left(toIssues(decoded.left)) : decoded
    },
  }
}

/** Returns the fault of a value; its path is known only if the type does not transform values. */
function faultOf<A>(type: IoTsType<A>, value: unknown): DecodeIssue {
  const decoded = type.decode(value)
  if (isLeft(decoded)) return toIssues(decoded.left)[0]
  const expected = shorten(type.name, maximumExpectationLength)
  return { path: '$', message: `expected ${expected}, found ${renderValue(value)}` }
}
