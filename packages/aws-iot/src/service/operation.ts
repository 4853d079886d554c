import {
  endpoint,
  type Codec,
  type ContractTypes,
  type Endpoint,
  type ExchangeOptions,
  type PayloadFieldCorrelation,
} from '@antiphon/core'
import { clientToken } from './client-token.js'
import { failureOf, rejectionCodec, toRejection } from './rejection.js'

/** The types of an operation: of its topic parameters, request and response. */
export type OperationTypes<Params extends string, Req, Res> = ContractTypes<
  Params,
  Req,
  Res,
  'one',
  PayloadFieldCorrelation<'clientToken'>
>

/** Options of a request to a service. */
export type CallOptions = Omit<ExchangeOptions, 'responseTopic' | 'credit' | 'totalTimeout'>

/** The name and codecs of an operation. */
export interface Operation<Req, Res> {
  readonly name: string
  readonly request: Codec<Req>
  readonly response: Codec<Res>
}

/** Creates the endpoint of an operation that a service accepts or rejects, below the topic of the request. */
export function operation<Params extends string, Req, Res>(
  topic: string,
  { name, request, response }: Operation<Req, Res>,
): Endpoint<OperationTypes<Params, Req, Res>> {
  return endpoint({
    name,
    topic,
    responseTopic: `${topic}/accepted`,
    failureTopic: `${topic}/rejected`,
    request,
    response,
    failure: rejectionCodec,
    failureOf,
    onFailure: toRejection,
    correlation: clientToken,
    // The services know no exchange control messages.
    cancel: 'local',
  }) as unknown as Endpoint<OperationTypes<Params, Req, Res>>
}
