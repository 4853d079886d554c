import { fromUtf8 } from '@antiphon/core/codec'
import { none, some, type Option } from 'fp-ts/lib/Option.js'
import type { RequestDataFormat } from '../invocation.js'
import { maxPayloadBytes } from './parse-invocation.js'

/** Converts a response for its record; returns `none` if it is too large, or is not JSON and the command is. */
export function responseData(payload: Uint8Array, format: RequestDataFormat): Option<unknown> {
  if (payload.length > maxPayloadBytes) return none
  const text = toText(payload)
  const data = text === undefined ? undefined : toJson(text)
  if (data !== undefined) return some(data)
  return format === 'JSON' ? none : some(text ?? Buffer.from(payload).toString('base64'))
}

function toText(payload: Uint8Array): string | undefined {
  try {
    return fromUtf8(payload)
  } catch {
    return undefined
  }
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
