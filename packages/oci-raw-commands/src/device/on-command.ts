import { showDecodeError, type Codec, type ServedRequest, type TemplateParams } from '@antiphon/core'
import { decodeWith, encodeWith } from '@antiphon/core/codec'
import { topicTemplate } from '@antiphon/core/topic'
import { isLeft } from 'fp-ts/lib/Either.js'
import { from, map, of, type Observable, type ObservableInput } from 'rxjs'
import { failure } from './acknowledgement.js'

/** A kind of command: where it comes, what it says, what it is answered with. */
export interface CommandContract<Topic extends string, Req, Res> {
  /** A template below the base, such as `iot/v1/cmd/lamp/{id}`. */
  readonly topic: Topic
  readonly request: Codec<Req>
  readonly response: Codec<Res>
}

/** A command as its handler sees it. */
export interface Command<Params, Req> {
  readonly value: Req
  readonly params: Params
  /** When it arrived, in milliseconds on the link's clock. */
  readonly receivedAt: number
}

/** Handles the commands of one kind; made by `onCommand`. */
export interface CommandHandler {
  /** The reply to a command of this kind; `undefined` where it is of another. */
  readonly reply$: (request: ServedRequest) => Observable<Uint8Array> | undefined
}

/**
 * A typed handler of one kind of command. One that gives nothing leaves the command to the default acknowledgement; what
 * it cannot read is answered with `{"status":"failed","error":…}`.
 */
export function onCommand<const Topic extends string, Req, Res>(
  { topic, request: reads, response: writes }: CommandContract<Topic, Req, Res>,
  handle: (command: Command<TemplateParams<Topic>, Req>) => ObservableInput<Res>,
): CommandHandler {
  const template = topicTemplate(topic)
  return {
    reply$: ({ message, receivedAt }) => {
      const params = template.match(message.topic)
      if (params === undefined) return undefined
      const value = decodeWith(reads, message.payload, message.contentType ?? reads.contentType)
      if (isLeft(value)) return of(failure(showDecodeError(value.left)))
      return from(handle({ value: value.right, params, receivedAt })).pipe(
        map((answer) => {
          const encoded = encodeWith(writes, answer)
          if (isLeft(encoded)) throw encoded.left
          return encoded.right
        }),
      )
    },
  }
}
