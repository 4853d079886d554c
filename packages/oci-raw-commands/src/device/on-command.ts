import { formatDecodeError, type Codec, type ReceivedRequest, type TemplateParams } from '@antiphon/core'
import { decodeWith, encodeWith } from '@antiphon/core/codec'
import { topicTemplate } from '@antiphon/core/topic'
import { isLeft } from 'fp-ts/lib/Either.js'
import { from, map, of, type Observable, type ObservableInput } from 'rxjs'
import { failure } from './acknowledgement.js'

/** The contract of one kind of command: its topic, its request and its response. */
export interface CommandContract<Topic extends string, Req, Res> {
  /** The topic template, below the base, such as `iot/v1/cmd/lamp/{id}`. */
  readonly topic: Topic
  readonly request: Codec<Req>
  readonly response: Codec<Res>
}

/** A decoded command, as passed to its handler. */
export interface Command<Params, Req> {
  readonly value: Req
  readonly params: Params
  /** When it arrived, in milliseconds on the link's clock. */
  readonly receivedAt: number
}

/** Handles the commands of one kind; created by `onCommand`. */
export interface CommandHandler {
  /** Returns the response to a command of this kind, or `undefined` for another kind. */
  readonly response$: (request: ReceivedRequest) => Observable<Uint8Array> | undefined
}

/**
 * Creates a typed handler for one kind of command. If `handle` emits nothing, the command gets the default acknowledgement.
 * A command that cannot be decoded is answered with `{"status":"failed","error":…}`.
 */
export function onCommand<const Topic extends string, Req, Res>(
  { topic, request: requestCodec, response: responseCodec }: CommandContract<Topic, Req, Res>,
  handle: (command: Command<TemplateParams<Topic>, Req>) => ObservableInput<Res>,
): CommandHandler {
  const template = topicTemplate(topic)
  return {
    response$: ({ message, receivedAt }) => {
      const params = template.match(message.topic)
      if (params === undefined) return undefined
      const value = decodeWith(requestCodec, message.payload, message.contentType ?? requestCodec.contentType)
      if (isLeft(value)) return of(failure(formatDecodeError(value.left)))
      return from(handle({ value: value.right, params, receivedAt })).pipe(
        map((response) => {
          const encoded = encodeWith(responseCodec, response)
          if (isLeft(encoded)) throw encoded.left
          return encoded.right
        }),
      )
    },
  }
}
