import { request$, type Link, type RequestOptions } from '@antiphon/core'
import type { OperatorFunction } from 'rxjs'
import type { Reading } from './reading.js'
import { temperatureQuery } from './temperature-query.js'

/** The options of `requestTemperature$`. */
export interface TemperatureRequestOptions extends Omit<RequestOptions, 'responseTopic'> {
  /** The name of this instance in a pool of requesters, which receives its responses on `response/pool/<instance>`. */
  readonly instance?: string
}

/**
 * Requests the temperature of each city in a stream, and emits the readings. Responses arrive on a topic of this client, or
 * of its `instance` in the pool.
 *
 * - *on subscribe, next, complete, error, unsubscribe*: as `request$`.
 */
export function requestTemperature$(
  link: Link,
  { instance, ...options }: TemperatureRequestOptions = {},
): OperatorFunction<string, Reading> {
  const responseTopic = instance === undefined ? {} : { responseTopic: `response/pool/${instance}` }
  return request$(link, temperatureQuery, { ...options, ...responseTopic })
}
