import type { Codec, Endpoint, EndpointTypes, Link, RequestsOptions } from '@antiphon/core'
import type { DialectName } from '../flags/correlation-flags.js'

/** An endpoint of the command line. */
export interface CommandEndpoint extends Endpoint {
  /** How values are in payloads; absent if a payload is a value. */
  readonly framing?: Framing
  /** Returns the link for messages of this endpoint. @defaultValue the same link */
  readonly toLink?: (link: Link) => Link
  /** How its requests are served, unless the command line says otherwise. */
  readonly serving?: Pick<RequestsOptions<EndpointTypes>, 'acknowledge' | 'controlTopic'>
}

/** Returns the link for messages of an endpoint. */
export function linkFor({ toLink }: CommandEndpoint, link: Link): Link {
  return toLink === undefined ? link : toLink(link)
}

/** How a platform puts values into payloads. */
export interface Framing {
  /** Returns what is sent as the request with a value; `undefined` for an empty one. */
  readonly toSent: (topic: string, value: unknown) => unknown
  /** Returns the value of a received request. */
  readonly dataOf: (received: unknown) => unknown
  /** Returns the responses with these values: one, or a stream with its end. */
  readonly toResponses: (values: readonly unknown[], isStream: boolean) => Promise<readonly unknown[]>
  /** Returns the value in a received response, if it has one. */
  readonly valuesOf: (response: unknown) => readonly unknown[]
}

/** What an endpoint of a dialect is made of. */
export interface DialectParts {
  readonly name: DialectName
  readonly topic: string
  readonly responseTopic?: string | undefined
  /** The codec of requests that are JSON. */
  readonly request: Codec<unknown>
  /** The Content Type of requests in a dialect that prescribes none. */
  readonly contentType?: string | undefined
  readonly isResponder: boolean
  readonly acceptsNotifications: boolean
}

/** Creates the endpoint of a topic in the dialect of a platform: its tokens, its failures, and the topics of its responses. */
export type Dialect = (parts: DialectParts) => CommandEndpoint
