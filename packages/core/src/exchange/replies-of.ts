import type { Endpoint } from '../endpoint.js'
import { ManyReplies } from './many-replies.js'
import type { ExchangeRules } from './options.js'
import { oneReply, type Replies } from './replies.js'

/** What the questions of an endpoint do with their replies. */
export function repliesOf({ replies }: Endpoint, { timeout, credit }: ExchangeRules): () => Replies {
  if (replies === 'one') return () => oneReply
  return () => new ManyReplies({ patience: timeout, credit, consumesAtOnce: true })
}
