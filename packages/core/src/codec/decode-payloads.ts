import { isRight } from 'fp-ts/lib/Either.js'
import { mergeMap, type OperatorFunction } from 'rxjs'
import type { Message } from '../message.js'
import type { Codec } from './codec.js'
import { decodeWith } from './guard.js'

/** What to do with messages that do not decode. */
export interface DecodePayloadsOptions {
  /** Called with each message that does not decode; the stream continues. */
  readonly onIgnored?: (message: Message) => void
}

/**
 * Decodes the payloads of messages. A message that does not decode is left out.
 *
 * @example
 * ```ts
 * const states$ = link.messages$('lamp/state').pipe(decodePayloads(json(State), { onIgnored: console.warn }))
 * ```
 */
export function decodePayloads<A>(
  codec: Codec<A>,
  { onIgnored }: DecodePayloadsOptions = {},
): OperatorFunction<Message, A> {
  return mergeMap((message) => {
    const decoded = decodeWith(codec, message.payload, message.contentType)
    if (isRight(decoded)) return [decoded.right]
    onIgnored?.(message)
    return []
  })
}
