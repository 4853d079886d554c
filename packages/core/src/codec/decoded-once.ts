import type { Either } from 'fp-ts/lib/Either.js'
import type { Codec, DecodeError } from './codec.js'
import { decodeWith } from './guard.js'
import type { Message } from '../message.js'

/** A message whose payload is decoded on first access and at most once; a `DecodableMessage` for correlations. */
export class DecodedOnce {
  readonly message: Message
  readonly #codec: Codec<unknown>
  #value: Either<DecodeError, unknown> | undefined

  constructor(message: Message, codec: Codec<unknown>) {
    this.message = message
    this.#codec = codec
  }

  /** A getter saves the closure for correlations that do not read the payload. */
  get value(): () => Either<DecodeError, unknown> {
    return () => this.read()
  }

  read(): Either<DecodeError, unknown> {
    return (this.#value ??= decodeWith(this.#codec, this.message.payload, this.message.contentType))
  }

  /** Returns the message with another codec; keeps the decoded value if the codec is the same. */
  as(codec: Codec<unknown>): DecodedOnce {
    return codec === this.#codec ? this : new DecodedOnce(this.message, codec)
  }
}
