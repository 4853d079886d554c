/**
 * Discovery: a service announces its endpoints, and others find it, its endpoints and their counts.
 *
 * @packageDocumentation
 */

// Announce a service
export { announceService$ } from '../discovery/announce-service.js'
export type { AnnouncedEndpoint, ServiceOptions } from '../discovery/service.js'

// Find services
export { discover$ } from '../discovery/discover.js'
export type { DiscoverOptions, DiscoveryEvent } from '../discovery/discover.js'
export { pingServices$, serviceInfo$, serviceStats$ } from '../discovery/query-services.js'
export type { QueryOptions } from '../discovery/query-services.js'
export type {
  EndpointInfo,
  EndpointStats,
  ServiceInfo,
  ServicePing,
  ServiceStats,
} from '../discovery/service.js'
