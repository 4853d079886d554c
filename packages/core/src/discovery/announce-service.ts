import { filter, ignoreElements, merge, Observable } from 'rxjs'
import { v4 } from 'uuid'
import { requireArgument } from '../argument.js'
import type { Codec } from '../codec/codec.js'
import type { Link } from '../link/link.js'
import { observeExchanges } from '../observe/observe-exchanges.js'
import { violationOf, withValue, type OptionRules } from '../option-rules.js'
import { requests$ } from '../requests.js'
import { serve } from '../serve.js'
import { validateTopicName } from '../topic/topic-name.js'
import { EndpointCounter } from './endpoint-counter.js'
import {
  announcements,
  announcementTopic,
  discoveryEndpoints,
  isVerb,
  pingRules,
  type DiscoveryEndpoint,
} from './protocol.js'
import type { AnnouncedEndpoint, EndpointInfo, ServiceInfo, ServiceOptions, ServiceStats } from './service.js'

const announcedRules: OptionRules<AnnouncedEndpoint> = {
  endpoint: 'object',
  group: 'string',
  schemaDigest: 'string',
  metadata: 'object',
}

const serviceOptionRules: OptionRules<ServiceOptions> = {
  ...pingRules,
  description: 'string',
  metadata: 'object',
  endpoints: (value) => {
    if (!Array.isArray(value)) return 'it must be an array of { endpoint }'
    for (const [index, announced] of value.entries()) {
      const violation = violationOf(announcedRules, announced, undefined)
      if (violation !== undefined) return `[${index}]${withValue(announced, violation)}`
    }
    return undefined
  },
  prefix: (value) => validateTopicName(value as string),
}

/**
 * Announces a service: responds to PING, INFO and STATS, which are sent to all services, to those of a name, or to one
 * instance. It says that it has come when its subscriptions are open, and that it goes when it is unsubscribed.
 *
 * The counts of STATS are those of the responders on this link whose endpoints have the announced names.
 *
 * - *on subscribe*: opens the link and subscribes to three filters.
 * - *next*: never. *complete*: the link was closed.
 * - *error*: the broker refused a subscription, or the link ended with an error.
 * - *unsubscribe*: announces that the service goes. Unsubscribe before you close the link.
 *
 * @example
 * ```ts
 * announceService$(link, { name: 'weather', version: '1.2.0', endpoints: [{ endpoint: temperature }] }).subscribe()
 * ```
 */
export function announceService$(link: Link, options: ServiceOptions): Observable<never> {
  requireArgument(
    'options',
    { ...options, name: options.name ?? '', endpoints: options.endpoints ?? null },
    serviceOptionRules,
  )
  const { prefix = 'services', name, version, instanceId = v4() } = options
  const ping = { name, instanceId, version }
  const info = { ...ping, ...toDetails(options) }
  return new Observable((subscriber) => {
    const startedAt = link.scheduler.now()
    const names = options.endpoints.map(({ endpoint }) => endpoint.name)
    const counter = new EndpointCounter(names, () => link.scheduler.now())
    const statsOf = (): ServiceStats => ({ ...ping, startedAt, endpoints: counter.stats() })
    const { all, byName, byInstance } = discoveryEndpoints(prefix)
    const publish = (announcement: unknown): void => {
      const payload = announcements.encode(announcement)
      const topic = announcementTopic(prefix)
      link.publish$({ topic, payload, contentType: announcements.contentType }).subscribe({
        error: () => undefined,
      })
    }
    let missing = 3
    const serve$ = (
      endpoint: DiscoveryEndpoint,
      params: Readonly<Record<string, string>>,
    ): Observable<never> =>
      requests$(link, endpoint, {
        params,
        onSubscribed: () => {
          // Again after a lost session, in which requests were missed.
          missing--
          if (missing <= 0) publish({ kind: 'started', ...info })
        },
      }).pipe(
        filter((request) => isVerb(request.params['verb'])),
        serve((request) => {
          const verb = request.params['verb']
          return verb === 'ping' ? ping : verb === 'info' ? info : statsOf()
        }),
        ignoreElements(),
      )
    subscriber.add(observeExchanges(link, counter))
    subscriber.add(
      merge(serve$(all, {}), serve$(byName, { name }), serve$(byInstance, { name, instanceId })).subscribe(
        subscriber,
      ),
    )
    subscriber.add(() => publish({ kind: 'stopped', ...ping }))
  })
}

function toDetails({
  description,
  metadata,
  endpoints,
}: ServiceOptions): Pick<ServiceInfo, 'description' | 'metadata' | 'endpoints'> {
  return {
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
    endpoints: endpoints.map(toEndpointInfo),
  }
}

function toEndpointInfo({ endpoint, ...details }: AnnouncedEndpoint): EndpointInfo {
  return {
    name: endpoint.name,
    topic: endpoint.topic.template,
    responses: endpoint.responses,
    requestTypes: contentTypesOf(endpoint.request),
    responseTypes: contentTypesOf(endpoint.response),
    ...details,
  }
}

function contentTypesOf({ contentType, members }: Codec<unknown>): readonly string[] {
  return members === undefined ? [contentType] : members.flatMap(contentTypesOf)
}
