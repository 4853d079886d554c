import { json, type Endpoint } from '@antiphon/core'
import { commandEndpointAt, commandUpdatesAt } from './commands/endpoints.js'
import { jobEndpoints } from './jobs/endpoints.js'
import { operation } from './service/operation.js'
import { classicShadow, namedShadow } from './shadow/endpoints.js'

/** The operations that a service accepts or rejects, for any thing. */
const operations: readonly Endpoint[] = [classicShadow, namedShadow, jobEndpoints].flatMap(
  (endpoints): readonly Endpoint[] => Object.values<Endpoint>({ ...endpoints }),
)

const commandTopic =
  /^(\$aws\/commands\/(?:things|clients)\/[^/]+\/executions\/[^/]+)\/(request|response)\/json$/

/**
 * Creates the endpoint of a request topic of shadows, jobs or commands, for programs that get topics from their users. The topic
 * may be that of one thing, or have parameters. Returns `undefined` for a topic that has no responses.
 *
 * @example
 * ```ts
 * const shadow = endpointOfTopic('$aws/things/lamp/shadow/get')
 * ```
 */
export function endpointOfTopic(topic: string): Endpoint | undefined {
  const [, execution, direction] = commandTopic.exec(topic) ?? []
  if (execution !== undefined)
    return direction === 'request'
      ? commandEndpointAt(execution, json.unchecked<unknown>())
      : commandUpdatesAt(execution)
  const found = operations.find(({ topic: template }) => template.match(topic) !== undefined)
  return found && operation(topic, found)
}
