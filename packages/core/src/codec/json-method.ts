import { isLeft } from 'fp-ts/lib/Either.js'
import { AntiphonError } from '../errors.js'
import type { Codec } from './codec.js'
import { formatDecodeError } from './format-decode-error.js'
import { decodeWith, encodeWith } from './guard.js'
import { fromUtf8, toUtf8 } from './utf8.js'

/**
 * A method that a peer offers by name, with its parameters and its result as parts of JSON payloads.
 *
 * @example
 * ```ts
 * const setSwitch: JsonMethod<{ id: number; on: boolean }, { was_on: boolean }> = {
 *   name: 'Switch.Set',
 *   params: json(t.type({ id: t.number, on: t.boolean })),
 *   result: json(t.type({ was_on: t.boolean })),
 * }
 * ```
 */
export interface JsonMethod<Params, Result> {
  /** The name that the peer knows, such as `Switch.Set`. */
  readonly name: string
  /** A JSON codec of the parameters, such as `json(schema)`. */
  readonly params: Codec<Params>
  /** A JSON codec of the result. */
  readonly result: Codec<Result>
}

/** Returns the parameters of a call as part of a JSON payload. Throws `encode` if their codec does not encode them as JSON. */
export function encodeParams<Params>(
  { name, params: codec }: Pick<JsonMethod<Params, unknown>, 'name' | 'params'>,
  params: Params,
): unknown {
  const encoded = encodeWith(codec, params)
  if (isLeft(encoded)) throw encoded.left
  try {
    return JSON.parse(fromUtf8(encoded.right)) as unknown
  } catch (cause) {
    throw new AntiphonError(
      'encode',
      `cannot encode the parameters of ${name}: their ${codec.contentType} codec must write JSON`,
      { cause },
    )
  }
}

/**
 * Returns the result in a JSON payload; a missing one is decoded as `null`. Throws `decode` with the name of the method if its
 * codec does not decode it.
 */
export function decodeResult<Result>(
  { name, result: codec }: Pick<JsonMethod<never, Result>, 'name' | 'result'>,
  result: unknown,
): Result {
  const decoded = decodeWith(codec, toUtf8(JSON.stringify(result ?? null)))
  if (isLeft(decoded)) throw new AntiphonError('decode', `${name}: ${formatDecodeError(decoded.left)}`)
  return decoded.right
}
