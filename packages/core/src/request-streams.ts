import type { Transfers } from './chunk/transfers.js'
import type { ResponseCorrelation } from './correlation/correlation.js'
import type { Delivery } from './link/link.js'
import { RequestStream } from './requester/request-stream.js'
import type { ResponseHandler } from './requester/response-handler.js'
import type { RequestContext } from './responder/request-context.js'
import { RequestStreamContext } from './responder/request-stream-context.js'
import type { ResponderContext } from './responder/responder-context.js'

/**
 * What an endpoint needs for requests that are streams of items, at either side.
 *
 * It is a property of the endpoint, so that only an application with such an endpoint loads it.
 */
export interface RequestStreams {
  /** Returns the response handler of a request that also sends its items. */
  readonly send: (items: unknown, responses: ResponseHandler) => ResponseHandler
  /** Returns the context of a request that also receives its items. */
  readonly receive: (
    responder: ResponderContext,
    delivery: Delivery,
    correlation: ResponseCorrelation,
    responseTopic: string | undefined,
    transfers: Transfers,
  ) => RequestContext
}

/** The request streams of each endpoint that has them. */
export const requestStreams: RequestStreams = {
  send: (items, responses) => new RequestStream(items, responses),
  receive: (...parts) => new RequestStreamContext(...parts),
}
