import {
  endpoint,
  json,
  topicParams,
  type ContractTypes,
  type Endpoint,
  type TopicParamsCorrelation,
} from '@antiphon/core'
import { isJsonObject } from '@antiphon/core/codec'
import { literalTemplate } from '@antiphon/core/topic'
import { attributesCodec, callCodec, queryCodec } from './frames.js'
import type { AttributesQuery, AttributesResponse, Call } from './frames.js'

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
  return endpoint({
    name: 'thingsboard rpc',
    ...onTopicsOf(device, 'rpc'),
    request: callCodec,
    response: json.unchecked<unknown>(),
    failureOf: (result) =>
      isJsonObject(result) && typeof result['error'] === 'string'
        ? { code: 500, message: result['error'] }
        : undefined,
    onFailure: ({ message }) => ({ error: message }),
  })
}

/** Returns the endpoint of requests for the attributes of one device; a device itself is `me`. */
export function attributesEndpointOf(device: string): Endpoint<AttributesTypes> {
  const topics = onTopicsOf(device, 'attributes')
  return endpoint({
    name: 'thingsboard attributes',
    ...topics,
    request: queryCodec,
    response: attributesCodec,
  })
}

function onTopicsOf(device: string, kind: string) {
  const topic = `v1/devices/${literalTemplate(device)}/${kind}`
  return {
    topic: `${topic}/request/{id}`,
    responseTopic: `${topic}/response/{id}`,
    responseFilter: `${topic}/response/+`,
    correlation: topicParams({ id: 'number' }),
    // Neither the platform nor its devices know exchange control messages.
    cancel: 'local',
  } as const
}
