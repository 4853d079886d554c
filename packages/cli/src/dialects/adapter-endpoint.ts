import { endpoint, type Endpoint } from '@antiphon/core'
import type { CommandEndpoint, DialectParts } from './command-endpoint.js'

/** The topics of an endpoint, as far as they are not those of its adapter. */
export interface AdapterTopics {
  readonly topic?: string
  readonly responseTopic?: string
  readonly responseFilter?: string
}

/** Creates an endpoint that differs from that of an adapter in its topics, and in that its requests are any JSON. */
export function adapterEndpoint(
  { correlation, response, failures, onFailure, cancel }: Endpoint,
  { name, topic, request, acceptsNotifications }: DialectParts,
  topics: AdapterTopics = {},
): CommandEndpoint {
  return endpoint({
    ...{ name, topic, ...topics, request, response, correlation, cancel, acceptsNotifications },
    ...(failures && { failureOf: failures.failureOf }),
    ...(onFailure && { onFailure }),
  })
}
