import { json, type Codec } from '@antiphon/core'
import * as t from 'io-ts'
import type { Role } from './run-peer.js'

/** A request, which the response repeats. */
export interface EchoMessage {
  readonly id: number
  readonly text: string
}

const Talk: t.Type<EchoMessage> = t.type({ id: t.number, text: t.string })

/** The JSON codec that all contestants use: encoding, decoding, validation. */
export const echoCodec: Codec<EchoMessage> = json(Talk)

/** The request topic if there is one endpoint. */
export const topic = 'bench/talk'

/** Returns the request topics of all endpoints in a role. */
export function topicsOf({ endpoints = 1 }: Role): readonly string[] {
  return endpoints === 1 ? [topic] : Array.from({ length: endpoints }, (_, index) => `${topic}/${index}`)
}

/** Returns a function that picks the topic of the next request at random. */
export function topicPicker(role: Role): () => string {
  const topics = topicsOf(role)
  return topics.length === 1 ? () => topic : () => topics[Math.floor(Math.random() * topics.length)] ?? topic
}

/** Every id has seven digits, so that all payloads of a row have the same length. */
export const firstId = 1_000_000

const frame = `{"id":${firstId},"text":""}`.length
const fillers = new Map<number, string>()

/** Returns a request whose JSON has the given number of bytes. */
export function echoMessage(id: number, bytes: number): EchoMessage {
  let text = fillers.get(bytes)
  if (text === undefined) {
    text = 'a'.repeat(Math.max(0, bytes - frame))
    fillers.set(bytes, text)
  }
  return { id, text }
}

/** Decodes a payload; throws if it is invalid, which is a fault of the benchmark. */
export function decodeOrThrow<A>(codec: Codec<A>, payload: Uint8Array): A {
  const value = codec.decode(payload)
  if (value._tag === 'Right') return value.right
  throw new Error('cannot decode the payload')
}
