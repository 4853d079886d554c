import { v4 as uuid } from 'uuid'
import { requireArgument } from '../argument.js'
import { withValue, type Violation } from '../option-rules.js'
import type { Correlation, ResponseCorrelation } from './correlation.js'
import { tokenCreator, tokenSourceRule, type TokenSource } from './token-source.js'

/** A correlation by response topic that creates the values of the parameters `Created`. */
export interface TopicParamsCorrelation<Created extends string> extends Correlation {
  readonly createdParams: readonly Created[]
}

const BY_TOPIC: Omit<Correlation, 'name' | 'isOrdered' | 'readRequest'> = {
  readsPayload: false,
  correlate: ({ value }) => ({ token: '', value, properties: {} }),
  tokenOf: () => '',
}

const NO_TOKEN: ResponseCorrelation = {
  responseTopic: undefined,
  token: undefined,
  addToken: (response) => response,
  properties: {},
}

/** The response topic alone distinguishes pending requests. */
const TOKEN_IN_TOPIC: ResponseCorrelation = { ...NO_TOKEN, token: '', isReusable: true }

const TOPIC_PARAMS: Correlation = {
  ...BY_TOPIC,
  name: 'topicParams',
  isOrdered: false,
  readRequest: () => TOKEN_IN_TOPIC,
}

const IN_ORDER: Correlation = {
  ...BY_TOPIC,
  name: 'inOrder',
  isOrdered: true,
  // A response with Correlation Data answers a request that sent it (MQTT 5 §4.10.1).
  tokenOf: ({ message }) => (message.correlationData === undefined ? '' : undefined),
  readRequest: () => NO_TOKEN,
}

/**
 * Creates a correlation by response topic: the template of the response topic has a parameter whose value is unique among
 * the pending requests. It needs no token in payload or properties, so any peer can respond.
 *
 * The requester passes the value with the other parameters, unless `created` says where it comes from.
 *
 * @example
 * ```ts
 * const rpc = endpoint({
 *   topic: 'v1/devices/me/rpc/request/{id}',
 *   responseTopic: 'v1/devices/me/rpc/response/{id}',
 *   request: text,
 *   response: text,
 *   correlation: topicParams({ id: 'number' }),
 * })
 * ```
 */
export function topicParams(): Correlation
export function topicParams<const Created extends string>(
  created: Readonly<Record<Created, TokenSource>>,
): TopicParamsCorrelation<Created>
export function topicParams(created: Readonly<Record<string, TokenSource>> = {}): Correlation {
  requireArgument('created', created, createdRule)
  const sources = Object.entries(created)
  if (sources.length === 0) return TOPIC_PARAMS
  const creators = sources.map(([name, source]) => [name, tokenCreator(source) ?? uuid] as const)
  return {
    ...TOPIC_PARAMS,
    createdParams: sources.map(([name]) => name),
    createParams: (params) =>
      Object.fromEntries(creators.map(([name, create]) => [name, String(create(params))])),
  }
}

function createdRule(value: unknown): Violation {
  if (typeof value !== 'object' || value === null) return 'it must be an object'
  for (const [name, source] of Object.entries(value)) {
    const violation = tokenSourceRule(source)
    if (violation !== undefined) return `.${name}${withValue(source, violation)}`
  }
  return undefined
}

/**
 * Creates a correlation without a token: the first response on a response topic belongs to the oldest pending request of
 * any endpoint. It is for peers that cannot carry a token. One lost response shifts all later ones, so prefer any other
 * correlation. Responses with Correlation Data are left to requests that sent it.
 */
export function inOrder(): Correlation {
  return IN_ORDER
}
