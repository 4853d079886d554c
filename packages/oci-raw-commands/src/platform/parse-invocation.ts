import { toUtf8 } from '@antiphon/core/codec'
import { quoted } from '@antiphon/core/link'
import { validateTopicName } from '@antiphon/core/topic'
import { left, right, type Either } from 'fp-ts/lib/Either.js'
import { durationOf } from '../duration.js'
import type { Invocation, RequestDataFormat } from '../invocation.js'

/** The maximum size of a command and of its response, in bytes. */
export const maxPayloadBytes: number = 256 * 1_024

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

/** For each field: returns the rule that its value breaks, or `undefined` if it is valid. */
const rules: {
  readonly [Field in keyof Required<Invocation>]: (value: unknown, body: Fields) => string | undefined
} = {
  requestDataFormat: (value) => (formats.includes(value) ? undefined : 'it must be JSON, TEXT or BINARY'),
  requestEndpoint: (value) => endpointFault(value),
  requestData: (value, { requestDataFormat: format }) => {
    if (value === undefined || !formats.includes(format)) return undefined
    const payload = toPayload(format as RequestDataFormat, value)
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

/** Parses the body of an invocation. Returns all invalid fields as a `Left`. */
export function parseInvocation(body: unknown): Either<readonly FieldFault[], ParsedInvocation> {
  if (!isObject(body)) return left([{ field: 'body', reason: 'it must be a JSON object' }])
  const unknown = Object.keys(body)
    .filter((field) => !Object.hasOwn(rules, field))
    .map((field) => ({ field, reason: 'the field is not known: remove it' }))
  const invalid = Object.entries(rules).flatMap(([field, rule]) => {
    const reason = rule(body[field], body)
    return reason === undefined ? [] : [{ field, reason }]
  })
  const faults = [...invalid, ...unknown]
  return faults.length > 0 ? left(faults) : right(toParsedInvocation(body as unknown as Invocation))
}

function toParsedInvocation({
  requestDataFormat: format,
  requestEndpoint: endpoint,
  requestData,
  requestDuration: duration = defaultDuration,
  responseEndpoint = undefined,
  responseDuration = defaultDuration,
}: Invocation): ParsedInvocation {
  const payload = requestData === undefined ? new Uint8Array() : toPayload(format, requestData)
  return {
    format,
    endpoint,
    data: requestData ?? null,
    payload: payload as Uint8Array,
    duration,
    deliveryTimeout: durationOf(duration) ?? 0,
    responseEndpoint: responseEndpoint ?? null,
    responseDuration: responseEndpoint === undefined ? null : responseDuration,
    responseTimeout: durationOf(responseDuration) ?? 0,
  }
}

/** Returns the payload of a command, or the rule that its data breaks. */
function toPayload(format: RequestDataFormat, data: unknown): Uint8Array | string {
  switch (format) {
    case 'JSON':
      return isObject(data) ? toUtf8(JSON.stringify(data)) : 'it must be a JSON object'
    case 'TEXT':
      return typeof data === 'string' ? toUtf8(data) : 'it must be a string'
    case 'BINARY':
      return isBase64(data) ? Uint8Array.from(Buffer.from(data, 'base64')) : 'it must be base64'
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
