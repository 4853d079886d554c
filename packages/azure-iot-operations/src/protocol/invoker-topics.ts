import { INVOKER_CLIENT_ID, topicPattern, type TopicPattern, type TopicTokens } from '../topic-pattern.js'

/** Which response topics an invoker uses. */
export interface InvokerTopicOptions {
  /** Levels before the request and response topics. @defaultValue none */
  readonly topicNamespace?: string
  /** Values of tokens in all topic patterns. Those that differ between requests are passed with each request. */
  readonly topicTokens?: TopicTokens
  /**
   * Levels before the request topic pattern that make it the response topic pattern; they may have tokens.
   * @defaultValue `clients/{invokerClientId}`, if neither prefix, suffix nor pattern is set
   */
  readonly responseTopicPrefix?: string
  /** Levels after the request topic pattern that make it the response topic pattern; they may have tokens. */
  readonly responseTopicSuffix?: string
  /** The response topic pattern, instead of a prefix and suffix to the request topic pattern. */
  readonly responseTopicPattern?: string
}

/** The patterns of an invoker's topics. */
export interface InvokerTopics {
  readonly request: TopicPattern
  readonly response: TopicPattern
  /** The open tokens of both, each once, without the one that the link has. */
  readonly openTokens: readonly string[]
  /** Whether a topic has the client identifier of the link. */
  readonly needsClientId: boolean
}

const DEFAULT_PREFIX = `clients/{${INVOKER_CLIENT_ID}}`

/** Returns the topics of an invoker. Throws `invalid-configuration` if a pattern, the namespace or a token is invalid. */
export function invokerTopics(requestTopicPattern: string, options: InvokerTopicOptions): InvokerTopics {
  const { topicNamespace, topicTokens = {}, responseTopicPattern: own } = options
  const resolve = (property: string, pattern: string): TopicPattern =>
    topicPattern({ property, pattern, topicNamespace, topicTokens })
  const request = resolve('requestTopicPattern', requestTopicPattern)
  if (own !== undefined) return patterns(request, resolve('responseTopicPattern', own))
  const { responseTopicSuffix: suffix } = options
  const prefix = options.responseTopicPrefix ?? (suffix === undefined ? DEFAULT_PREFIX : undefined)
  if (prefix !== undefined) resolve('responseTopicPrefix', prefix)
  if (suffix !== undefined) resolve('responseTopicSuffix', suffix)
  const parts = [prefix, requestTopicPattern, suffix].filter((part) => part !== undefined)
  return patterns(request, resolve('responseTopicPattern', parts.join('/')))
}

function patterns(request: TopicPattern, response: TopicPattern): InvokerTopics {
  const tokens = new Set([...request.openTokens, ...response.openTokens])
  const needsClientId = tokens.delete(INVOKER_CLIENT_ID)
  return { request, response, openTokens: [...tokens], needsClientId }
}
