import { isLeft } from 'fp-ts/lib/Either.js'
import { v4 as uuid } from 'uuid'
import { invalidArgument, requireArgument } from './argument.js'
import { encodeWith } from './codec/guard.js'
import type { Endpoint } from './endpoint.js'
import type { EndpointTypes, RequestArgument } from './endpoint-types.js'
import { outgoingFault } from './link/outgoing-rules.js'
import type { OutgoingMessage, QoS, UserProperties } from './message.js'
import { countRule, type OptionRules, wholeNumberRule } from './option-rules.js'
import { reservedFault } from './protocol/reserved-properties.js'
import { toRequestParts } from './requester/requester-context.js'

/** Options of `willFor`. */
export interface WillOptions {
  /** The QoS of the Will. @defaultValue 1 */
  readonly qos?: QoS
  /** Whether the Will is retained. @defaultValue false */
  readonly retain?: boolean
  /** Seconds that the broker waits for a reconnect before it publishes the will. MQTT 5 only. @defaultValue 0 */
  readonly willDelayInterval?: number
  /** Seconds after which the broker discards the will instead of delivering it. @defaultValue no limit */
  readonly messageExpiryInterval?: number
  /** User Properties of the will; names that start with `__` are reserved. */
  readonly userProperties?: UserProperties
}

const optionRules: OptionRules<WillOptions> = {
  qos: [0, 1, 2],
  retain: [true, false],
  willDelayInterval: wholeNumberRule(0, 4_294_967_295),
  messageExpiryInterval: countRule,
  userProperties: 'any',
}

/** A Will Message for the `will` option of a connection. */
export interface EndpointWill extends OutgoingMessage {
  readonly willDelayInterval?: number
}

/**
 * Creates the will of a connection: a notification to an endpoint, which the broker publishes when the connection is lost.
 * Throws `invalid-argument` or `encode` if it could not be sent.
 *
 * @example
 * ```ts
 * const will = willFor(deviceLost, { params: { device }, value: { since: 'now' } }, { willDelayInterval: 30 })
 * connect(url, { will })
 * ```
 */
export function willFor<T extends EndpointTypes>(
  endpoint: Endpoint<T>,
  request: RequestArgument<T>,
  options: WillOptions = {},
): EndpointWill {
  requireArgument('options', options, optionRules)
  if (!endpoint.acceptsNotifications) {
    throw invalidArgument(
      `${endpoint.name} accepts no notifications, and a will has no response: set acceptsNotifications`,
    )
  }
  const reserved = reservedFault(options.userProperties, endpoint.reservedProperties)
  if (reserved !== undefined) throw invalidArgument(reserved)
  const { params, value } = toRequestParts(endpoint, request)
  const correlated = endpoint.correlation.correlate({ id: uuid(), responseTopic: '', value })
  const encoded = encodeWith(endpoint.request, correlated.value)
  if (isLeft(encoded)) throw encoded.left
  const { contentType, isText: payloadFormatIndicator } = endpoint.request
  const topic = endpoint.topic.format(params)
  const will = {
    qos: 1,
    ...options,
    topic,
    payload: encoded.right,
    contentType,
    payloadFormatIndicator,
  } as const
  const { willDelayInterval: _, ...message } = will
  const fault = outgoingFault(message)
  if (fault !== undefined) throw fault
  return will
}
