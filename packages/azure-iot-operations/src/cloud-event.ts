import { userProperty, type Message, type UserProperties } from '@antiphon/core'
import { parseMediaType } from '@antiphon/core/codec'
import { v4 as uuid } from 'uuid'
import { invalidConfiguration, type OperationsError } from './operations-error.js'

/** The attributes of a CloudEvent that describes a message, in binary content mode. */
export interface CloudEvent {
  /** The context in which the event happened, as a URI reference. */
  readonly source: string
  /** The kind of event. @defaultValue 'ms.aio.telemetry' */
  readonly type: string
  /** The version of the CloudEvents specification. @defaultValue '1.0' */
  readonly specVersion: string
  /** Identifies the event among those of its source. @defaultValue a UUID */
  readonly id: string
  /** When the event happened, by RFC 3339. @defaultValue the time of sending */
  readonly time?: string
  /** The subject of the event in the context of its source. @defaultValue the topic */
  readonly subject?: string
  /** The schema of the payload, as an absolute URI. */
  readonly dataSchema?: string
  /** The Content Type of the message. */
  readonly dataContentType?: string
}

/** The CloudEvent of a message to send: only its source is required. */
export type CloudEventToSend = Pick<CloudEvent, 'source'> & Partial<Omit<CloudEvent, 'dataContentType'>>

/** The properties of a message that a CloudEvent takes its defaults from. */
export interface CloudEventDefaults {
  readonly type: string
  readonly topic: string
  readonly contentType: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/** The name of each attribute as a User Property, in the order in which they are sent. */
const PROPERTIES = {
  specVersion: 'specversion',
  type: 'type',
  source: 'source',
  id: 'id',
  subject: 'subject',
  time: 'time',
  dataSchema: 'dataschema',
} as const

type Attribute = keyof typeof PROPERTIES
type Attributes = Readonly<Partial<Record<Attribute, string>>>

const attributes = Object.keys(PROPERTIES) as readonly Attribute[]

/** Returns the User Properties of a CloudEvent. Throws `invalid-configuration` if an attribute or the Content Type is invalid. */
export function toCloudEventProperties(
  event: CloudEventToSend,
  { type, topic, contentType, now }: CloudEventDefaults,
): UserProperties {
  const all: Attributes = {
    specVersion: '1.0',
    type,
    id: uuid(),
    subject: topic,
    time: new Date(now).toISOString(),
    ...event,
  }
  const fault = attributes.find((name) => all[name] !== undefined && !isValid[name](all[name]))
  if (fault !== undefined)
    throw cloudEventError(event, `its ${fault} is "${String(all[fault])}": ${RULES[fault]}`)
  if (all.source === undefined) throw cloudEventError(event, 'its source is missing')
  if (parseMediaType(contentType) === undefined)
    throw cloudEventError(
      event,
      `the Content Type of the message is "${contentType}": it must be a media type`,
    )
  return attributes.flatMap((name) => {
    const value = all[name]
    return value === undefined ? [] : [[PROPERTIES[name], value] as const]
  })
}

/** Returns the CloudEvent of a received message; `undefined` if it has none, or one that is invalid. */
export function toCloudEvent({ userProperties, contentType }: Message): CloudEvent | undefined {
  const found: Record<string, string> = {}
  for (const name of attributes) {
    const value = userProperty(userProperties, PROPERTIES[name])
    if (value === undefined) continue
    if (!isValid[name](value)) return undefined
    found[name] = value
  }
  const { source, type, specVersion, id, ...others } = found
  if (source === undefined || type === undefined || id === undefined || specVersion !== '1.0')
    return undefined
  if (contentType === undefined) return { source, type, specVersion, id, ...others }
  if (parseMediaType(contentType) === undefined) return undefined
  return { source, type, specVersion, id, ...others, dataContentType: contentType }
}

const isFilled = (value: string): boolean => typeof value === 'string' && value !== ''

const isValid: Readonly<Record<Attribute, (value: string) => boolean>> = {
  specVersion: isFilled,
  type: isFilled,
  source: isUriReference,
  id: isFilled,
  subject: isFilled,
  time: isTime,
  dataSchema: isAbsoluteUri,
}

const FILLED = 'it must be a string that is not empty'
const RULES: Readonly<Record<Attribute, string>> = {
  specVersion: FILLED,
  type: FILLED,
  source: 'it must be a URI reference',
  id: FILLED,
  subject: FILLED,
  time: 'it must be a time by RFC 3339',
  dataSchema: 'it must be an absolute URI',
}

/** The characters of a URI [RFC 3986, 2]. */
const URI_CHARACTERS = /^(?:[\w.~:/?#[\]@!$&'()*+,;=-]|%[\da-f]{2})+$/i

function isAbsoluteUri(value: string): boolean {
  return URI_CHARACTERS.test(value) && /^[a-z][\w+.-]*:./i.test(value)
}

/** In a relative reference, the first segment has no colon [RFC 3986, 4.2]. */
function isUriReference(value: string): boolean {
  return isAbsoluteUri(value) || (URI_CHARACTERS.test(value) && !/^[^/?#]*:/.test(value))
}

function isTime(value: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i.test(value) &&
    !Number.isNaN(Date.parse(value))
  )
}

function cloudEventError(event: CloudEventToSend, reason: string): OperationsError {
  return invalidConfiguration('cloudEvent', event, `the cloudEvent is invalid: ${reason}`)
}
