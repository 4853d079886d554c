import type { Codec } from '@antiphon/core'
import { isJsonObject, objectCodec } from '@antiphon/core/codec'

/** A call of a method, by the platform or by a device. */
export interface Call {
  readonly method: string
  readonly params?: unknown
}

/** Attributes by key. */
export type Attributes = Readonly<Record<string, unknown>>

/** The attributes that a device requests, as keys separated by commas. */
export interface AttributesQuery {
  readonly clientKeys?: string | undefined
  readonly sharedKeys?: string | undefined
}

/** The requested attributes: those that the device has set, and those that the platform shares with it. */
export interface AttributesResponse {
  readonly client?: Attributes
  readonly shared?: Attributes
}

/** The codec of calls. */
export const callCodec: Codec<Call> = objectCodec(
  'a call with a method',
  (frame): frame is Record<string, unknown> & Call => typeof frame['method'] === 'string',
)

/** The codec of queries. */
export const queryCodec: Codec<AttributesQuery> = objectCodec(
  'clientKeys and sharedKeys as text, and nothing else',
  (frame): frame is Record<string, unknown> & AttributesQuery =>
    Object.entries(frame).every(
      ([name, keys]) => /^(client|shared)Keys$/.test(name) && typeof keys === 'string',
    ),
)

/** The codec of requested attributes. */
export const attributesCodec: Codec<AttributesResponse> = objectCodec(
  'client and shared attributes',
  (frame): frame is Record<string, unknown> & AttributesResponse =>
    [frame['client'], frame['shared']].every((part) => part === undefined || isJsonObject(part)),
)

/** The codec of updates. */
export const updateCodec: Codec<Attributes> = objectCodec('an object with attributes', isJsonObject)
