/**
 * NestJS microservices over MQTT: a server, a client, a module and a health indicator.
 *
 * @packageDocumentation
 */

export { AntiphonServer, ANTIPHON_TRANSPORT } from './antiphon-server.js'
export type { AntiphonServerOptions } from './antiphon-server.js'
export type { HandlerOptions } from './handler-options.js'
export { AntiphonContext } from './antiphon-context.js'
export type { AntiphonContextArgs } from './antiphon-context.js'
export { AntiphonExceptionFilter } from './exception-filter.js'
export { rpcErrorOf } from './errors.js'
export { AntiphonClient } from './antiphon-client.js'
export type { AntiphonClientOptions } from './antiphon-client.js'
export { ANTIPHON_LINK, AntiphonModule, InjectLink } from './antiphon-module.js'
export type { AntiphonModuleAsyncOptions, AntiphonModuleOptions } from './antiphon-module.js'
export { InjectRequester, Requester, requesterToken } from './requester.js'
export type { RequesterOf } from './requester.js'
export { AntiphonHealthIndicator } from './health-indicator.js'
export type { LinkHealth } from './health-indicator.js'
export { nestEndpoint } from './wire/nest-wire.js'
export type { NestEndpointTypes, NestRequest, NestResponse } from './wire/nest-wire.js'
export type { LinkSource } from './link-source.js'
export type { WireOptions } from './wire-options.js'
