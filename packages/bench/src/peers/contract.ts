import { json, type Codec } from '@antiphon/core'
import * as t from 'io-ts'
import type { Role } from './run-peer.js'

/** What is asked and answered: the answer says the same back. */
export interface Talk {
  readonly id: number
  readonly text: string
}

const Talk: t.Type<Talk> = t.type({ id: t.number, text: t.string })

/** The same JSON work for all who do it by a codec: encoding, decoding, validation. */
export const talk: Codec<Talk> = json(Talk)

/** Where questions go, when there is one place. */
export const topic = 'bench/talk'

/** All places where questions go in a role. */
export function topicsOf({ endpoints = 1 }: Role): readonly string[] {
  return endpoints === 1 ? [topic] : Array.from({ length: endpoints }, (_, index) => `${topic}/${index}`)
}

/** Picks where the next question goes: any of the places, each as likely. */
export function topicPicker(role: Role): () => string {
  const topics = topicsOf(role)
  return topics.length === 1 ? () => topic : () => topics[Math.floor(Math.random() * topics.length)] ?? topic
}

/** Every id has seven digits, so that all payloads of a row have one length. */
export const firstId = 1_000_000

const frame = `{"id":${firstId},"text":""}`.length
const fillers = new Map<number, string>()

/** A question whose JSON takes so many bytes. */
export function question(id: number, bytes: number): Talk {
  let text = fillers.get(bytes)
  if (text === undefined) {
    text = 'a'.repeat(Math.max(0, bytes - frame))
    fillers.set(bytes, text)
  }
  return { id, text }
}

/** The value of a payload; one that does not decode is a fault of the benchmark. */
export function decoded<A>(codec: Codec<A>, payload: Uint8Array): A {
  const value = codec.decode(payload)
  if (value._tag === 'Right') return value.right
  throw new Error('it does not decode')
}
