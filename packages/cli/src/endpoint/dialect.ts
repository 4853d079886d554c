import { randomUUID } from 'node:crypto'
import { endpoint, type Codec, type Endpoint } from '@antiphon/core'
import { shellyRpc } from '@antiphon/shelly'
import { attributesEndpoint, rpcEndpoint } from '@antiphon/thingsboard'
import { bridgeEndpoint } from '@antiphon/zigbee2mqtt'
import type { DialectName } from '../flags/correlation-flags.js'
import { usageError } from '../usage-error.js'

/** What an endpoint of a dialect is made of. */
export interface DialectParts {
  readonly topic: string
  readonly responseTopic?: string | undefined
  readonly request: Codec<unknown>
  readonly isResponder: boolean
  readonly acceptsNotifications: boolean
}

/** The endpoint of an adapter, and the topics of the responses to a topic. */
interface Dialect {
  readonly base: Endpoint
  readonly topic?: string
  readonly responseTopic?: string
  readonly responseFilter?: string
}

/** Two commands that run at once need different names, by which devices respond. */
const ownTopic = `antiphon-${randomUUID().slice(0, 8)}/rpc`

/** Creates the endpoint of a topic in the dialect of a platform: its tokens, its failures, and the topics of its responses. */
export function dialectEndpoint(name: DialectName, parts: DialectParts): Endpoint {
  const { base, ...topics } = dialects[name](parts)
  const { correlation, response, failures, onFailure, cancel } = base
  return endpoint({
    ...{ name, topic: parts.topic, ...topics, request: parts.request, response, correlation, cancel },
    ...(failures && { failureOf: failures.failureOf }),
    ...(onFailure && { onFailure }),
    acceptsNotifications: parts.acceptsNotifications,
  })
}

const dialects: Readonly<Record<DialectName, (parts: DialectParts) => Dialect>> = {
  shelly: ({ topic, responseTopic = ownTopic, isResponder }) => {
    requireTopic('shelly', topic.endsWith('/rpc'), '<device>/rpc')
    // A request names the topic of its response.
    return { base: shellyRpc, ...(!isResponder && { responseTopic }) }
  },
  zigbee2mqtt: ({ topic }) => {
    requireTopic('zigbee2mqtt', topic.includes('/bridge/request/'), 'zigbee2mqtt/bridge/request/<name>')
    return { base: bridgeEndpoint(), responseTopic: topic.replace('/bridge/request/', '/bridge/response/') }
  },
  thingsboard: ({ topic }) => {
    const [, start, kind] = /^(v1\/devices\/me\/(rpc|attributes))\/request(?:\/\{id\})?$/.exec(topic) ?? []
    requireTopic('thingsboard', start !== undefined, 'v1/devices/me/rpc/request, or …/attributes/request')
    return {
      base: kind === 'rpc' ? rpcEndpoint : attributesEndpoint,
      topic: `${start}/request/{id}`,
      responseTopic: `${start}/response/{id}`,
      responseFilter: `${start}/response/+`,
    }
  },
}

function requireTopic(name: DialectName, isOfDialect: boolean, expected: string): void {
  if (!isOfDialect) throw usageError(`--dialect ${name} needs a topic such as ${expected}`)
}
