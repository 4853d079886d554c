/**
 * Devices of ThingsBoard as RxJS streams: RPC in both directions, and attributes.
 *
 * @packageDocumentation
 */

export { callPlatform, callPlatform$, serveMethods$ } from './methods.js'
export type { CallOptions, MethodHandler, RpcMethod } from './methods.js'
export { getAttributes$, sharedUpdates$ } from './attributes.js'
export type { AttributeKeys, UpdateOptions } from './attributes.js'
export { attributesEndpoint, rpcEndpoint } from './endpoints.js'
export type { AttributesTypes, RpcTypes } from './endpoints.js'
export type { Attributes, AttributesQuery, AttributesResponse, Call } from './frames.js'
