import { AntiphonError, formatDecodeError, json, type Codec } from '@antiphon/core'
import { encodeWith, fromUtf8, parseMediaType, toUtf8 } from '@antiphon/core/codec'
import { isLeft } from 'fp-ts/lib/Either.js'
import { usageError } from '../usage-error.js'
import type { FormatName } from '../format-names.js'
import type { Payload } from './payload.js'

/** A decoded payload. */
export interface DecodedPayload {
  /** How `value` is to be read. */
  readonly format: 'base64' | 'cbor' | 'hex' | 'json' | 'msgpack' | 'protobuf' | 'text' | 'xml'
  /** The value for programs: data, or text. */
  readonly value: unknown
  /** The value for people; bytes if they are not text. */
  readonly shown: string | Uint8Array
}

/** Encodes what a user wrote as a payload. Throws `invalid-argument` or `encode` if the format cannot represent it. */
export async function encodePayload(source: string | Uint8Array, format: FormatName): Promise<Payload> {
  switch (format) {
    case 'raw':
      return { bytes: bytesOf(source), contentType: 'application/octet-stream' }
    case 'auto':
      return encodeAuto(source)
    case 'text':
      return { bytes: toUtf8(textOf(source)), contentType: 'text/plain' }
    case 'xml':
      return { bytes: toUtf8(textOf(source)), contentType: 'application/xml' }
    case 'hex':
    case 'base64':
      return { bytes: fromDigits(textOf(source), format), contentType: 'application/octet-stream' }
    case 'json':
      parseJson(textOf(source))
      return { bytes: toUtf8(textOf(source)), contentType: 'application/json' }
    case 'cbor':
    case 'msgpack': {
      const codec = await binaryCodec(format)
      const encoded = encodeWith(codec, parseJson(textOf(source)))
      if (isLeft(encoded)) throw encoded.left
      return { bytes: encoded.right, contentType: codec.contentType }
    }
    default: {
      const { encodeProtobuf } = await import('./protobuf.js')
      return encodeProtobuf(format, parseJson(textOf(source)))
    }
  }
}

/** Decodes a received payload. Throws `decode` if it is not of the format. */
export async function decodePayload(
  bytes: Uint8Array,
  contentType: string | undefined,
  format: FormatName,
): Promise<DecodedPayload> {
  switch (format) {
    case 'auto':
      return decodeAuto(bytes, contentType)
    case 'raw':
      return { format: 'base64', value: toDigits(bytes, 'base64'), shown: bytes }
    case 'hex':
    case 'base64': {
      const digits = toDigits(bytes, format)
      return { format, value: digits, shown: digits }
    }
    case 'text':
    case 'xml': {
      const text = decodeText(bytes, format)
      return { format, value: text, shown: text }
    }
    case 'json': {
      const value = decodeWithCodec(json.unchecked(), bytes)
      return { format, value, shown: fromUtf8(bytes) }
    }
    case 'cbor':
    case 'msgpack': {
      const value = decodeWithCodec(await binaryCodec(format), bytes)
      return { format, value, shown: toJson(value) }
    }
    default: {
      const { decodeProtobuf } = await import('./protobuf.js')
      const value = await decodeProtobuf(format, bytes)
      return { format: 'protobuf', value, shown: toJson(value) }
    }
  }
}

/** Returns the data of a payload in JSON, to which a correlation adds its token. */
export function parseData(bytes: Uint8Array): unknown {
  return parseJson(textOf(bytes))
}

/** Writes data as JSON in one line; bytes become base64, and integers beyond 2^53 become strings. */
export function toJson(data: unknown): string {
  const plain = (_: string, value: unknown): unknown => {
    if (typeof value === 'bigint') return value.toString()
    return value instanceof Uint8Array ? toDigits(value, 'base64') : value
  }
  return JSON.stringify(data, plain)
}

/** An object or array of JSON is JSON, other UTF-8 is text, anything else bytes. */
function encodeAuto(source: string | Uint8Array): Payload {
  const bytes = bytesOf(source)
  const text = utf8OrUndefined(bytes)
  if (text === undefined) return { bytes, contentType: 'application/octet-stream' }
  return { bytes, contentType: isJsonObject(text) ? 'application/json' : 'text/plain' }
}

async function decodeAuto(bytes: Uint8Array, contentType: string | undefined): Promise<DecodedPayload> {
  const essence = (contentType === undefined ? undefined : parseMediaType(contentType)?.essence) ?? ''
  const named = /[/+](cbor|msgpack|json|xml)$/.exec(essence.replace('/x-msgpack', '/msgpack'))?.[1]
  try {
    if (named !== undefined && bytes.length > 0)
      return await decodePayload(bytes, contentType, named as FormatName)
  } catch {
    // Its Content Type is wrong; what it contains may be readable nevertheless.
  }
  const text = utf8OrUndefined(bytes)
  return text === undefined
    ? { format: 'base64', value: toDigits(bytes, 'base64'), shown: bytes }
    : { format: 'text', value: text, shown: text }
}

function isJsonObject(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

async function binaryCodec(format: 'cbor' | 'msgpack'): Promise<Codec<unknown>> {
  return format === 'cbor'
    ? (await import('@antiphon/codecs/cbor')).cbor.unchecked()
    : (await import('@antiphon/codecs/msgpack')).msgpack.unchecked()
}

function decodeWithCodec(codec: Codec<unknown>, bytes: Uint8Array): unknown {
  const decoded = codec.decode(bytes)
  if (isLeft(decoded))
    throw new AntiphonError('decode', `cannot decode the payload as ${formatDecodeError(decoded.left)}`)
  return decoded.right
}

function decodeText(bytes: Uint8Array, format: string): string {
  const text = utf8OrUndefined(bytes)
  if (text !== undefined) return text
  throw new AntiphonError('decode', `cannot decode the payload as ${format}: it is not UTF-8; try --out hex`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw usageError(`the payload is not JSON: ${(error as Error).message}; quote it, or set --in text`)
  }
}

function textOf(source: string | Uint8Array): string {
  if (typeof source === 'string') return source
  const text = utf8OrUndefined(source)
  if (text !== undefined) return text
  throw usageError('the payload is not UTF-8 text: set --in raw')
}

function bytesOf(source: string | Uint8Array): Uint8Array {
  return typeof source === 'string' ? toUtf8(source) : source
}

function utf8OrUndefined(bytes: Uint8Array): string | undefined {
  try {
    return fromUtf8(bytes)
  } catch {
    return undefined
  }
}

function fromDigits(text: string, format: 'base64' | 'hex'): Uint8Array {
  const digits = text.replaceAll(/\s+/g, '')
  const pattern = format === 'hex' ? /^([\da-f]{2})*$/i : /^([\w+/-]{4})*([\w+/-]{2,3}={0,2})?$/
  if (!pattern.test(digits))
    throw usageError(`the payload is not ${format}: it has other characters or an odd length`)
  return new Uint8Array(Buffer.from(digits, format))
}

function toDigits(bytes: Uint8Array, format: 'base64' | 'hex'): string {
  return Buffer.from(bytes).toString(format)
}
