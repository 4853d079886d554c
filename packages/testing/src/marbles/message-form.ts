import {
  AntiphonError,
  type Codec,
  type MessageProperties,
  type OutgoingMessage,
  type QoS,
} from '@antiphon/core'
import { isRight } from 'fp-ts/lib/Either.js'
import { isEqual } from '../compare/equal.js'
import { readable } from '../compare/readable.js'
import type { Published } from '../virtual/broker.js'

/** A message as written in a test: its parts, or the payload alone as text. */
export type MessageForm = string | MessageParts

/** The parts of a message. An expectation compares only the specified ones. */
export interface MessageParts extends Omit<MessageProperties, 'correlationData'> {
  readonly topic?: string
  /** Text, bytes, or a value that is encoded as JSON. */
  readonly payload?: unknown
  readonly correlationData?: string | Uint8Array
  readonly qos?: QoS
  readonly retain?: boolean
  /** The client that published the message; only in expectations. */
  readonly clientId?: string
}

/** Decodes payloads; any codec is one. */
export type PayloadReader = Pick<Codec<unknown>, 'decode'>

/** The order of properties in failure messages, independent of their order in the message. */
const PROPERTIES = [
  'responseTopic',
  'correlationData',
  'contentType',
  'payloadFormatIndicator',
  'messageExpiryInterval',
  'userProperties',
] as const satisfies readonly (keyof MessageProperties)[]

/** Returns the message of a form. */
export function toMessage(form: MessageForm, defaultTopic?: string): OutgoingMessage {
  const { clientId: _, topic = defaultTopic, payload = '', correlationData, ...parts } = toParts(form)
  if (topic === undefined)
    throw new AntiphonError(
      'invalid-argument',
      `cannot publish a message without a topic: ${readableForm(form)}; set its topic`,
    )
  return {
    ...parts,
    topic,
    payload: bytesOf(payload),
    ...(correlationData === undefined ? {} : { correlationData: bytesOf(correlationData) }),
  }
}

/** Whether a message has all parts of a form. */
export function matchesForm(published: Published, form: MessageForm, codec?: PayloadReader): boolean {
  const actual = actualParts(published, codec)
  return specifiedParts(form).every(([name, expected]) => {
    if (name !== 'payload') return isEqual(actual[name], toComparable(name, expected))
    const { payload } = published.message
    return isPayloadEqual(payload, expected) || (codec !== undefined && isEqual(actual['payload'], expected))
  })
}

/** Formats a published message with its topic, payload and properties. */
export function readablePublished(published: Published, codec?: PayloadReader): string {
  return readable(actualParts(published, codec))
}

/** Formats a form; parts that it does not specify are taken from the actual message. */
export function readableForm(form: MessageForm, actual?: Published, codec?: PayloadReader): string {
  const actualPartsOrNone = actual === undefined ? {} : actualParts(actual, codec)
  const shownParts = specifiedParts(form).map(([name, part]) => {
    if (actual !== undefined && matchesForm(actual, { [name]: part }, codec))
      return [name, actualPartsOrNone[name]] as const
    return [name, name === 'payload' && codec !== undefined ? part : toComparable(name, part)] as const
  })
  return readable({ ...actualPartsOrNone, ...Object.fromEntries(shownParts) })
}

function specifiedParts(form: MessageForm): readonly (readonly [name: string, part: unknown])[] {
  const parts: Readonly<Record<string, unknown>> = { ...toParts(form) }
  return Object.entries(parts)
}

function toParts(form: MessageForm): MessageParts {
  return typeof form === 'string' ? { payload: form } : form
}

function actualParts(
  { message, clientId }: Published,
  codec?: PayloadReader,
): Readonly<Record<string, unknown>> {
  const { topic, qos = 1, retain = false } = message
  const payload = decodePayload(codec, message.payload)
  const properties = PROPERTIES.flatMap((name) =>
    message[name] === undefined ? [] : [[name, message[name]] as const],
  )
  return { topic, payload, ...Object.fromEntries(properties), qos, ...(retain ? { retain } : {}), clientId }
}

/** Returns the decoded payload, or the payload itself if it does not decode. */
function decodePayload(codec: PayloadReader | undefined, payload: Uint8Array): unknown {
  const decoded = codec?.decode(payload)
  return decoded !== undefined && isRight(decoded) ? decoded.right : payload
}

/** Encodes texts and JSON values as bytes, so that both sides have the same form. */
function toComparable(name: string, part: unknown): unknown {
  return name === 'payload' || (name === 'correlationData' && typeof part === 'string') ? bytesOf(part) : part
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
}

function isPayloadEqual(payload: Uint8Array, expected: unknown): boolean {
  if (typeof expected === 'string' || expected instanceof Uint8Array)
    return isEqual(payload, bytesOf(expected))
  try {
    return isEqual(JSON.parse(new TextDecoder().decode(payload)), expected)
  } catch {
    return false
  }
}
