import type {
  Codec,
  Endpoint,
  EndpointTypes,
  CorrelatedRequest,
  Message,
  DecodableMessage,
} from '@antiphon/core'
import { decodeWith, encodeWith } from '@antiphon/core/codec'
import { isMatch, validateTopicFilter, validateTopicName } from '@antiphon/core/topic'
import { expectEqual, expectThat, readable } from '@antiphon/testing/internal'
import {
  array,
  assert,
  constant,
  integer,
  option,
  property,
  record,
  string,
  uint8Array,
  uuid,
} from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { isRight } from 'fp-ts/lib/Either.js'
import {
  findMismatches,
  type GeneratedRequest,
  type InterleavedExchange,
  type Params,
} from './interleaved-exchanges.js'
import { law, fastCheckParameters, type Law, type LawRuns } from './law.js'

/** The options of `endpointLaws`. */
export interface EndpointLawsOptions<T extends EndpointTypes> extends LawRuns {
  /** Generates requests. Leave out a token in the payload: the library adds it. */
  readonly request: Arbitrary<T['requestInput']>
  /** Generates responses. */
  readonly response: Arbitrary<T['responseInput']>
  /** Generates topic parameters. @defaultValue none */
  readonly params?: Arbitrary<T['params']>
}

/** A correlated request with its message on the wire. */
interface SentRequest extends CorrelatedRequest {
  readonly responseTopic: string
  readonly message: Message
}

/** The endpoint under test and the generators of its values. */
interface LawSubject {
  readonly endpoint: Endpoint
  readonly requestArbitrary: Arbitrary<GeneratedRequest>
  readonly paramsArbitrary: Arbitrary<Params>
  readonly responseArbitrary: Arbitrary<unknown>
  readonly runs: ReturnType<typeof fastCheckParameters>
}

/** The response topic of an endpoint without its own. */
const DEFAULT_RESPONSE_TOPIC = 'response/requester'

/**
 * Returns the laws of an endpoint and its correlation for any test framework. Install fast-check beside this package.
 *
 * They test that
 * - topic parameters are read back from the formatted topic, and response topics are valid;
 * - a response has the token of its request, and concurrent requests have different ones;
 * - no received message makes the correlation throw, and it reads the payload only with `readsPayload`;
 * - over a virtual link every response reaches its request in any order of arrival.
 *
 * @example
 * ```ts
 * describe('unlock', () => {
 *   for (const law of endpointLaws(unlock, { request, response, params })) it(law.name, law.check)
 * })
 * ```
 */
export function endpointLaws<T extends EndpointTypes>(
  endpoint: Endpoint<T>,
  options: EndpointLawsOptions<T>,
): readonly Law[] {
  const params = (options.params ?? constant({})) as Arbitrary<Params>
  const subject: LawSubject = {
    endpoint,
    paramsArbitrary: params,
    requestArbitrary: record({ id: uuid({ version: 4 }), params, value: options.request }),
    responseArbitrary: options.response,
    runs: fastCheckParameters(options),
  }
  return [...topicLaws(subject), ...tokenLaws(subject), foreignMessageLaw(subject), interleavingLaw(subject)]
}

function topicLaws({
  endpoint: { topic, responseTopic: template },
  paramsArbitrary,
  runs,
}: LawSubject): readonly Law[] {
  const forAll = (holds: (params: Params) => void) => (): void =>
    assert(property(paramsArbitrary, holds), runs)
  return [
    law(
      'reads the parameters back from the formatted topic',
      forAll((params) => {
        const formatted = topic.format(params)
        expectEqual(topic.match(formatted), params, `the parameters read from ${formatted}`)
        expectThat(
          isMatch(topic.filter({}), formatted),
          `the request filter ${topic.filter({})} does not match ${formatted}`,
        )
      }),
    ),
    law(
      'formats a valid response topic that its filter matches and requests do not use',
      forAll((params) => {
        if (template === undefined) return
        const address = template.format(params)
        const fault = validateTopicName(address.topic) ?? validateTopicFilter(address.filter)
        expectThat(
          fault === undefined,
          `invalid response topic ${address.topic} or response filter ${address.filter}: ${fault ?? ''}`,
        )
        expectThat(
          isMatch(address.filter, address.topic),
          `the response filter ${address.filter} does not match the response topic ${address.topic}`,
        )
        expectThat(
          !isMatch(topic.filter({}), address.topic),
          `the response topic ${address.topic} matches the request filter ${topic.filter({})}`,
        )
      }),
    ),
  ]
}

function tokenLaws({ endpoint, requestArbitrary, responseArbitrary, runs }: LawSubject): readonly Law[] {
  const {
    correlation,
    responseTopic: template,
    request: requestCodec,
    response: responseCodec,
    topic,
  } = endpoint
  return [
    law("reads the request's token from its response", () => {
      const lawProperty = property(requestArbitrary, responseArbitrary, (request, value) => {
        const { token, message, responseTopic } = sendRequest(endpoint, request)
        const { addToken, properties } = correlation.readRequest(decodable(message, requestCodec))
        const payload = encode(responseCodec, addToken(value))
        const responseMessage = receivedMessage({ topic: responseTopic, payload, ...properties })
        expectEqual(
          correlation.tokenOf(decodable(responseMessage, responseCodec)),
          token,
          'the token of the response',
        )
      })
      assert(lawProperty, runs)
    }),
    law('gives the responder the response topic of the request', () => {
      const lawProperty = property(requestArbitrary, (request) => {
        const { message, responseTopic } = sendRequest(endpoint, request)
        const fromTemplate = template?.format(paramsOf(endpoint, message)).topic
        const fromRequest = correlation.readRequest(decodable(message, requestCodec)).responseTopic
        expectEqual(fromTemplate ?? fromRequest, responseTopic, 'the response topic of the responder')
      })
      assert(lawProperty, runs)
    }),
    law('gives concurrent requests different tokens or response topics', () => {
      const lawProperty = property(array(requestArbitrary, { minLength: 2, maxLength: 16 }), (requests) => {
        if (correlation.isOrdered) return
        const requestByKey = new Map<string, GeneratedRequest>()
        for (const request of requests) {
          const { responseTopic, token } = sendRequest(endpoint, request)
          const key = JSON.stringify([responseTopic, token])
          const earlier = requestByKey.get(key)
          requestByKey.set(key, request)
          if (earlier === undefined || earlier.id === request.id) continue
          // With topic parameters as token, the application must not send the same parameters twice concurrently.
          const haveSameTopic =
            topic.parameters.length > 0 && topic.format(earlier.params) === topic.format(request.params)
          expectThat(
            haveSameTopic,
            `concurrent requests share the response topic ${responseTopic} and the token ${readable(token)}:\n${readable(earlier)}\n${readable(request)}`,
          )
        }
      })
      assert(lawProperty, runs)
    }),
  ]
}

function foreignMessageLaw({ endpoint, runs }: LawSubject): Law {
  const { correlation, request: requestCodec, response: responseCodec } = endpoint
  return law('reads any message without throwing, and its payload only with readsPayload', () => {
    const foreign = record({
      payload: uint8Array({ maxLength: 32 }),
      correlationData: option(uint8Array({ maxLength: 32 }), { nil: undefined }),
      responseTopic: option(string({ minLength: 1, maxLength: 8 }), { nil: undefined }),
    })
    const lawProperty = property(foreign, ({ payload, correlationData, responseTopic }) => {
      const message = receivedMessage({
        topic: DEFAULT_RESPONSE_TOPIC,
        payload,
        ...(correlationData === undefined ? {} : { correlationData }),
        ...(responseTopic === undefined ? {} : { responseTopic }),
      })
      for (const [codec, readMessage] of [
        [requestCodec, correlation.readRequest],
        [responseCodec, correlation.tokenOf],
      ] as const) {
        readMessage({
          message,
          value: () => {
            expectThat(
              correlation.readsPayload,
              `the correlation ${correlation.name} reads the payload: its readsPayload must be true`,
            )
            return decodeWith(codec, payload)
          },
        })
      }
    })
    assert(lawProperty, runs)
  })
}

function interleavingLaw({ endpoint, requestArbitrary, responseArbitrary, runs }: LawSubject): Law {
  const interleaved: Arbitrary<InterleavedExchange> = record({
    request: requestArbitrary,
    response: responseArbitrary,
    handlingTime: integer({ min: 1, max: 40 }),
  })
  return law('matches responses with their requests in any order of arrival', () => {
    const lawProperty = property(array(interleaved, { minLength: 1, maxLength: 8 }), (generated) => {
      const exchanges = withoutSharedKeys(endpoint, generated)
      expectEqual(findMismatches(endpoint, exchanges), [], 'the mismatches')
    })
    assert(lawProperty, runs)
  })
}

/** Removes exchanges that share the response topic and the token with an earlier one. */
function withoutSharedKeys(
  endpoint: Endpoint,
  exchanges: readonly InterleavedExchange[],
): readonly InterleavedExchange[] {
  if (endpoint.correlation.isOrdered) return exchanges
  const keys = new Set<string>()
  return exchanges.filter(({ request }) => {
    const { responseTopic, token } = sendRequest(endpoint, request)
    const key = JSON.stringify([responseTopic, token])
    return !keys.has(key) && keys.add(key)
  })
}

function sendRequest(endpoint: Endpoint, { id, params, value: input }: GeneratedRequest): SentRequest {
  const { correlation, responseTopic: template, request: requestCodec, topic } = endpoint
  const responseTopic = template?.format(params).topic ?? DEFAULT_RESPONSE_TOPIC
  const { token, value, properties } = correlation.correlate({ id, responseTopic, value: input })
  const message = receivedMessage({
    topic: topic.format(params),
    payload: encode(requestCodec, value),
    ...properties,
  })
  return { token, value, properties, responseTopic, message }
}

function paramsOf({ topic }: Endpoint, message: Message): Params {
  const params = topic.match(message.topic)
  expectThat(params !== undefined, `${message.topic} does not match the topic template ${topic.template}`)
  return params
}

function encode(codec: Codec<unknown>, value: unknown): Uint8Array {
  const payload = encodeWith(codec, value)
  if (!isRight(payload)) throw payload.left
  return payload.right
}

function decodable(message: Message, codec: Codec<unknown>): DecodableMessage {
  return { message, value: () => decodeWith(codec, message.payload) }
}

function receivedMessage(message: Omit<Message, 'qos' | 'retain' | 'dup'>): Message {
  return { qos: 1, retain: false, dup: false, ...message }
}
