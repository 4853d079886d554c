import { isRight } from 'fp-ts/lib/Either.js'
import { invalidArgument } from '../argument.js'
import type { Correlation, DecodableMessage } from './correlation.js'
import { fromUtf8, toUtf8 } from '../codec/utf8.js'
import { fromBytes } from './token.js'

/** A strategy that keeps its token in the field `Field` of question and answer. */
export interface PayloadFieldCorrelation<Field extends string> extends Correlation {
  readonly field: Field
}

/**
 * A field of the payload carries the token, in the question and in its answer: for peers without MQTT 5 properties.
 *
 * A question without the field gets a fresh id, an answer without it the question's token. Where MQTT 5 is spoken,
 * Correlation Data travels as well, so that a failure without a payload still finds its question.
 */
export function payloadField<const Field extends string>(field: Field): PayloadFieldCorrelation<Field> {
  const tokenIn = ({ value }: DecodableMessage): string | undefined => {
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
      const properties = { responseTopic: request.responseTopic, correlationData: toUtf8(token) }
      return { token, value, properties }
    },
    tokenOf: (response) => tokenIn(response) ?? tokenBeside(response),
    readRequest: (request) => {
      const token = tokenIn(request)
      const { responseTopic, correlationData } = request.message
      return {
        responseTopic,
        token: token ?? tokenBeside(request),
        addToken: (response) => (token === undefined ? response : withField(response, field, token)),
        properties: correlationData === undefined ? {} : { correlationData },
      }
    },
  }
}

/** The token in Correlation Data, which is text where it is one of ours. */
function tokenBeside({ message: { correlationData } }: DecodableMessage): string | undefined {
  try {
    return correlationData && fromUtf8(correlationData)
  } catch {
    return correlationData && fromBytes(correlationData)
  }
}

function fieldOf(value: unknown, field: string): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined
  const token = (value as Readonly<Record<string, unknown>>)[field]
  return typeof token === 'string' || typeof token === 'number' ? String(token) : undefined
}

function withField(value: unknown, field: string, token: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidArgument(`the value has no place for the field ${field}: payloadField needs an object`)
  }
  return Object.hasOwn(value, field) ? value : { [field]: token, ...value }
}
