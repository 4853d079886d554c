/**
 * The messages of Nest's own MQTT transport, for programs that are no application of NestJS: this entry needs none of its
 * packages.
 *
 * @packageDocumentation
 */

export { nestEndpoint, nestWire } from './nest-wire.js'
export type { NestEndpointTypes, NestRequest, NestResponse } from './nest-wire.js'
export type { Wire } from './wire.js'
