import { fromUtf8 } from '@antiphon/core/codec'
import { none, some, type Option } from 'fp-ts/lib/Option.js'
import type { RequestDataFormat } from '../invocation.js'
import { compactJson, depthOf } from './json-text.js'
import { maxJsonDepth, maxPayloadBytes } from './parse-invocation.js'

/** The data of a response, and the same as JSON text, whose numbers are as the device sent them. */
export interface ResponseData {
  readonly value: unknown
  readonly text: string
}

/** Converts a response for its record; returns `none` if it is too large, or is not JSON and the command is. */
export function responseData(payload: Uint8Array, format: RequestDataFormat): Option<ResponseData> {
  if (payload.length > maxPayloadBytes) return none
  const text = toText(payload)
  const json = text === undefined ? undefined : toJson(text)
  if (json !== undefined) return some(json)
  if (format === 'JSON') return none
  const value = text ?? Buffer.from(payload).toString('base64')
  return some({ value, text: JSON.stringify(value) })
}

function toText(payload: Uint8Array): string | undefined {
  try {
    return fromUtf8(payload)
  } catch {
    return undefined
  }
}

function toJson(text: string): ResponseData | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return depthOf(text) > maxJsonDepth ? undefined : { value, text: compactJson(text) }
  } catch {
    return undefined
  }
}
