import { toUtf8 } from '@antiphon/core/codec'
import { quoted } from '@antiphon/core/link'
import { validateTopicName } from '@antiphon/core/topic'
import { left, right, type Either } from 'fp-ts/lib/Either.js'
import { durationOf } from '../duration.js'
import type { Invocation, RequestDataFormat } from '../invocation.js'
import { depthOf, memberText } from './json-text.js'

/** The maximum size of a command and of its response, in bytes. */
export const maxPayloadBytes: number = 256 * 1_024

/** How deep the JSON of a command or response may nest. */
export const maxJsonDepth = 100

/** An invalid field of an invocation, and the rule that it breaks. */
export interface FieldFault {
  readonly field: string
  readonly reason: string
}

/** A valid invocation with defaults and parsed durations. */
export interface ParsedInvocation {
  readonly format: RequestDataFormat
  readonly endpoint: string
  readonly data: unknown
  /** `data` as JSON text: that of a JSON command has its numbers and the order of its members as they were sent. */
  readonly dataText: string
  readonly payload: Uint8Array
  readonly duration: string
  readonly deliveryTimeout: number
  readonly responseEndpoint: string | null
  readonly responseDuration: string | null
  readonly responseTimeout: number
}

const defaultDuration = 'PT10M'
const formats: readonly unknown[] = ['JSON', 'TEXT', 'BINARY'] satisfies RequestDataFormat[]

type Fields = Readonly<Record<string, unknown>>

/** A field rule: returns the rule that the value breaks, or `undefined` if it is valid. `json` is the value as it was sent. */
type FieldRule = (value: unknown, body: Fields, json: string) => string | undefined

const rules: { readonly [Field in keyof Required<Invocation>]: FieldRule } = {
  requestDataFormat: (value) => (formats.includes(value) ? undefined : 'it must be JSON, TEXT or BINARY'),
  requestEndpoint: (value) => endpointFault(value),
  requestData: (value, { requestDataFormat: format }, json) => {
    if (value === undefined || !formats.includes(format)) return undefined
    const depth = depthOf(json)
    if (depth > maxJsonDepth) return `it nests ${depth} levels: it must not nest more than ${maxJsonDepth}`
    const payload = toPayload(format as RequestDataFormat, value, json)
    if (typeof payload === 'string') return payload
    return payload.length > maxPayloadBytes
      ? `it takes ${payload.length} bytes: it must not take more than ${maxPayloadBytes}`
      : undefined
  },
  requestDataContentType: (value) =>
    value === undefined || (typeof value === 'string' && value !== '')
      ? undefined
      : 'it must be a media type',
  requestDuration: (value) => durationFault(value),
  responseEndpoint: (value) => (value === undefined ? undefined : endpointFault(value)),
  responseDuration: (value) => durationFault(value),
}

/**
 * Parses the body of an invocation: its JSON text, or a value that is written as JSON. Returns all invalid fields as a
 * `Left`.
 */
export function parseInvocation(body: unknown): Either<readonly FieldFault[], ParsedInvocation> {
  const text = typeof body === 'string' ? body : toJsonText(body)
  const fields = text === undefined ? undefined : parseJson(text)
  if (text === undefined || !isObject(fields)) {
    return left([{ field: 'body', reason: 'it must be a JSON object' }])
  }
  const unknown = Object.keys(fields)
    .filter((field) => !Object.hasOwn(rules, field))
    .map((field) => ({ field, reason: 'the field is not known: remove it' }))
  const dataText = memberText(text, 'requestData') ?? 'null'
  const invalid = Object.entries(rules).flatMap(([field, rule]) => {
    const reason = rule(fields[field], fields, dataText)
    return reason === undefined ? [] : [{ field, reason }]
  })
  const faults = [...invalid, ...unknown]
  return faults.length > 0
    ? left(faults)
    : right(toParsedInvocation(fields as unknown as Invocation, dataText))
}

function toParsedInvocation(
  {
    requestDataFormat: format,
    requestEndpoint: endpoint,
    requestData,
    requestDuration: duration = defaultDuration,
    responseEndpoint = undefined,
    responseDuration = defaultDuration,
  }: Invocation,
  dataText: string,
): ParsedInvocation {
  const payload = requestData === undefined ? new Uint8Array() : toPayload(format, requestData, dataText)
  return {
    format,
    endpoint,
    data: requestData ?? null,
    dataText,
    payload: payload as Uint8Array,
    duration,
    deliveryTimeout: durationOf(duration) ?? 0,
    responseEndpoint: responseEndpoint ?? null,
    responseDuration: responseEndpoint === undefined ? null : responseDuration,
    responseTimeout: durationOf(responseDuration) ?? 0,
  }
}

/** Returns the payload of a command, or the rule that its data breaks. */
function toPayload(format: RequestDataFormat, data: unknown, json: string): Uint8Array | string {
  switch (format) {
    case 'JSON':
      return isObject(data) ? toUtf8(json) : 'it must be a JSON object'
    case 'TEXT':
      return typeof data === 'string' ? toUtf8(data) : 'it must be a string'
    case 'BINARY':
      return isBase64(data) ? Uint8Array.from(Buffer.from(data, 'base64')) : 'it must be base64'
  }
}

function toJsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function endpointFault(value: unknown): string | undefined {
  return typeof value === 'string' ? validateTopicName(value) : 'it must be a topic'
}

function durationFault(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && durationOf(value) !== undefined) return undefined
  const shown = typeof value === 'string' ? quoted(value) : `a ${typeof value}`
  return `it is ${shown}: it must be an ISO 8601 duration, such as PT10M, PT1H30M or P1D`
}

function isBase64(value: unknown): value is string {
  return (
    typeof value === 'string' && /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(value)
  )
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
