/**
 * Devices of ThingsBoard as RxJS streams: RPC in both directions, and attributes.
 *
 * @packageDocumentation
 */

export { callPlatform, callPlatform$, serveMethods$ } from './methods.js'
export type { CallOptions, MethodHandler, MethodHandlers } from './methods.js'
export { getAttributes$, sharedUpdates$, type AttributeKeys } from './attributes.js'
export { attributesEndpoint, rpcEndpoint, type AttributesTypes, type RpcTypes } from './endpoints.js'
export type { Attributes, AttributesQuery, AttributesResponse, Call } from './frames.js'
