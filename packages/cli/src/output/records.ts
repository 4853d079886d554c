import type { Percentiles } from './percentiles.js'

/** A User Property: its name and its value. */
export type Property = readonly [name: string, value: string]

/** A payload in a record. */
export interface PayloadFields {
  /** The value: data of JSON, CBOR and MessagePack; text; or bytes as base64 or hexadecimal digits. */
  readonly value: unknown
  /** How to read `value`. */
  readonly format: 'base64' | 'cbor' | 'hex' | 'json' | 'msgpack' | 'protobuf' | 'text' | 'xml'
  readonly contentType?: string
  readonly userProperties: readonly Property[]
}

/** A line that a command prints with `--json`. */
export type OutputRecord =
  /** A response to a request. */
  | (PayloadFields & {
      readonly type: 'response'
      /** The topic of the request. */
      readonly topic: string
      /** The number of the request, from 1. */
      readonly request: number
      /** The number of the response to it, from 1. */
      readonly index: number
      /** Milliseconds from the start of the request. */
      readonly milliseconds: number
    })
  /** A failure: of one request, or of the command. */
  | {
      readonly type: 'error'
      readonly code: string
      readonly message: string
      readonly exitCode: number
      readonly request?: number
      readonly topic?: string
      readonly reasonCode?: number
      readonly status?: {
        readonly code: number
        readonly message?: string
        readonly applicationCode?: string
        readonly applicationPayload?: string
      }
    }
  /** The end of a command that has sent many requests. */
  | {
      readonly type: 'summary'
      readonly requests: number
      readonly answered: number
      readonly failed: number
      readonly milliseconds: number
      /** The percentiles of the times to the responses. */
      readonly latency?: Percentiles
    }
  /** The result of a benchmark. */
  | {
      readonly type: 'bench'
      readonly answered: number
      readonly failed: number
      /** The failures without a response in time. */
      readonly lost: number
      /** The responses that no request waited for. */
      readonly duplicated: number
      readonly perSecond: number
      readonly milliseconds: number
      /** The number of failures by the code of the error. */
      readonly errors: Readonly<Record<string, number>>
      readonly latency?: Percentiles
    }
  /** A request of another client, with its response. */
  | {
      readonly type: 'exchange'
      readonly topic: string
      readonly responseTopic: string
      readonly correlation?: string
      readonly request: PayloadFields
      /** The last response. */
      readonly response: PayloadFields
      readonly status?: number
      readonly responses: number
      readonly attempts: number
      readonly milliseconds: number
    }
  /** A request of another client without a response, or a response without a request. */
  | {
      readonly type: 'unmatched'
      readonly reason: 'no-request' | 'no-response'
      readonly topic: string
      readonly correlation?: string
      readonly message: PayloadFields
    }
  /** A replayed request whose response differs from the recorded one. */
  | {
      readonly type: 'mismatch'
      readonly request: number
      readonly topic: string
      readonly expected: string
      readonly received: string
    }
  /** A service that announces itself. */
  | {
      readonly type: 'service'
      readonly query: 'info' | 'ls' | 'ping' | 'stats'
      /** The response of the service; with `ls --watch` also `kind`: `found`, `changed` or `lost`. */
      readonly service: Readonly<Record<string, unknown>>
    }
  /** What a broker can do. */
  | {
      readonly type: 'capability'
      readonly name: string
      /** Whether the broker can do it; `undefined` if that is not known, or if it is a fact. */
      readonly isSupported?: boolean
      /** The fact, or what was observed. */
      readonly detail: string
    }
  /** The command listens to a topic; `url` is that of the page of `inspect`. */
  | { readonly type: 'ready'; readonly topic: string; readonly url?: string }
  /** A request that a responder has received. */
  | (PayloadFields & {
      readonly type: 'request'
      readonly topic: string
      readonly params: Readonly<Record<string, string>>
    })
  /** How a request was served. */
  | {
      readonly type: 'served'
      readonly topic: string
      readonly outcome: string
      readonly status?: number
      readonly message?: string
      readonly milliseconds: number
    }
