import type {
  Endpoint,
  EndpointTypes,
  ExchangeOptions,
  Message,
  OutgoingMessage,
  RequestArgument,
  RequestsOptions,
} from '@antiphon/core'

/** A request of a convention, and the values that its exchange shows to an application. */
export interface ConventionExample<T extends EndpointTypes> {
  /** The request, without a token that the library creates. Two that are sent in turn must not collide. */
  readonly request: RequestArgument<T>
  /** What the handler emits for it. */
  readonly response: T['responseInput']
  /** Whether the requester has received this response. @defaultValue always */
  readonly isResponse?: (received: T['response']) => boolean
}

/** What the peers of a convention send, in messages as their documentation shows them. Write them without the library. */
export interface ConventionPeer {
  /** Returns the response of a peer to a request. */
  readonly respond: (request: Message) => OutgoingMessage
  /** Returns a response that reports a failure. Leave it out if the convention has none. */
  readonly fail?: (request: Message) => OutgoingMessage
  /** Returns the first or second request of a peer; their tokens differ. */
  readonly request: (number: 1 | 2) => OutgoingMessage
  /** The filter on which that peer receives responses. */
  readonly responseFilter: string
  /** Whether a message responds to the request that the peer has sent. */
  readonly isResponse: (message: Message, request: OutgoingMessage) => boolean
  /** Whether a message reports a failure to the peer. @defaultValue none does */
  readonly isFailure?: (message: Message, request: OutgoingMessage) => boolean
}

/** What `conventionLaws` needs to know of a convention. */
export interface Convention<T extends EndpointTypes> {
  readonly endpoint: Endpoint<T>
  readonly example: ConventionExample<T>
  readonly peer: ConventionPeer
  /** The error that a handler throws to report a failure to the peer. @defaultValue an `Error` */
  readonly thrown?: Error
  /** The status with which a request fails that the peer's `fail` answers. @defaultValue any */
  readonly failureStatus?: number
  /** Options of each request, such as `responseTopic`. */
  readonly exchangeOptions?: ExchangeOptions
  /** Options of the responder, such as `params`. */
  readonly requestsOptions?: RequestsOptions<T>
  /** The versions of MQTT that its peers speak. @defaultValue both */
  readonly protocolVersions?: readonly (4 | 5)[]
  /** Whether responses carry a token, so that two requests at once may be answered in any order. @defaultValue true */
  readonly hasToken?: boolean
}
