import { fromBytes } from '../correlation/token.js'
import { formatToken } from '../correlation/correlation-data.js'
import type { Message, OutgoingMessage, UserProperties } from '../message.js'
import type { ObservedMessage } from '../observe/exchange-event.js'

/** How messages are copied into events. */
export interface MessageRules {
  /** How many bytes of a payload are copied; 0 for none. */
  readonly payloadBytes: number
  /** The names of User Properties whose values are not copied, in lower case. */
  readonly redacted: ReadonlySet<string>
  /** Returns the payload to copy. */
  readonly redactPayload: ((payload: Uint8Array, topic: string) => Uint8Array) | undefined
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

const REDACTED = '[redacted]'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Copies a message into an event. Throws what `redactPayload` throws. */
export function toObservedMessage(message: Message | OutgoingMessage, rules: MessageRules): ObservedMessage {
  const { topic, payload, qos, responseTopic, correlationData, contentType, messageExpiryInterval } = message
  const observed: Mutable<ObservedMessage> = { topic, bytes: payload.length }
  if (qos !== undefined) observed.qos = qos
  if (message.retain === true) observed.retain = true
  if ('dup' in message && message.dup) observed.dup = true
  if (responseTopic !== undefined) observed.responseTopic = responseTopic
  if (correlationData !== undefined) observed.correlationData = correlationOf(correlationData)
  if (contentType !== undefined) observed.contentType = contentType
  if (messageExpiryInterval !== undefined) observed.messageExpiryInterval = messageExpiryInterval
  if (message.userProperties !== undefined)
    observed.userProperties = redact(message.userProperties, rules.redacted)
  if (rules.payloadBytes > 0) addPayload(observed, payload, rules)
  return observed
}

/** Returns Correlation Data in readable form. */
export function correlationOf(correlationData: Uint8Array): string {
  return formatToken(fromBytes(correlationData))
}

function redact(properties: UserProperties, names: ReadonlySet<string>): UserProperties {
  const isRedacted = ([name]: UserProperties[number]): boolean => names.has(name.toLowerCase())
  // Most messages have nothing to redact and keep their properties.
  if (!properties.some(isRedacted)) return properties
  return properties.map((property) => (isRedacted(property) ? [property[0], REDACTED] : property))
}

function addPayload(
  observed: Mutable<ObservedMessage>,
  payload: Uint8Array,
  { payloadBytes, redactPayload }: MessageRules,
): void {
  const shown = (redactPayload?.(payload, observed.topic) ?? payload).subarray(0, payloadBytes)
  const text = textOf(shown, shown.length < payload.length)
  observed.payload = text ?? btoa(fromBytes(shown))
  if (text === undefined) observed.payloadEncoding = 'base64'
}

/** Returns bytes as text; of bytes that were cut off without the incomplete character at their end. */
function textOf(bytes: Uint8Array, isCut: boolean): string | undefined {
  for (let missing = 0; missing <= (isCut ? 3 : 0); missing++) {
    try {
      return decoder.decode(bytes.subarray(0, bytes.length - missing))
    } catch {
      // The next shorter text may be valid.
    }
  }
  return undefined
}
