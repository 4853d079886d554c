import { failure, success, Type } from 'io-ts'

/**
 * A type for properties that are a `bigint` in the program and an integer in the payload. A small integer in the payload
 * is converted to a `bigint`. Of the formats in this package, only CBOR supports 64-bit integers.
 */
export const integer64: Type<bigint, bigint> = new Type(
  'integer64',
  (value): value is bigint => typeof value === 'bigint',
  (value, context) => {
    if (typeof value === 'bigint') return success(value)
    return Number.isSafeInteger(value) ? success(BigInt(value as number)) : failure(value, context)
  },
  (value) => value,
)
