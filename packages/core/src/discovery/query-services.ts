import { isLeft } from 'fp-ts/lib/Either.js'
import { Observable } from 'rxjs'
import { v4 } from 'uuid'
import { requireArgument } from '../argument.js'
import { AntiphonError } from '../errors.js'
import { gather$ } from '../gather.js'
import { baseOf } from '../link/base-link.js'
import type { Link } from '../link/link.js'
import { durationRule, type OptionRules } from '../option-rules.js'
import { validateTopicName } from '../topic/topic-name.js'
import { discoveryEndpoints, pingRules, readService, type ServiceResponses, type Verb } from './protocol.js'
import type { ServiceInfo, ServicePing, ServiceStats } from './service.js'

/** Which services are queried, and for how long. */
export interface QueryOptions {
  /** Only the services of this name. @defaultValue all */
  readonly name?: string
  /** Only this instance; needs `name`. @defaultValue all */
  readonly instanceId?: string
  /** The first level of all topics of discovery. @defaultValue 'services' */
  readonly prefix?: string
  /** Milliseconds to wait for responses. @defaultValue 2 000 */
  readonly timeout?: number
  /** Milliseconds without another response after which the stream completes, from the first one on. @defaultValue 500 */
  readonly stallTimeout?: number
}

/** The rules of `QueryOptions`. */
export const queryOptionRules: OptionRules<QueryOptions> = {
  name: pingRules.name,
  instanceId: pingRules.instanceId,
  prefix: (value) => validateTopicName(value as string),
  timeout: durationRule,
  stallTimeout: durationRule,
}

/**
 * Requests from services their name, instance id and version.
 *
 * - *on subscribe*: sends one request. *next*: the response of a service.
 * - *complete*: no further response has arrived for `stallTimeout`, or the `timeout` has passed.
 * - *error*: the request could not be sent. A response that is not valid is reported on `incidents$` as `malformed`.
 * - *unsubscribe*: ends the query.
 *
 * @example
 * ```ts
 * pingServices$(link).subscribe(({ name, instanceId }) => console.log(name, instanceId))
 * ```
 */
export function pingServices$(link: Link, options: QueryOptions = {}): Observable<ServicePing> {
  return query$(link, 'ping', options)
}

/** Requests from services their endpoints, with topics, content types, groups and metadata. Otherwise like `pingServices$`. */
export function serviceInfo$(link: Link, options: QueryOptions = {}): Observable<ServiceInfo> {
  return query$(link, 'info', options)
}

/** Requests from services the counts and processing times of their endpoints. Otherwise like `pingServices$`. */
export function serviceStats$(link: Link, options: QueryOptions = {}): Observable<ServiceStats> {
  return query$(link, 'stats', options)
}

function query$<V extends Verb>(link: Link, verb: V, options: QueryOptions): Observable<ServiceResponses[V]> {
  requireArgument('options', options, queryOptionRules)
  const { name = '', instanceId = '', prefix = 'services', timeout = 2_000, stallTimeout = 500 } = options
  requireArgument('options', { instanceId, name }, instanceRule)
  const { all, byName, byInstance } = discoveryEndpoints(prefix)
  const endpoint = name === '' ? all : instanceId === '' ? byName : byInstance
  const count = instanceId === '' ? {} : { count: 1 }
  return new Observable((subscriber) => {
    const request = { params: { verb, requester: v4(), name, instanceId }, value: {} }
    return gather$(link, endpoint, request, { timeout, stallTimeout, ...count }).subscribe({
      next: (response) => {
        // A responder that refuses the request is no service of this protocol.
        if (isLeft(response)) return reportMalformed(link, prefix, response.left.rawMessage)
        const read = readService(verb, response.right)
        if ('fault' in read) reportMalformed(link, prefix, read.fault)
        else subscriber.next(read.service)
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    })
  })
}

const instanceRule = (value: unknown): string | undefined => {
  const { instanceId, name } = value as Required<Pick<QueryOptions, 'instanceId' | 'name'>>
  return instanceId !== '' && name === '' ? '.instanceId is set without name: set both' : undefined
}

/** Reports a message of discovery that is not valid. */
export function reportMalformed(link: Link, prefix: string, fault: string): void {
  const error = new AntiphonError('protocol', `cannot read a message of discovery under ${prefix}: ${fault}`)
  baseOf(link).report({ kind: 'malformed', error })
}
