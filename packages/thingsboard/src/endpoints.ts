import {
  endpoint,
  json,
  topicParams,
  type ContractTypes,
  type Endpoint,
  type TopicParamsCorrelation,
} from '@antiphon/core'
import { isJsonObject } from '@antiphon/core/codec'
import {
  attributesCodec,
  callCodec,
  queryCodec,
  type AttributesQuery,
  type AttributesResponse,
  type Call,
} from './frames.js'

/** The types of `rpcEndpoint`. */
export type RpcTypes = ContractTypes<'rpc/{id}', Call, unknown, 'one', TopicParamsCorrelation<'id'>>

/** The types of `attributesEndpoint`. */
export type AttributesTypes = ContractTypes<
  'attributes/{id}',
  AttributesQuery,
  AttributesResponse,
  'one',
  TopicParamsCorrelation<'id'>
>

/**
 * The endpoint of calls in both directions, on the topics of a device. The library creates the parameter `id`. A response
 * with a text as `error` is a failure.
 */
export const rpcEndpoint: Endpoint<RpcTypes> = rpcEndpointOf('me')

/** The endpoint of requests for attributes, on the topics of a device. The library creates the parameter `id`. */
export const attributesEndpoint: Endpoint<AttributesTypes> = attributesEndpointOf('me')

/** Returns the endpoint of calls to and from one device; a device itself is `me`. */
export function rpcEndpointOf(device: string): Endpoint<RpcTypes> {
  const topic = `v1/devices/${device}/rpc`
  return endpoint({
    name: 'thingsboard rpc',
    topic: `${topic}/request/{id}`,
    responseTopic: `${topic}/response/{id}`,
    responseFilter: `${topic}/response/+`,
    request: callCodec,
    response: json.unchecked<unknown>(),
    failureOf: (result) =>
      isJsonObject(result) && typeof result['error'] === 'string'
        ? { code: 500, message: result['error'] }
        : undefined,
    onFailure: ({ message }) => ({ error: message }),
    correlation: topicParams({ id: 'number' }),
    // Neither the platform nor its devices know exchange control messages.
    cancel: 'local',
  })
}

/** Returns the endpoint of requests for the attributes of one device; a device itself is `me`. */
export function attributesEndpointOf(device: string): Endpoint<AttributesTypes> {
  const topic = `v1/devices/${device}/attributes`
  return endpoint({
    name: 'thingsboard attributes',
    topic: `${topic}/request/{id}`,
    responseTopic: `${topic}/response/{id}`,
    responseFilter: `${topic}/response/+`,
    request: queryCodec,
    response: attributesCodec,
    correlation: topicParams({ id: 'number' }),
    cancel: 'local',
  })
}
