import {
  ApplicationError,
  formatDecodeError,
  withProperties,
  type ApplicationFailure,
  type Endpoint,
  type ResponseCorrelation,
  type ResponseProperties,
} from '@antiphon/core'
import { codecFor, decodeWith, encodeWith } from '@antiphon/core/codec'
import { hasProperties } from '@antiphon/core/link'
import { isLeft } from 'fp-ts/lib/Either.js'
import { toRecord } from '../store/record.js'
import { checksumOf } from '../store/checksum.js'

/** How the run of a handler ended. */
export type HandlerOutcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'empty' }
  | { readonly kind: 'error'; readonly error: unknown }

/** The fields of a stored response, or of a request whose handler has not ended. */
export interface ResponseFields {
  readonly kind: 'started' | HandlerOutcome['kind']
  /** When the last duplicate may arrive, on the clock of the link's scheduler. */
  readonly expiresAt: number
  /** Identifies the payload of the request: its length and checksum. Absent if the record was corrupt. */
  readonly payload?: string
  /** The content type of a value. */
  readonly contentType?: string
  readonly properties?: ResponseProperties
  /** The parts of an `ApplicationError`, or the message of another error. */
  readonly failure?: ApplicationFailure
  readonly message?: string
}

/** What the records of one request have in common. */
export type RequestIdentity = Pick<ResponseFields, 'expiresAt' | 'payload'>

/** Returns the text that identifies the payload of a request. */
export function payloadIdentity(payload: Uint8Array): string {
  return `${payload.length}:${checksumOf(payload)}`
}

/** Returns the record of a request whose handler is about to start. */
export function toStartedRecord(identity: RequestIdentity): Uint8Array {
  return toRecord({ kind: 'started', ...identity } satisfies ResponseFields)
}

/** The request whose response is stored. */
export interface StorableRequest {
  readonly endpoint: Endpoint
  readonly contentType: string | undefined
  readonly correlation: ResponseCorrelation
  readonly identity: RequestIdentity
}

/** Returns the record of an outcome. Throws if a value does not encode. */
export function toOutcomeRecord(request: StorableRequest, outcome: HandlerOutcome): Uint8Array {
  const { endpoint, correlation, identity } = request
  if (outcome.kind === 'empty') return toRecord({ kind: 'empty', ...identity } satisfies ResponseFields)
  if (outcome.kind === 'error') return toRecord({ kind: 'error', ...failureOf(outcome.error), ...identity })
  const properties = hasProperties(outcome.value) ? outcome.value.properties : undefined
  const value = hasProperties(outcome.value) ? outcome.value.value : outcome.value
  const codec = codecFor(endpoint.response, properties?.contentType ?? request.contentType)
  // The token may be a field of the value that its schema requires.
  const encoded = encodeWith(codec, correlation.addToken(value))
  if (isLeft(encoded)) throw encoded.left
  const fields: ResponseFields = {
    kind: 'value',
    ...identity,
    contentType: codec.contentType,
    ...(properties && { properties }),
  }
  return toRecord(fields, encoded.right)
}

/** Returns the outcome in a record: an error if its value does not decode any more. */
export function fromOutcome(endpoint: Endpoint, fields: ResponseFields, payload: Uint8Array): HandlerOutcome {
  const { failure, message, contentType, properties } = fields
  if (fields.kind === 'empty') return { kind: 'empty' }
  if (fields.kind === 'error')
    return {
      kind: 'error',
      error: failure === undefined ? new Error(message) : new ApplicationError(failure),
    }
  const decoded = decodeWith(endpoint.response, payload, contentType)
  if (isLeft(decoded)) {
    const fault = `the stored response does not decode: ${formatDecodeError(decoded.left)}`
    return { kind: 'error', error: new Error(fault) }
  }
  const value = properties === undefined ? decoded.right : withProperties(decoded.right, properties)
  return { kind: 'value', value }
}

function failureOf(error: unknown): Pick<ResponseFields, 'failure' | 'message'> {
  if (!(error instanceof ApplicationError))
    return { message: error instanceof Error ? error.message : String(error) }
  const { code, message, payload } = error
  return { failure: { code, message, ...(payload !== undefined && { payload }) } }
}
