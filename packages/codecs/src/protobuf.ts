import { acceptsMediaTypes, fromSchema, isBytes, isWellFormed } from '@antiphon/core/codec'
import type { Codec, StandardSchema, TypedCodecOptions } from '@antiphon/core'
import { fromBinary, isMessage, toBinary } from '@bufbuild/protobuf'
import type { DescMessage, MessageShape } from '@bufbuild/protobuf'

/**
 * Creates a codec for Protobuf payloads typed by a generated schema: `application/protobuf`; it also reads
 * `application/x-protobuf`, `application/vnd.google.protobuf` and every `…+protobuf`. Needs `@bufbuild/protobuf`.
 *
 * The value is a message created by `create(schema, …)`. Unknown fields are kept and encoded again. `maximumDepth` limits
 * the nesting of objects and arrays in the message, which includes that of its messages.
 *
 * @example
 * ```ts
 * const reading = protobuf(ReadingSchema)
 * reading.encode(create(ReadingSchema, { celsius: 22.5 }))
 * ```
 */
export function protobuf<Desc extends DescMessage>(
  schema: Desc,
  options?: TypedCodecOptions,
): Codec<MessageShape<Desc>> {
  const isOfSchema = (value: unknown): value is MessageShape<Desc> => isMessage(value, schema)
  const message: StandardSchema<MessageShape<Desc>> = {
    '~standard': {
      version: 1,
      vendor: 'protobuf',
      validate: (value) =>
        isOfSchema(value)
          ? { value }
          : { issues: [{ message: `expected a ${schema.typeName}: create it with create()` }] },
    },
  }
  return fromSchema(
    message,
    {
      contentType: 'application/protobuf',
      isText: false,
      accepts,
      parse: (payload, maximumDepth) => fromBinary(schema, payload, { recursionLimit: maximumDepth }),
      write: (data) => {
        if (isOfSchema(data)) return toBinary(schema, data)
        throw new TypeError(`expected a ${schema.typeName}: create it with create()`)
      },
      carries: (value) => typeof value === 'number' || typeof value === 'bigint' || isBytes(value),
      carriesText: isWellFormed,
    },
    options,
  )
}

const accepts = acceptsMediaTypes({
  types: ['application/protobuf', 'application/x-protobuf', 'application/vnd.google.protobuf'],
  suffix: '+protobuf',
})
