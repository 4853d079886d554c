import { isRight } from 'fp-ts/lib/Either.js'
import { invalidArgument, requireArgument } from '../argument.js'
import { fromUtf8, toUtf8 } from '../codec/utf8.js'
import type { OptionRules } from '../option-rules.js'
import { renderValue } from '../rendering.js'
import type { Correlation, DecodableMessage } from './correlation.js'
import {
  responseTopicInField,
  type ResponseTopicField,
  type ResponseTopicInField,
} from './response-topic-field.js'
import { fromBytes } from './token.js'
import { tokenCreator, tokenSourceRule, type TokenSource } from './token-source.js'

/** A correlation with its token in the field `Field` of the request and response payloads. */
export interface PayloadFieldCorrelation<Field extends string> extends Correlation {
  readonly field: Field
}

/** Options of `payloadField`. */
export interface PayloadFieldOptions<TopicField extends string = string> {
  /** Where the token comes from if the request value has none. @defaultValue 'uuid' */
  readonly token?: TokenSource
  /**
   * The field of the request that names the response topic. If the value lacks it, it is set; a responder whose endpoint
   * has no response topic of its own responds there. @defaultValue none
   */
  readonly responseTopic?: ResponseTopicField<TopicField>
}

const payloadFieldOptionRules: OptionRules<PayloadFieldOptions> = {
  token: tokenSourceRule,
  responseTopic: { field: 'string', template: 'string' } satisfies OptionRules<ResponseTopicField<string>>,
}

/**
 * Creates a correlation by a field of the request and response payloads, for peers without MQTT 5 properties.
 *
 * If a request value lacks the field, it is set to a new token; if a response value lacks it, to the token of the request.
 * A failure is not retried if the value had the field: a responder repeats the response of a token.
 * With MQTT 5, the token is sent as Correlation Data as well, so that a failure without a payload can be matched.
 *
 * @example
 * ```ts
 * const correlation = payloadField('id', { token: 'number', responseTopic: { field: 'src', template: '{src}/rpc' } })
 * ```
 */
export function payloadField<const Field extends string, const TopicField extends string = never>(
  field: Field,
  options: PayloadFieldOptions<TopicField> = {},
): PayloadFieldCorrelation<Field | TopicField> {
  requireArgument('field', field, 'string')
  requireArgument('options', options, payloadFieldOptionRules)
  const base = correlationByField(field)
  const { token = 'uuid', responseTopic } = options
  const createToken = tokenCreator(token)
  const withToken = createToken === undefined ? base : { ...base, createToken }
  return responseTopic === undefined
    ? withToken
    : withResponseTopic(withToken, responseTopicInField(responseTopic))
}

/** One correlation per field, so that all endpoints that use the field share a table. */
const correlations = new Map<string, PayloadFieldCorrelation<string>>()

function correlationByField<Field extends string>(field: Field): PayloadFieldCorrelation<Field> {
  const existing = correlations.get(field) as PayloadFieldCorrelation<Field> | undefined
  if (existing !== undefined) return existing
  const correlation = byField(field)
  correlations.set(field, correlation)
  return correlation
}

/** Names the response topic in the payload of the request. */
function withResponseTopic<Field extends string>(
  base: PayloadFieldCorrelation<Field>,
  { field, toField, fromField }: ResponseTopicInField,
): PayloadFieldCorrelation<Field> {
  return {
    ...base,
    correlate: (request) => {
      const named = fieldOf(request.value, field) ?? toField(request.responseTopic)
      return base.correlate({ ...request, value: withField(request.value, field, named) })
    },
    readRequest: (request) => {
      const read = base.readRequest(request)
      const decoded = request.value()
      const named = isRight(decoded) ? fromField(fieldOf(decoded.right, field)) : undefined
      return named === undefined ? read : { ...read, responseTopic: named }
    },
  }
}

function byField<const Field extends string>(field: Field): PayloadFieldCorrelation<Field> {
  const tokenIn = ({ value }: DecodableMessage): number | string | undefined => {
    const decoded = value()
    return isRight(decoded) ? fieldOf(decoded.right, field) : undefined
  }
  return {
    name: `payloadField(${field})`,
    field,
    readsPayload: true,
    isOrdered: false,
    correlate: (request) => {
      const token = fieldOf(request.value, field) ?? request.id
      const value = withField(request.value, field, token)
      const properties = { responseTopic: request.responseTopic, correlationData: toUtf8(String(token)) }
      return { token: String(token), value, properties }
    },
    tokenOf: (response) => tokenIn(response)?.toString() ?? correlationDataToken(response),
    readRequest: (request) => {
      const token = tokenIn(request)
      const { responseTopic, correlationData } = request.message
      return {
        responseTopic,
        token: token?.toString() ?? correlationDataToken(request),
        addToken: (response) => (token === undefined ? response : withField(response, field, token)),
        properties: correlationData === undefined ? {} : { correlationData },
      }
    },
  }
}

/** Returns the token in Correlation Data, which is UTF-8 text if this library created it. */
function correlationDataToken({ message: { correlationData } }: DecodableMessage): string | undefined {
  try {
    return correlationData && fromUtf8(correlationData)
  } catch {
    return correlationData && fromBytes(correlationData)
  }
}

function fieldOf(value: unknown, field: string): number | string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined
  const token = (value as Readonly<Record<string, unknown>>)[field]
  return typeof token === 'string' || typeof token === 'number' ? token : undefined
}

function withField(value: unknown, field: string, token: number | string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidArgument(
      `cannot add the field ${field} to ${renderValue(value)}: payloadField needs an object`,
    )
  }
  return Object.hasOwn(value, field) ? value : { [field]: token, ...value }
}
