import type { Endpoint } from '../endpoint.js'
import { ManyResponses } from './many-responses.js'
import type { ExchangeRules } from './options.js'
import { singleResponse, type ResponseHandler } from './response-handler.js'

/** Returns the factory of response handlers for an endpoint with one or many responses. */
export function responseHandlerFor(
  { responses }: Endpoint,
  { timeout, credit }: ExchangeRules,
): () => ResponseHandler {
  if (responses === 'one') return () => singleResponse
  return () => new ManyResponses({ timeout, credit, isConsumedOnArrival: true })
}
