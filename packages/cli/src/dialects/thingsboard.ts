import { attributesEndpoint, rpcEndpoint } from '@antiphon/thingsboard'
import { adapterEndpoint } from './adapter-endpoint.js'
import type { Dialect } from './command-endpoint.js'
import { requireTopic } from './require-topic.js'

/** The dialect of ThingsBoard, for devices. */
export const thingsBoard: Dialect = (parts) => {
  const [, start, kind] =
    /^(v1\/devices\/me\/(rpc|attributes))\/request(?:\/\{id\})?$/.exec(parts.topic) ?? []
  requireTopic('thingsboard', start !== undefined, 'v1/devices/me/rpc/request, or …/attributes/request')
  const base = kind === 'rpc' ? rpcEndpoint : attributesEndpoint
  return adapterEndpoint(base, parts, {
    topic: `${start}/request/{id}`,
    responseTopic: `${start}/response/{id}`,
    responseFilter: `${start}/response/+`,
  })
}
