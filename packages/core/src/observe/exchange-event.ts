import type { ErrorCode } from '../errors.js'
import type { QoS, UserProperties } from '../message.js'
import type { IgnoredReason } from './ignored-request.js'
import type { ServeOutcome } from './serve-record.js'

/** A message as events contain it. Everything in it is JSON. */
export interface ObservedMessage {
  readonly topic: string
  /** The size of the payload. */
  readonly bytes: number
  readonly qos?: QoS
  readonly retain?: true
  readonly dup?: true
  readonly responseTopic?: string
  /** The Correlation Data: text unchanged, 16 bytes as a UUID, other bytes in hexadecimal. */
  readonly correlationData?: string
  readonly contentType?: string
  readonly messageExpiryInterval?: number
  /** The User Properties; the values of redacted ones are `[redacted]`. */
  readonly userProperties?: UserProperties
  /** The payload or its beginning, only with `payloadBytes` of `observed`. */
  readonly payload?: string
  /** Absent if `payload` is text. */
  readonly payloadEncoding?: 'base64'
}

/** An error as events contain it. */
export interface ObservedError {
  readonly code?: ErrorCode
  readonly message: string
}

/** A request that was handed to the link. */
export interface RequestAttempt {
  /** Counts from 1. */
  readonly attempt: number
  /** The correlation token in readable form; the events of the responder have the same. */
  readonly correlation: string
  readonly message: ObservedMessage
}

/** What happened to an exchange at its requester. */
export type RequesterEvent = {
  readonly side: 'requester'
  readonly endpoint: string
  /** The number of the exchange, which all its events have. It counts from 1 for each link. */
  readonly exchange: number
} &
  /** The application sent a request, whose `timeout` is in milliseconds. */
  (
    | { readonly kind: 'requested'; readonly topic: string; readonly timeout: number }
    /** The response subscription is open. */
    | { readonly kind: 'subscribed'; readonly filter: string }
    /** The request was handed to the link: `sent` for the first time, `retried` for further attempts. */
    | ({ readonly kind: 'sent' } & RequestAttempt)
    | ({ readonly kind: 'retried' } & RequestAttempt)
    /** The broker acknowledged the request; 0x10 (16) means that it has no subscriber. */
    | { readonly kind: 'acknowledged'; readonly reasonCode: number }
    /** A responder has the request, and has named its control topic. */
    | { readonly kind: 'accepted'; readonly message: ObservedMessage }
    /** A response arrived, or a chunk of one. */
    | { readonly kind: 'received'; readonly message: ObservedMessage }
    /** The requester accepts so many items of the stream in all. */
    | { readonly kind: 'credit'; readonly total: number }
    /** The application cancelled the exchange. */
    | { readonly kind: 'cancelled' }
    /** The exchange ended; its last event. */
    | {
        readonly kind: 'settled'
        readonly outcome: 'responded' | 'failed' | 'timed-out' | 'cancelled'
        readonly error?: ObservedError
        /** The status of a failure that the responder reported. */
        readonly status?: number
      }
  )

/** What happened to a request at its responder. */
export type ResponderEvent = {
  readonly side: 'responder'
  readonly endpoint: string
} & (
  | ({
      /** The number of the request, which all its events have. It counts from 1 for each link. */
      readonly exchange: number
    } &
      /** A new request arrived. */
      (
        | {
            readonly kind: 'received'
            readonly correlation?: string
            /** The group of a shared subscription. */
            readonly group?: string
            readonly message: ObservedMessage
          }
        /** The handler started. */
        | { readonly kind: 'started' }
        /** A response, or an item of a stream, was handed to the link. */
        | { readonly kind: 'responded'; readonly message: ObservedMessage }
        /** The broker acknowledged a response. */
        | { readonly kind: 'acknowledged'; readonly reasonCode: number }
        /** The requester cancelled the request. */
        | { readonly kind: 'cancelled' }
        /** The requester accepts so many items of the stream in all. */
        | { readonly kind: 'credit'; readonly total: number }
        /** The request ended; its last event. `abandoned`: it stays unacknowledged at the broker. */
        | {
            readonly kind: 'settled'
            readonly outcome: ServeOutcome | 'abandoned'
            readonly status?: number
            readonly error?: ObservedError
            /** Milliseconds from its arrival to its end. */
            readonly duration?: number
            /** Milliseconds of them that it waited for its handler. */
            readonly waited?: number
          }
      ))
  /** A duplicate of an earlier request arrived. */
  | {
      readonly kind: 'duplicate'
      readonly correlation?: string
      readonly detail: string
      readonly message: ObservedMessage
    }
  /** A message on the request topic did not reach the handler. */
  | {
      readonly kind: 'ignored'
      readonly reason: IgnoredReason
      readonly detail: string
      readonly correlation?: string
      readonly status?: number
      readonly message: ObservedMessage
    }
)

/** What happened on a link outside of a single exchange. */
export type LinkEvent = { readonly side: 'link' } &
  /** The state of the connection changed. */
  (
    | { readonly kind: 'connecting'; readonly attempt: number }
    | { readonly kind: 'online'; readonly sessionPresent: boolean; readonly protocolVersion: 4 | 5 }
    | { readonly kind: 'offline'; readonly error: ObservedError; readonly retryIn: number }
    | { readonly kind: 'closed'; readonly error?: ObservedError }
    /** A response arrived that no exchange waits for. */
    | { readonly kind: 'unmatched'; readonly correlation?: string; readonly message: ObservedMessage }
    /** A fault that the link reports on `incidents$`; `incident` is its kind. */
    | {
        readonly kind: 'incident'
        readonly incident: string
        readonly error?: ObservedError
        readonly message?: ObservedMessage
      }
    /** So many events were lost here: the sink threw, or had no room. */
    | { readonly kind: 'dropped'; readonly count: number }
  )

/** An event of `observed`. It is JSON: lines of it are a recording. */
export type ExchangeEvent = (RequesterEvent | ResponderEvent | LinkEvent) & {
  /** Milliseconds since 1970, from a clock that does not go back while the link is used. */
  readonly at: number
  /** The client id; empty before the first connection. */
  readonly client: string
  /** Distinguishes the links whose events go to one sink. */
  readonly link: string
}

/** Receives the events of `observed`, synchronously. If it throws, the event is dropped and counted. */
export type EventSink = (event: ExchangeEvent) => void
