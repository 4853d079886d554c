import type { Endpoint } from '../endpoint.js'
import type { ResponseKind } from '../endpoint-types.js'

/** An endpoint that a service announces. */
export interface AnnouncedEndpoint {
  /** The endpoint that the service serves. */
  readonly endpoint: Endpoint
  /** The group of its shared subscription. @defaultValue none */
  readonly group?: string
  /** A digest of its schemas, such as the hash of a contract file, by which a reader sees that they differ. @defaultValue none */
  readonly schemaDigest?: string
  /** Anything that JSON can represent. @defaultValue none */
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** What a service announces of itself. */
export interface ServiceOptions {
  /** The name that all instances of the service share. */
  readonly name: string
  /** The version of the service, as text. */
  readonly version: string
  /** Distinguishes the instances of the service. @defaultValue a random UUID */
  readonly instanceId?: string
  /** What the service does, for people. */
  readonly description?: string
  /** Anything that JSON can represent, such as a location. @defaultValue none */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** The endpoints that the service serves. */
  readonly endpoints: readonly AnnouncedEndpoint[]
  /** The first level of all topics of discovery. @defaultValue 'services' */
  readonly prefix?: string
}

/** The response of a service to PING. */
export interface ServicePing {
  readonly name: string
  readonly instanceId: string
  readonly version: string
}

/** An endpoint as INFO describes it. */
export interface EndpointInfo {
  readonly name: string
  /** The template of the request topic. */
  readonly topic: string
  readonly responses: ResponseKind
  /** The content types that it reads, the preferred one first. */
  readonly requestTypes: readonly string[]
  /** The content types that it writes, the preferred one first. */
  readonly responseTypes: readonly string[]
  readonly group?: string
  readonly schemaDigest?: string
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** The response of a service to INFO. */
export interface ServiceInfo extends ServicePing {
  readonly description?: string
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly endpoints: readonly EndpointInfo[]
}

/** What a service counts of an endpoint, since it was announced. */
export interface EndpointStats {
  readonly name: string
  /** Requests received. */
  readonly requests: number
  /** Requests that ended without the response of the handler: failed, timed out, rejected or not sent. */
  readonly errors: number
  readonly lastError?: { readonly at: number; readonly message: string }
  /** Milliseconds from the arrival of a request to the end of its response, by percentile, each rounded up to a power of 2. */
  readonly processing: {
    readonly count: number
    readonly p50: number
    readonly p90: number
    readonly p99: number
  }
}

/** The response of a service to STATS. */
export interface ServiceStats extends ServicePing {
  /** When it was announced, in milliseconds since 1970 by its clock. */
  readonly startedAt: number
  readonly endpoints: readonly EndpointStats[]
}
