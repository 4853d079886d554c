import { mrpcHeaders, type HeaderFault, type HeaderRule, type Message } from '@antiphon/core'
import { topicTemplate } from '@antiphon/core/topic'
import { ambiguousToken, type TopicPattern } from '../topic-pattern.js'
import { malformedTimestamp } from './message-headers.js'

/** Returns the check of a request's headers: those that the protocol requires, its timestamp, and its topic. */
export function requestHeaders({ template, parameters, openTokens }: TopicPattern): HeaderRule {
  const isRepeated = parameters.length > openTokens.length
  const topics = topicTemplate<string>(template)
  const topicFault = ({ topic }: Message): HeaderFault | undefined => {
    const token = isRepeated ? ambiguousToken(topics.match(topic) ?? {}) : undefined
    return token === undefined
      ? undefined
      : { name: 'Topic', value: topic, reason: `the token {${token}} has different values` }
  }
  return (request) => {
    const timestamp = malformedTimestamp(request)
    if (timestamp !== undefined)
      return { name: '__ts', value: timestamp, reason: 'the timestamp is malformed' }
    return mrpcHeaders(request) ?? topicFault(request)
  }
}
