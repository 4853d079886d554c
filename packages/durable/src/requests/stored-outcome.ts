import {
  AntiphonError,
  formatDecodeError,
  type Endpoint,
  type ErrorCode,
  type ErrorContext,
  type Message,
} from '@antiphon/core'
import { decodeWith } from '@antiphon/core/codec'
import { isLeft, left, right, type Either } from 'fp-ts/lib/Either.js'
import { toRecord, type RecordParts } from '../store/record.js'
import { fingerprintOf, type StoredRequest } from './stored-request.js'

/** The fields of a stored outcome: those of an error, or the content type of a response. */
export interface OutcomeFields {
  readonly kind: 'outcome'
  /** The UUID of the request and its fingerprint, by which a repeated `send` is recognised. */
  readonly id: string
  readonly fingerprint: string
  readonly contentType?: string
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly context: ErrorContext }
}

/** Returns the bytes to store for the response to a request. */
export function toResponseRecord(request: StoredRequest, { payload, contentType }: Message): Uint8Array {
  return toRecord({ ...identityOf(request), ...(contentType !== undefined && { contentType }) }, payload)
}

/** Returns the bytes to store for the error of a request; its cause is left out. */
export function toErrorRecord(request: StoredRequest, error: AntiphonError): Uint8Array {
  const {
    code,
    rawMessage: message,
    reasonCode,
    topic,
    endpoint,
    correlation,
    phase,
    status,
    awaited,
  } = error
  const context = { reasonCode, topic, endpoint, correlation, phase, status, awaited }
  // `undefined` is left out by JSON.
  return toRecord({ ...identityOf(request), error: { code, message, context } })
}

function identityOf(request: StoredRequest): OutcomeFields {
  return { kind: 'outcome', id: request.fields.id, fingerprint: fingerprintOf(request) }
}

/** Returns the outcome in a record. */
export function fromOutcomeRecord(
  { fields, payload }: RecordParts<OutcomeFields>,
  endpoint: Endpoint,
): Either<AntiphonError, unknown> {
  if (fields.error !== undefined) {
    const { code, message, context } = fields.error
    return left(new AntiphonError(code, message, context))
  }
  const decoded = decodeWith(endpoint.response, payload, fields.contentType)
  if (!isLeft(decoded)) return right(decoded.right)
  const fault = `cannot decode the stored response: ${formatDecodeError(decoded.left)}`
  return left(new AntiphonError('decode', fault, { endpoint: endpoint.name }))
}
