import type { Codec } from '@antiphon/core'
import { requireOptions } from './protocol/require-options.js'
import { requireTopicPattern } from './topic-pattern.js'

/** The contract that the senders and receivers of a telemetry agree on. */
export interface Telemetry<T = unknown, Sent = T> {
  /** The pattern of the topic, with tokens such as `{senderId}` or `{ex:line}` as levels. */
  readonly topicPattern: string
  readonly payload: Codec<T, Sent>
}

/**
 * Creates a telemetry: its topic and codec. Senders and receivers both take their types from it. Throws
 * `invalid-configuration` if the topic pattern is invalid.
 *
 * @example
 * ```ts
 * const force = telemetry({ topicPattern: 'presses/{senderId}/force', payload: json(t.number) })
 * ```
 */
export function telemetry<T, Sent = T>(contract: Telemetry<T, Sent>): Telemetry<T, Sent> {
  requireTopicPattern('topicPattern', contract.topicPattern)
  requireOptions(contract, { topicPattern: 'string', payload: 'object' })
  return { ...contract }
}
