import {
  endpoint,
  payloadField,
  type Codec,
  type ContractTypes,
  type Endpoint,
  type PayloadFieldCorrelation,
} from '@antiphon/core'
import { objectCodec } from '@antiphon/core/codec'
import * as either from 'fp-ts/lib/Either.js'
import { concat, isObservable, map, of } from 'rxjs'
import { anyJson } from './antiphon-wire.js'
import { failureIn, nestErrorOf } from './failures.js'
import { literalTemplate } from '../pattern.js'
import { valuesOfResult, type Wire } from './wire.js'

/** A request or an event as Nest's MQTT transport sends it. An event has no `id`. */
export interface NestRequest {
  readonly id?: string | number
  readonly pattern?: unknown
  readonly data?: unknown
}

/** A response as Nest's MQTT transport sends it: a value, the end, both in one, or an error. */
export interface NestResponse {
  readonly id: string | number
  readonly response?: unknown
  readonly err?: unknown
  readonly isDisposed?: boolean
}

/** The types of an endpoint that `nestEndpoint` creates. */
export type NestEndpointTypes = ContractTypes<
  '',
  NestRequest,
  NestResponse,
  'many',
  PayloadFieldCorrelation<'id'>
>

const isId = (id: unknown): boolean => typeof id === 'string' || typeof id === 'number'

/** The codec of requests. A message without `pattern` and `data` is invalid; Nest takes it for an event. */
const requestCodec: Codec<NestRequest> = withAnyJson(
  objectCodec(
    'a request with pattern, data and id',
    (packet): packet is Record<string, unknown> & NestRequest =>
      (packet['id'] === undefined || isId(packet['id'])) && ('pattern' in packet || 'data' in packet),
  ),
)

const responsePackets: Codec<NestResponse> = objectCodec(
  'a response with id',
  (packet): packet is Record<string, unknown> & NestResponse => isId(packet['id']),
)

/** The codec of responses. Of a program that knows only `id`, the rest is the response, as for Nest. */
const responseCodec: Codec<NestResponse> = {
  ...withAnyJson(responsePackets),
  decode: (payload, contentType) =>
    either.map((packet: NestResponse) =>
      isBare(packet) ? { id: packet.id, response: packet, isDisposed: true } : packet,
    )(responsePackets.decode(payload, contentType)),
}

function isBare(packet: NestResponse): boolean {
  return Object.keys(packet).length > 1 && !['response', 'err', 'isDisposed'].some((name) => name in packet)
}

/** The codec of events: of Nest's packets, and of what other programs publish, which becomes the data. */
const eventCodec: Codec<unknown> = {
  ...anyJson,
  accepts: () => true,
  decode: (payload) => {
    const packet = requestCodec.decode(payload)
    if (either.isRight(packet)) return packet
    const value = anyJson.decode(payload)
    return either.right({ data: either.isRight(value) ? value.right : new TextDecoder().decode(payload) })
  },
}

/** Writes JSON as Nest does, with dates and instances of classes. */
function withAnyJson<A>(codec: Codec<A>): Codec<A> {
  return { ...codec, encode: anyJson.encode }
}

/**
 * Creates the endpoint of a pattern of Nest's own MQTT transport, for programs that are no application of NestJS. A
 * responder emits `{ response }` for each value and `{ isDisposed: true }` at the end, or both in one.
 *
 * @example
 * ```ts
 * exchange$(link, nestEndpoint('math/sum'), { pattern: 'math/sum', data: [1, 2] })
 * ```
 */
export function nestEndpoint(pattern: string): Endpoint<NestEndpointTypes> {
  return endpointFor(pattern, literalTemplate(pattern))
}

function endpointFor(name: string, topic: string): Endpoint<NestEndpointTypes> {
  return endpoint({
    name,
    // Of a pattern with wildcards, the topic has parameters, which handlers get by their context alone.
    topic: topic as '',
    responseTopic: `${topic}/reply` as '',
    request: requestCodec,
    response: responseCodec,
    responses: 'many',
    isLast: ({ isDisposed }) => isDisposed === true,
    // As for Nest, an empty text is no error.
    failureOf: ({ err }) => (err ? failureIn(err) : undefined),
    onFailure: (failure) => ({ err: nestErrorOf(failure), isDisposed: true }),
    correlation: payloadField('id'),
    acceptsNotifications: true,
    cancel: 'local',
  })
}

/** The wire of Nest's own MQTT transport. It works with MQTT 5 and 3.1.1, and knows no cancels. */
export const nestWire: Wire = {
  endpoint: endpointFor,
  events: eventCodec,
  toSent: (pattern, data) => ({ pattern, data }),
  dataOf: (received) => (received as NestRequest).data,
  toResponses: (result) =>
    isObservable(result)
      ? concat(valuesOfResult(result).pipe(map((response) => ({ response }))), of({ isDisposed: true }))
      : of({ response: result, isDisposed: true }),
  valuesOf: (received) => {
    const { response } = received as NestResponse
    return response === undefined ? [] : [response]
  },
}
