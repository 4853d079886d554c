import {
  formatDecodeError,
  userProperty,
  type Codec,
  type DecodeError,
  type Message,
  type UserProperties,
} from '@antiphon/core'
import type { HybridClock } from '@antiphon/core/clock'
import { decodeWith } from '@antiphon/core/codec'
import type { topicTemplate } from '@antiphon/core/topic'
import { isLeft, left, right, type Either } from 'fp-ts/lib/Either.js'
import { toCloudEvent, type CloudEvent } from '../cloud-event.js'
import { OperationsError } from '../operations-error.js'
import { ambiguousToken, toTokens, type TopicTokens } from '../topic-pattern.js'
import { CONTENT_TYPE, headerFault, metadataOf, versionFault } from './message-headers.js'

/** What a reader needs besides the codec. */
export interface TelemetryReaderParts {
  readonly topics: ReturnType<typeof topicTemplate<string>>
  /** The values of the tokens that the options have fixed. */
  readonly topicTokens: TopicTokens
  /** Advances past the timestamps of messages. */
  readonly clock: HybridClock
}

/** A telemetry message that complies with the protocol and decodes. */
export interface TelemetryReading<T> {
  readonly value: T
  /** The values of all topic tokens: those of the options, and those in the topic. */
  readonly topicTokens: TopicTokens
  /** The User Properties of the message that the protocol does not reserve. */
  readonly metadata: UserProperties
  /** The CloudEvent that describes the message; `undefined` if it has none, or one that is invalid. */
  readonly cloudEvent: CloudEvent | undefined
  /** The client identifier of the sender, if it sent one. */
  readonly sourceId: string | undefined
  /** The timestamp of the sender's hybrid logical clock, if it sent one. */
  readonly timestamp: string | undefined
  /** The message as it was received. */
  readonly message: Message
}

/** Returns the function that reads a message, or returns why it is ignored. */
export function telemetryReader<T, Sent>(
  codec: Codec<T, Sent>,
  { topics, topicTokens, clock }: TelemetryReaderParts,
): (message: Message) => Either<OperationsError, TelemetryReading<T>> {
  return (message) => {
    const { userProperties, topic, payload, contentType } = message
    const version = versionFault(message)
    if (version !== undefined) return left(version)
    const params = topics.match(topic)
    if (params === undefined || ambiguousToken(params) !== undefined)
      return left(headerFault('Topic', topic, `it does not match ${topics.template}`))
    const timestamp = userProperty(userProperties, '__ts')
    if (timestamp !== undefined && clock.receive(timestamp) === 'malformed')
      return left(headerFault('__ts', timestamp, 'it must be <15 digits>:<5 digits>:<node>'))
    const decoded = decodeWith(codec as unknown as Codec<T>, payload, contentType)
    if (isLeft(decoded)) return left(payloadFault(decoded.left))
    return right({
      value: decoded.right,
      topicTokens: { ...topicTokens, ...toTokens(params) },
      metadata: metadataOf(message),
      cloudEvent: toCloudEvent(message),
      sourceId: userProperty(userProperties, '__srcId'),
      timestamp,
      message,
    })
  }
}

function payloadFault(error: DecodeError): OperationsError {
  return error.kind === 'content-type'
    ? headerFault(CONTENT_TYPE, error.contentType, 'the codec of the telemetry does not read it')
    : new OperationsError('invalid-payload', formatDecodeError(error))
}
