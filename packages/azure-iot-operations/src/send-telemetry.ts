import type { Codec, Link, PublishAck, QoS, UserProperties } from '@antiphon/core'
import { applicationClock } from '@antiphon/core/clock'
import { encodeWith } from '@antiphon/core/codec'
import { numberRule, wholeNumberRule, type OptionRules } from '@antiphon/core/link'
import { topicTemplate } from '@antiphon/core/topic'
import { isLeft } from 'fp-ts/lib/Either.js'
import {
  catchError,
  defer,
  mergeMap,
  switchMap,
  throwError,
  type Observable,
  type OperatorFunction,
} from 'rxjs'
import { toCloudEventProperties, type CloudEventToSend } from './cloud-event.js'
import { invalidConfiguration } from './operations-error.js'
import { clientId$ } from './protocol/client-id.js'
import { PROTOCOL_VERSION } from './protocol/message-headers.js'
import { requireOptions } from './protocol/require-options.js'
import { toOperationsError } from './protocol/to-operations-error.js'
import type { Telemetry } from './telemetry.js'
import { requireOpenTokens, toParams, topicPattern, type TopicTokens } from './topic-pattern.js'

/** Options of a sender. */
export interface SendOptions {
  /** Levels before the topic. @defaultValue none */
  readonly topicNamespace?: string
  /** Values of tokens in the topic pattern. Those that differ between messages are passed with each message. */
  readonly topicTokens?: TopicTokens
  /** Milliseconds after which the broker discards a message instead of delivering it. @defaultValue 10 000 */
  readonly messageExpiry?: number
  /** The maximum number of messages that are not acknowledged; further ones wait. @defaultValue 256 */
  readonly concurrency?: number
}

/** A telemetry message to send. */
export interface TelemetryToSend<T> {
  readonly value: T
  /** Values of the topic tokens that the options leave open. */
  readonly topicTokens?: TopicTokens
  /** User Properties of the message; names that start with `__` are reserved. */
  readonly metadata?: UserProperties
  /** The CloudEvent that describes the message; only its `source` is required. @defaultValue none */
  readonly cloudEvent?: CloudEventToSend
  /** Milliseconds after which the broker discards the message. @defaultValue that of the options */
  readonly messageExpiry?: number
  /** The QoS of the message. @defaultValue 1 */
  readonly qos?: QoS
}

const optionRules: OptionRules<SendOptions> = {
  topicNamespace: 'string',
  topicTokens: 'object',
  messageExpiry: numberRule(1e-3),
  concurrency: wholeNumberRule(1),
}

const messageRules: OptionRules<TelemetryToSend<unknown>> = {
  value: 'any',
  topicTokens: 'object',
  metadata: 'any',
  cloudEvent: 'object',
  messageExpiry: numberRule(1e-3),
  qos: [0, 1, 2],
}

/**
 * Sends each value of the source as telemetry and emits the acknowledgements of the broker.
 *
 * Throws `invalid-configuration` if an option, pattern or token is invalid.
 *
 * - *on subscribe*: subscribes to the source; its first value opens the link.
 * - *next*: the acknowledgement of a message.
 * - *complete*: the source has completed and all messages are acknowledged.
 * - *error*: an `OperationsError`: a message is invalid, or the broker refused it.
 * - *unsubscribe*: removes messages that are not sent yet.
 *
 * @example
 * ```ts
 * of({ value: 3.2, cloudEvent: { source: 'presses/7' } }).pipe(sendTelemetry$(link, force, { topicTokens }))
 * ```
 */
export function sendTelemetry$<T, Sent>(
  link: Link,
  telemetry: Telemetry<T, Sent>,
  options: SendOptions = {},
): OperatorFunction<TelemetryToSend<Sent>, PublishAck> {
  requireOptions(options, optionRules)
  const { topicNamespace, topicTokens = {}, messageExpiry: defaultExpiry = 10_000 } = options
  const { template, parameters, openTokens } = topicPattern({
    property: 'topicPattern',
    pattern: telemetry.topicPattern,
    topicNamespace,
    topicTokens,
  })
  const topics = topicTemplate<string>(template)
  const clock = applicationClock(link.scheduler)

  const send$ = (message: TelemetryToSend<Sent>): Observable<PublishAck> => {
    const { messageExpiry = defaultExpiry, metadata = [], qos = 1, cloudEvent } = message
    const details = { timeoutName: 'messageExpiry', timeoutValue: messageExpiry }
    return defer(() => {
      requireOptions(message, messageRules)
      requireMetadata(metadata)
      requireOpenTokens(openTokens, message.topicTokens ?? {})
      const topic = topics.format(toParams(parameters, message.topicTokens ?? {}))
      const encoded = encodeWith(telemetry.payload as unknown as Codec<Sent>, message.value)
      if (isLeft(encoded)) throw encoded.left
      const { contentType, isText } = telemetry.payload
      const event =
        cloudEvent === undefined
          ? []
          : toCloudEventProperties(cloudEvent, {
              type: 'ms.aio.telemetry',
              topic,
              contentType,
              now: link.scheduler.now(),
            })
      return clientId$(link, messageExpiry, details).pipe(
        switchMap((clientId) =>
          link.publish$({
            topic,
            payload: encoded.right,
            qos,
            contentType,
            payloadFormatIndicator: isText,
            messageExpiryInterval: Math.ceil(messageExpiry / 1_000),
            userProperties: [
              ...metadata,
              ...event,
              ['__protVer', PROTOCOL_VERSION],
              ['__srcId', clientId],
              ['__ts', clock.stamp()],
            ],
          }),
        ),
      )
    }).pipe(catchError((error: unknown) => throwError(() => toOperationsError(error, details))))
  }
  return mergeMap(send$, options.concurrency ?? 256)
}

function requireMetadata(metadata: UserProperties): void {
  const reserved = metadata.find(([name]) => name.startsWith('__'))
  if (reserved !== undefined)
    throw invalidConfiguration(
      'metadata',
      metadata,
      `metadata has ${reserved[0]}: names that start with __ are reserved; rename it`,
    )
}
