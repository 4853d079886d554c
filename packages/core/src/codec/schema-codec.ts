import { requireArgument } from '../argument.js'
import { countRule, type OptionRules } from '../option-rules.js'
import { right } from 'fp-ts/lib/Either.js'
import type { Codec } from './codec.js'
import type { Conversion } from './conversion.js'
import {
  fromConversion,
  fromSchema,
  type PayloadFormat,
  type SchemaEncoding,
  type TypedCodecOptions,
} from './from-schema.js'
import type { Hint } from './hint.js'
import type { IoTsType } from './io-ts-type.js'
import type { StandardSchema } from './standard-schema.js'

/** A function that creates the codecs of one format, such as `json`. */
export interface SchemaCodec {
  /** Creates a codec for an io-ts type. */
  <A, O>(type: IoTsType<A, O>, options?: TypedCodecOptions): Codec<A>
  /** Creates a codec for a schema of zod, valibot, ArkType, joi or another library that implements Standard Schema v1. */
  <Input, A extends Input>(
    schema: StandardSchema<Input, A> | Hint<'for a schema that transforms values, pass the option encode'>,
    options?: TypedCodecOptions,
  ): Codec<A, Input>
  /** Creates a codec for a schema that transforms values. The sender passes what `encode` takes. */
  <Input, A, Sent = A>(
    schema: StandardSchema<Input, A>,
    options: TypedCodecOptions & SchemaEncoding<Sent, Input>,
  ): Codec<A, Sent>
  /**
   * Creates a codec that trusts its peers: the payload is any data of the format, and `A` is not checked. Only the limits
   * and what the format can represent are checked.
   */
  readonly unchecked: <A>(options?: TypedCodecOptions) => Codec<A>
}

/** Returns the function that creates the codecs of a format. */
export function schemaCodec(format: PayloadFormat): SchemaCodec {
  const create = (schema: StandardSchema, options?: TypedCodecOptions): Codec<unknown> =>
    fromSchema(schema, format, options)
  const unchecked = <A>(options: TypedCodecOptions = {}): Codec<A> => {
    requireArgument('options', options, uncheckedOptionRules)
    return fromConversion(uncheckedConversion as Conversion<A, A>, format, options)
  }
  return Object.assign(create, { unchecked }) as SchemaCodec
}

const uncheckedOptionRules: OptionRules<TypedCodecOptions> = {
  maximumBytes: countRule,
  maximumDepth: countRule,
  contentType: 'string',
}

const uncheckedConversion: Conversion<unknown, unknown> = { encode: (value) => value, decode: right }
