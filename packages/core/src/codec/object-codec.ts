import { left, right } from 'fp-ts/lib/Either.js'
import type { Codec } from './codec.js'
import { json } from './json.js'
import { mapCodec } from './map-codec.js'

/** Whether a value is an object as JSON has it: with fields, and no array. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Creates a codec of JSON objects that a function recognizes, for adapters that need no schema library. `expected` names the
 * objects in the errors of all others.
 *
 * @example
 * ```ts
 * const call = objectCodec(
 *   'a call with a method',
 *   (frame): frame is Record<string, unknown> & { method: string } => typeof frame['method'] === 'string',
 * )
 * ```
 */
export function objectCodec<A extends object>(
  expected: string,
  isExpected: (object: Record<string, unknown>) => object is Record<string, unknown> & A,
): Codec<A> {
  return mapCodec(json.unchecked<unknown>(), {
    encode: (object: A) => object,
    decode: (value) =>
      isJsonObject(value) && isExpected(value) ? right(value) : left(`expected ${expected}`),
  })
}
