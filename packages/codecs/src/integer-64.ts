import { failure, success, Type } from 'io-ts'

/**
 * The type of a property that is a `bigint` in the program and an integer on the wire, where a small one looks like any
 * number: CBOR alone among the formats here carries its 64 bits.
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
