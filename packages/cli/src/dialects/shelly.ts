import { randomUUID } from 'node:crypto'
import { shellyRpc } from '@antiphon/shelly'
import { adapterEndpoint } from './adapter-endpoint.js'
import type { Dialect } from './command-endpoint.js'
import { requireTopic } from './require-topic.js'

/** Two commands that run at once need different names, by which devices respond. */
const ownTopic = `antiphon-${randomUUID().slice(0, 8)}/rpc`

/** The dialect of devices of Shelly. */
export const shelly: Dialect = (parts) => {
  const { topic, responseTopic = ownTopic, isResponder } = parts
  requireTopic('shelly', topic.endsWith('/rpc'), '<device>/rpc')
  // A request names the topic of its response.
  return adapterEndpoint(shellyRpc, parts, isResponder ? {} : { responseTopic })
}
