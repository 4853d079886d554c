import type { Either } from 'fp-ts/lib/Either.js'
import type { Codec, DecodeError } from '../codec/codec.js'
import { decodeWith } from '../codec/guard.js'
import type { DecodableMessage } from '../correlation/correlation.js'
import type { Message } from '../message.js'

/** A message whose payload is decoded when first asked for, and once. */
export class DecodedOnce implements DecodableMessage {
  readonly message: Message
  readonly #codec: Codec<unknown>
  #value: Either<DecodeError, unknown> | undefined

  constructor(message: Message, codec: Codec<unknown>) {
    this.message = message
    this.#codec = codec
  }

  /** Made when asked for: most who find a message by its properties never ask. */
  get value(): () => Either<DecodeError, unknown> {
    return () => this.read()
  }

  read(): Either<DecodeError, unknown> {
    return (this.#value ??= decodeWith(this.#codec, this.message.payload, this.message.contentType))
  }

  /** The message as another codec reads it; what this one has read is kept. */
  as(codec: Codec<unknown>): DecodedOnce {
    return codec === this.#codec ? this : new DecodedOnce(this.message, codec)
  }
}
