import type { Correlation } from './correlation/correlation.js'
import { endpoint, type Endpoint, type EndpointContract } from './endpoint.js'
import type { ContractTypes, ResponseKind } from './endpoint-types.js'
import { sendItems } from './requester/request-stream.js'
import { receiveItems } from './responder/request-stream-context.js'
import type { RequestStreams } from './stream/request-streams.js'
import { requireStreamable } from './stream/require-streamable.js'

const requestStreams: RequestStreams = { send: sendItems, receive: receiveItems }

/**
 * Creates an endpoint whose requests are streams of items: `request` of the contract is the codec of an item. The requester
 * passes an Observable, an iterable or an async iterable, and the handler receives `RequestItems`.
 *
 * It needs MQTT 5, the correlation `correlationData`, and a responder with a control topic. Throws `invalid-argument` if the
 * contract is invalid.
 *
 * @example
 * ```ts
 * const upload = requestStreamEndpoint({ topic: 'upload', request: text, response: text })
 * ```
 */
export function requestStreamEndpoint<
  const Topic extends string,
  Req,
  Res,
  Kind extends ResponseKind = 'one',
  Via extends Correlation = Correlation,
  const ResponseTopic extends string = '',
  SentReq = Req,
  SentRes = Res,
  Fail = Res,
  SentFail = SentRes,
>(
  contract: EndpointContract<Topic, Req, Res, Kind, Via, ResponseTopic, SentReq, SentRes, Fail, SentFail>,
): Endpoint<ContractTypes<Topic, Req, Res, Kind, Via, ResponseTopic, SentReq, SentRes, 'many'>> {
  const single: Endpoint = endpoint(contract)
  requireStreamable(contract, single.correlation)
  return { ...single, responses: single.responses as Kind, requests: 'many', requestStreams } as Endpoint<
    ContractTypes<Topic, Req, Res, Kind, Via, ResponseTopic, SentReq, SentRes, 'many'>
  >
}
