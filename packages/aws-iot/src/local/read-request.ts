import { fromUtf8, isJsonObject, toUtf8 } from '@antiphon/core/codec'
import type { JsonObject } from '../shadow/documents.js'
import { Rejected } from './rejected.js'

/** The longest client token, in bytes. */
const MAX_TOKEN = 64

/** The codes of requests that a service cannot read: their encoding, their JSON, and their content. */
export type ReadingCodes = readonly [
  encoding: number | string,
  json: number | string,
  content: number | string,
]

/** Returns the fields of a request, which has none if it is empty; throws `Rejected`. */
export function readRequest(payload: Uint8Array, [encoding, json]: ReadingCodes): JsonObject {
  if (payload.length === 0) return {}
  let text: string
  try {
    text = fromUtf8(payload)
  } catch {
    throw new Rejected(encoding, 'Unsupported documented encoding; supported encoding is UTF-8')
  }
  try {
    const request = JSON.parse(text) as unknown
    if (isJsonObject(request)) return request
  } catch {
    // Rejected below, like JSON that is not an object.
  }
  throw new Rejected(json, 'Invalid JSON')
}

/** Returns the client token of a request, to be added to the response; throws `Rejected`. */
export function readToken({ clientToken }: JsonObject, [, , content]: ReadingCodes): object {
  if (clientToken === undefined) return {}
  if (typeof clientToken !== 'string' || toUtf8(clientToken).length > MAX_TOKEN)
    throw new Rejected(content, 'Invalid clientToken')
  return { clientToken }
}
