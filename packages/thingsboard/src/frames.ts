import { json, type Codec } from '@antiphon/core'
import { mapCodec } from '@antiphon/core/codec'
import { left, right } from 'fp-ts/lib/Either.js'

/** A call of a method, by the platform or by a device. */
export interface Call {
  readonly method: string
  readonly params?: unknown
}

/** Attributes by key. */
export type Attributes = Readonly<Record<string, unknown>>

/** The attributes that a device requests, as keys separated by commas. */
export interface AttributesQuery {
  readonly clientKeys?: string
  readonly sharedKeys?: string
}

/** The requested attributes: those that the device has set, and those that the platform shares with it. */
export interface AttributesResponse {
  readonly client?: Attributes
  readonly shared?: Attributes
}

/** The codec of calls. */
export const callCodec: Codec<Call> = frameCodec(
  'a call with a method',
  (frame): frame is Record<string, unknown> & Call => typeof frame['method'] === 'string',
)

/** The codec of queries. */
export const queryCodec: Codec<AttributesQuery> = frameCodec(
  'clientKeys and sharedKeys as text, and nothing else',
  (frame): frame is Record<string, unknown> & AttributesQuery =>
    Object.entries(frame).every(
      ([name, keys]) => (name === 'clientKeys' || name === 'sharedKeys') && typeof keys === 'string',
    ),
)

/** The codec of requested attributes. */
export const attributesCodec: Codec<AttributesResponse> = frameCodec(
  'client and shared attributes',
  (frame): frame is Record<string, unknown> & AttributesResponse =>
    isAbsentOr(frame['client'], isRecord) && isAbsentOr(frame['shared'], isRecord),
)

/** The codec of updates. */
export const updateCodec: Codec<Attributes> = frameCodec('an object with attributes', isRecord)

function frameCodec<Frame extends object>(
  expected: string,
  isFrame: (frame: Record<string, unknown>) => frame is Record<string, unknown> & Frame,
): Codec<Frame> {
  return mapCodec(json.unchecked<unknown>(), {
    encode: (frame: Frame) => frame,
    decode: (frame) => (isRecord(frame) && isFrame(frame) ? right(frame) : left(`expected ${expected}`)),
  })
}

/** Whether a value is an object with fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isAbsentOr(value: unknown, isValid: (value: unknown) => boolean): boolean {
  return value === undefined || isValid(value)
}
