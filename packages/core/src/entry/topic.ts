/**
 * The API for authors of routers: topic templates, relations between filters and topics, and tables that map topics or
 * filters to values.
 *
 * @packageDocumentation
 */

// Format and parse topics
export { literalTemplate } from '../topic/literal-template.js'
export { topicTemplate } from '../topic/topic-template.js'

// Compare filters and topics
export { covers } from '../topic/covers.js'
export { isMatch } from '../topic/is-match.js'
export { overlaps } from '../topic/overlaps.js'

// Validate filters and topics
export { assertTopicFilter, isSharedFilter, parseFilter, validateTopicFilter } from '../topic/topic-filter.js'
export type { ParsedFilter } from '../topic/topic-filter.js'
export { assertTopicName, validateTopicName } from '../topic/topic-name.js'

// Map topics or filters to values
export { TopicTree } from '../topic/topic-tree.js'
export type { TopicSearch } from '../topic/topic-tree.js'
export { TopicTrie } from '../topic/topic-trie.js'
export type { VisitRoute } from '../topic/route.js'
