import {
  endpoint,
  text,
  type Codec,
  type ContractTypes,
  type Correlation,
  type Endpoint,
} from '@antiphon/core'
import { mapCodec } from '@antiphon/core/codec'
import { left, right } from 'fp-ts/lib/Either.js'

/** A response: the request it belongs to, and the name of the responder. */
export interface WorkResponse {
  readonly request: string
  readonly responder: string
}

const mirrored = (word: string): string => [...word].reverse().join('')

/** Encodes a text together with its mirror image, so that the receiver detects changed bytes. */
const mirroredText: Codec<string> = mapCodec(text, {
  encode: (word) => `${word}|${mirrored(word)}`,
  decode: (received) => {
    const word = received.slice(0, (received.length - 1) / 2)
    return received === `${word}|${mirrored(word)}`
      ? right(word)
      : left(`expected a text and its mirror image, found ${received}`)
  },
})

const response: Codec<WorkResponse> = mapCodec(mirroredText, {
  encode: ({ request, responder }) => `${request} ${responder}`,
  decode: (words) => {
    const [request = '', responder = ''] = words.split(' ')
    return right({ request, responder })
  },
})

type Work = ContractTypes<'acceptance/work', string, WorkResponse, 'one', Correlation>

/** The endpoint of the fault bench: a request carries its name, and the response repeats it. */
export const work: Endpoint<Work> = endpoint({ topic: 'acceptance/work', request: mirroredText, response })

type Streams<Topic extends string> = ContractTypes<Topic, string, string, 'many', Correlation>

/** Returns the text of a stream's item. */
export function itemOf(stream: string, index: number): string {
  return `${stream} ${index}`
}

/** A stream of {@link streamLength} items, each with the name of the stream and its number. */
export const items: Endpoint<Streams<'acceptance/items'>> = endpoint({
  topic: 'acceptance/items',
  request: mirroredText,
  response: mirroredText,
  responses: 'many',
})

/** The number of items of a stream. */
export const streamLength = 100

/** A request whose handler sends one item and then runs until the request is cancelled. */
export const held: Endpoint<Streams<'acceptance/held'>> = endpoint({
  topic: 'acceptance/held',
  request: mirroredText,
  response: mirroredText,
  responses: 'many',
})

/** The group that the responders share. */
export const group = 'workers'

/** Returns the name of the request in a payload; `undefined` if the payload is damaged or not a request. */
export function requestIn(payload: Uint8Array): string | undefined {
  const decoded = mirroredText.decode(payload)
  return decoded._tag === 'Right' ? decoded.right : undefined
}
