import { bytes, text, type Codec } from '@antiphon/core'
import { DocumentReader } from './document-reader.js'
import { extension, ioTsSchema } from './io-ts-schema.js'
import { isObject, type JsonObject } from './json.js'
import { resolveOwnSchema } from './resolve-schema.js'

/** The part of Standard JSON Schema that is used. */
interface StandardJsonSchema {
  readonly '~standard': {
    readonly vendor: string
    readonly jsonSchema?: { readonly input: (options: { readonly target: string }) => unknown }
  }
}

/** Returns the codecs of a codec: those that it combines, or itself. */
export function formatsOf(codec: Codec<unknown>): readonly Codec<unknown>[] {
  return codec.members?.flatMap(formatsOf) ?? [codec]
}

/**
 * Returns the JSON Schema of the data in a codec's payloads. `undefined`: the payload is not described by its content type
 * alone, such as bytes.
 */
export function codecSchema(codec: Codec<unknown>): JsonObject | undefined {
  if (codec === text) return { type: 'string' }
  if (codec === (bytes as Codec<unknown>)) return undefined
  const { schema } = codec
  if (schema === undefined) return { [extension]: { type: 'unknown' } }
  return isStandard(schema) ? standardSchema(schema) : ioTsSchema(schema)
}

function isStandard(schema: unknown): schema is StandardJsonSchema {
  return (
    (typeof schema === 'object' || typeof schema === 'function') && schema !== null && '~standard' in schema
  )
}

function standardSchema({ '~standard': { vendor, jsonSchema } }: StandardJsonSchema): JsonObject {
  if (jsonSchema === undefined) return { [extension]: { type: vendor } }
  try {
    const schema = jsonSchema.input({ target: 'draft-07' })
    if (!isObject(schema)) return { [extension]: { type: vendor } }
    const { $schema: _, ...rest } = schema
    return resolveOwnSchema(rest, new DocumentReader(rest))
  } catch {
    // The library throws if JSON Schema cannot describe the input, such as a bigint.
    return { [extension]: { type: vendor } }
  }
}
