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

/** A message as a test writes it. A text alone is its payload. */
export type MessageForm = string | MessageParts

/** The parts of a message; an expectation looks at those that are given. */
export interface MessageParts extends Omit<MessageProperties, 'correlationData'> {
  readonly topic?: string
  /** Text, bytes, or a value that stands for its JSON. */
  readonly payload?: unknown
  readonly correlationData?: string | Uint8Array
  readonly qos?: QoS
  readonly retain?: boolean
  /** Who published it; only in expectations. */
  readonly clientId?: string
}

/** What makes values of payloads: any codec. */
export type PayloadReader = Pick<Codec<unknown>, 'decode'>

/** In the order in which they are shown, however the message was put together. */
const PROPERTIES = [
  'responseTopic',
  'correlationData',
  'contentType',
  'payloadFormatIndicator',
  'messageExpiryInterval',
  'userProperties',
] as const satisfies readonly (keyof MessageProperties)[]

/** The message a form stands for. */
export function toMessage(form: MessageForm, defaultTopic?: string): OutgoingMessage {
  const { clientId: _, topic = defaultTopic, payload = '', correlationData, ...parts } = partsOfForm(form)
  if (topic === undefined)
    throw new AntiphonError(
      'invalid-argument',
      `A message to publish needs a topic, and this one has none: ${readableForm(form)}. Give it one.`,
    )
  return {
    ...parts,
    topic,
    payload: bytesOf(payload),
    ...(correlationData === undefined ? {} : { correlationData: bytesOf(correlationData) }),
  }
}

/** Whether a message is what a form asks for. */
export function meets(published: Published, form: MessageForm, codec?: PayloadReader): boolean {
  const actual = actualParts(published, codec)
  return givenParts(form).every(([name, wanted]) => {
    if (name !== 'payload') return isEqual(actual[name], asPart(name, wanted))
    const { payload } = published.message
    return isPayload(payload, wanted) || (codec !== undefined && isEqual(actual['payload'], wanted))
  })
}

/** A published message for people: where, what, and every property it has. */
export function readablePublished(published: Published, codec?: PayloadReader): string {
  return readable(actualParts(published, codec))
}

/** What a form asks for, for people; what it leaves open as in the message that came in its place. */
export function readableForm(form: MessageForm, instead?: Published, codec?: PayloadReader): string {
  const left = instead === undefined ? {} : actualParts(instead, codec)
  const requested = givenParts(form).map(([name, part]) => {
    if (instead !== undefined && meets(instead, { [name]: part }, codec)) return [name, left[name]] as const
    return [name, name === 'payload' && codec !== undefined ? part : asPart(name, part)] as const
  })
  return readable({ ...left, ...Object.fromEntries(requested) })
}

function givenParts(form: MessageForm): readonly (readonly [name: string, part: unknown])[] {
  const parts: Readonly<Record<string, unknown>> = { ...partsOfForm(form) }
  return Object.entries(parts)
}

function partsOfForm(form: MessageForm): MessageParts {
  return typeof form === 'string' ? { payload: form } : form
}

function actualParts(
  { message, clientId }: Published,
  codec?: PayloadReader,
): Readonly<Record<string, unknown>> {
  const { topic, qos = 1, retain = false } = message
  const payload = readBy(codec, message.payload)
  const properties = PROPERTIES.flatMap((name) =>
    message[name] === undefined ? [] : [[name, message[name]] as const],
  )
  return { topic, payload, ...Object.fromEntries(properties), qos, ...(retain ? { retain } : {}), clientId }
}

/** What a codec makes of a payload; the payload itself where it cannot read it. */
function readBy(codec: PayloadReader | undefined, payload: Uint8Array): unknown {
  const decoded = codec?.decode(payload)
  return decoded !== undefined && isRight(decoded) ? decoded.right : payload
}

/** Texts and JSON values become bytes, so that both sides read alike. */
function asPart(name: string, part: unknown): unknown {
  return name === 'payload' || (name === 'correlationData' && typeof part === 'string') ? bytesOf(part) : part
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
}

function isPayload(payload: Uint8Array, wanted: unknown): boolean {
  if (typeof wanted === 'string' || wanted instanceof Uint8Array) return isEqual(payload, bytesOf(wanted))
  try {
    return isEqual(JSON.parse(new TextDecoder().decode(payload)), wanted)
  } catch {
    return false
  }
}
