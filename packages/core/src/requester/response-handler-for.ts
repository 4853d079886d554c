import type { Endpoint } from '../endpoint.js'
import { ManyResponses } from './many-responses.js'
import type { ExchangeRules } from './options.js'
import { singleResponse, type ResponseHandler } from './response-handler.js'

/** What the questions of an endpoint do with their replies. */
export function responseHandlerFor(
  { responses }: Endpoint,
  { timeout, credit }: ExchangeRules,
): () => ResponseHandler {
  if (responses === 'one') return () => singleResponse
  return () => new ManyResponses({ timeout, credit, isConsumedOnArrival: true })
}
