import type { Codec } from '@antiphon/core'
import { decodeWith, encodeWith, fromUtf8, toUtf8 } from '@antiphon/core/codec'
import { AntiphonError, formatDecodeError } from '@antiphon/core'
import { isLeft } from 'fp-ts/lib/Either.js'

/** A method of devices: its name, such as `Switch.Set`, and the codecs of its parameters and result. */
export interface ShellyMethod<Params, Result> {
  readonly name: string
  /** A JSON codec of the parameters, such as `json(schema)`. */
  readonly params: Codec<Params>
  /** A JSON codec of the result. */
  readonly result: Codec<Result>
}

/** Returns a value as the data of a frame; throws `encode` if its codec does not encode it. */
export function toData<T>(codec: Codec<T>, value: T): unknown {
  const encoded = encodeWith(codec, value)
  if (isLeft(encoded)) throw encoded.left
  return JSON.parse(fromUtf8(encoded.right)) as unknown
}

/** Returns the value of data in a frame; throws `decode` if its codec does not decode it. */
export function fromData<T>(codec: Codec<T>, data: unknown, method: string): T {
  const decoded = decodeWith(codec, toUtf8(JSON.stringify(data ?? null)))
  if (isLeft(decoded)) throw new AntiphonError('decode', `${method}: ${formatDecodeError(decoded.left)}`)
  return decoded.right
}
