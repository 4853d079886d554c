import { AntiphonError, type MessageProperties, type OutgoingMessage, type QoS } from '@antiphon/core'
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
export function meets(published: Published, form: MessageForm): boolean {
  const actual = actualParts(published)
  return givenParts(form).every(([name, wanted]) =>
    name === 'payload'
      ? isPayload(published.message.payload, wanted)
      : isEqual(actual[name], asPart(name, wanted)),
  )
}

/** A published message for people: where, what, and every property it has. */
export function readablePublished(published: Published): string {
  return readable(actualParts(published))
}

/** What a form asks for, for people; what it leaves open as in the message that came in its place. */
export function readableForm(form: MessageForm, instead?: Published): string {
  const left = instead === undefined ? {} : actualParts(instead)
  const asked = givenParts(form).map(([name, part]) => {
    const isMet = instead !== undefined && meets(instead, { [name]: part })
    return [name, isMet ? left[name] : asPart(name, part)] as const
  })
  return readable({ ...left, ...Object.fromEntries(asked) })
}

function givenParts(form: MessageForm): readonly (readonly [name: string, part: unknown])[] {
  const parts: Readonly<Record<string, unknown>> = { ...partsOfForm(form) }
  return Object.entries(parts)
}

function partsOfForm(form: MessageForm): MessageParts {
  return typeof form === 'string' ? { payload: form } : form
}

function actualParts({ message, clientId }: Published): Readonly<Record<string, unknown>> {
  const { topic, payload, qos = 1, retain = false } = message
  const properties = PROPERTIES.flatMap((name) =>
    message[name] === undefined ? [] : [[name, message[name]] as const],
  )
  return { topic, payload, ...Object.fromEntries(properties), qos, ...(retain ? { retain } : {}), clientId }
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
