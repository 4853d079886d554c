import { AntiphonError, type Endpoint } from '@antiphon/core'
import { encodeWith } from '@antiphon/core/codec'
import { invalidArgument } from '@antiphon/core/link'
import { isLeft } from 'fp-ts/lib/Either.js'
import { fromByteText, toByteText } from '../store/byte-text.js'
import { checksumOf } from '../store/checksum.js'
import { toRecord, type RecordParts } from '../store/record.js'

/** The fields of a stored request. */
export interface RequestFields {
  readonly kind: 'request'
  /** The UUID from which the correlation makes the token. */
  readonly id: string
  readonly token: string
  /** The Correlation Data with one character per byte; absent if the correlation has none. */
  readonly correlationData?: string
  /** The Response Topic property; absent if the correlation sends none. */
  readonly sentResponseTopic?: string
  /** The topic on which the response is expected. */
  readonly responseTopic: string
  /** The topic parameters; absent if the endpoint has none. */
  readonly params?: Readonly<Record<string, string>>
  /** When the request expires, on the clock of the link's scheduler. */
  readonly deadline: number
}

/** A request as it is stored and sent, before and after a restart: the same bytes with the same correlation. */
export interface StoredRequest {
  readonly key: string
  readonly fields: RequestFields
  readonly payload: Uint8Array
}

/** What a request is made from. */
export interface RequestSource {
  readonly endpoint: Endpoint
  readonly key: string
  readonly id: string
  /** The argument as for `request`. */
  readonly request: unknown
  /** The response topic, if the endpoint has none of its own. */
  readonly responseTopic: string
  readonly deadline: number
}

/** Encodes a request. Throws `invalid-argument` or `encode` if it cannot be sent. */
export function toStoredRequest(source: RequestSource): StoredRequest {
  const { endpoint, key, id, deadline } = source
  const { params, value } = splitRequest(endpoint, source.request)
  const topic = endpoint.topic.format(params ?? {})
  const responseTopic = endpoint.responseTopic?.format(params ?? {}).topic ?? source.responseTopic
  const {
    token,
    value: correlated,
    properties,
  } = endpoint.correlation.correlate({ id, responseTopic, value })
  if (token === '')
    throw invalidArgument(
      `${endpoint.correlation.name} gives the request ${key} no token, by which its response is recognised after a restart; use correlationData() or payloadField()`,
    )
  const encoded = encodeWith(endpoint.request, correlated)
  if (isLeft(encoded)) throw encoded.left.withContext({ endpoint: endpoint.name, topic })
  const { correlationData, responseTopic: sentResponseTopic } = properties
  const fields: RequestFields = {
    kind: 'request',
    id,
    token,
    ...(correlationData && { correlationData: toByteText(correlationData) }),
    ...(sentResponseTopic !== undefined && { sentResponseTopic }),
    responseTopic,
    ...(params && { params }),
    deadline,
  }
  return { key, fields, payload: encoded.right.slice() }
}

/** Returns a text by which two requests under one key are compared: their topics and payload. */
export function fingerprintOf({ fields, payload }: StoredRequest): string {
  const params = Object.entries(fields.params ?? {}).sort()
  return JSON.stringify([params, payload.length, checksumOf(payload)])
}

/** Returns the bytes to store for a request. */
export function toRequestRecord({ fields, payload }: StoredRequest): Uint8Array {
  return toRecord(fields, payload)
}

/** Returns a request from its record. */
export function fromRequestRecord(
  key: string,
  { fields, payload }: RecordParts<RequestFields>,
): StoredRequest {
  return { key, fields, payload }
}

/** Returns the variant of an endpoint whose requests are stored requests, sent as they were stored. */
export function storedEndpoint<E extends Endpoint>(endpoint: E): E {
  return {
    ...endpoint,
    request: { ...endpoint.request, encode: (request: unknown) => (request as StoredRequest).payload },
    correlation: {
      ...endpoint.correlation,
      correlate: ({ value }) => {
        const { token, correlationData, sentResponseTopic: responseTopic } = (value as StoredRequest).fields
        return {
          token,
          value,
          properties: {
            ...(responseTopic !== undefined && { responseTopic }),
            ...(correlationData !== undefined && { correlationData: fromByteText(correlationData) }),
          },
        }
      },
    },
  }
}

/** Returns the argument of an exchange for a stored request. */
export function toRequestArgument(request: StoredRequest): unknown {
  const { params } = request.fields
  return params === undefined ? request : { params, value: request }
}

/** Splits the argument of a request. Without topic parameters, the argument is the value itself. */
function splitRequest(
  { name, topic, responseTopic }: Endpoint,
  request: unknown,
): { readonly params: Readonly<Record<string, string>> | undefined; readonly value: unknown } {
  const hasParams = topic.parameters.length > 0 || responseTopic?.isMatch !== undefined
  if (!hasParams) return { params: undefined, value: request }
  const { params, value } = request as Partial<{
    readonly params: Readonly<Record<string, string>>
    value: unknown
  }>
  if (params === undefined)
    throw new AntiphonError('invalid-argument', `a request to ${name} has no params: pass { params, value }`)
  return { params: { ...params }, value }
}
