/**
 * What an endpoint needs for requests that are streams of items. It is a property of the endpoint, so that only an application
 * with such an endpoint loads it.
 *
 * Requesters and responders know the types: an endpoint knows neither of them.
 */
export interface RequestStreams {
  /** The requester's `SendItems`. */
  readonly send: unknown
  /** The responder's `ReceiveItems`. */
  readonly receive: unknown
}
