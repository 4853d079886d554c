import { request$, type Link, type RequestOptions } from '@antiphon/core'
import type { OperatorFunction } from 'rxjs'
import type { Reading } from './reading.js'
import { temperatureQuery } from './temperature-query.js'

/** How the service is asked. */
export interface TemperatureRequestOptions extends Omit<RequestOptions, 'responseTopic'> {
  /** One of several requester instances: its answers come on `response/pool/<instance>`. */
  readonly instance?: string
}

/**
 * Turns a stream of cities into a stream of readings; each answer comes on a topic of this client's own, or of its
 * instance in the pool.
 */
export function requestTemperature$(
  link: Link,
  { instance, ...options }: TemperatureRequestOptions = {},
): OperatorFunction<string, Reading> {
  const place = instance === undefined ? {} : { responseTopic: `response/pool/${instance}` }
  return request$(link, temperatureQuery, { ...options, ...place })
}
