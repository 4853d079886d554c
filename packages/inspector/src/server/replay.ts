import { endpoint, exchange$, type Codec, type Link } from '@antiphon/core'
import { right } from 'fp-ts/lib/Either.js'
import type { Subscription } from 'rxjs'

/** A request that the page sends again. */
export interface ReplayRequest {
  readonly topic: string
  readonly payload: string
  readonly payloadEncoding?: 'base64'
  readonly contentType?: string
}

/** Milliseconds that a replayed request waits for its response. */
const TIMEOUT = 10_000

/** Reads a message of the page. Throws if it is not a request to send. */
export function readReplay(text: string): ReplayRequest {
  const { topic, payload, payloadEncoding, contentType } = JSON.parse(text) as Record<string, unknown>
  if (typeof topic !== 'string' || typeof payload !== 'string')
    throw new TypeError('topic or payload is missing')
  return {
    topic,
    payload,
    ...(payloadEncoding === 'base64' ? { payloadEncoding } : {}),
    ...(typeof contentType === 'string' ? { contentType } : {}),
  }
}

/** Sends a request with bytes as they are; calls `onDone` with an error, or without one after the response. */
export function replay(link: Link, request: ReplayRequest, onDone: (error?: unknown) => void): Subscription {
  const { topic, payload, payloadEncoding, contentType = 'application/octet-stream' } = request
  const codec: Codec<Uint8Array> = {
    contentType,
    isText: payloadEncoding === undefined,
    accepts: () => true,
    encode: (bytes) => bytes,
    decode: (bytes) => right(bytes),
  }
  // The topic is a name, not a template: its braces are no parameters.
  const replayed = endpoint({ name: topic, topic: '{topic...}', request: codec, response: codec })
  const value = Buffer.from(payload, payloadEncoding ?? 'utf8')
  return exchange$(
    link,
    replayed,
    { params: { topic }, value: new Uint8Array(value) },
    { timeout: TIMEOUT },
  ).subscribe({
    error: (error: unknown) => onDone(error),
    complete: () => onDone(),
  })
}
