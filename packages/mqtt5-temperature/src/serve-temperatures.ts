import {
  requests$,
  serve,
  type DrainOptions,
  type Link,
  type ServeOptions,
  type ServeRecord,
} from '@antiphon/core'
import { of, type Observable } from 'rxjs'
import { temperatureQuery } from './temperature-query.js'
import { demoThermometer, type Thermometer } from './thermometer.js'

/** The options of `serveTemperatures`. */
export interface TemperatureServiceOptions extends ServeOptions, DrainOptions {
  /** Measures the temperature of a place. @defaultValue `demoThermometer()` */
  readonly thermometer?: Thermometer
  /** Shares the requests with all other responders of the group. The broker must support shared subscriptions. */
  readonly group?: string
}

/**
 * Serves temperature requests on a link. It answers malformed requests with status 400 and an empty payload, which a
 * requester cannot mistake for a temperature.
 *
 * - *next*: a record of each exchange. *complete, error, unsubscribe*: as `serve` over `requests$`.
 */
export function serveTemperatures(
  link: Link,
  {
    thermometer = demoThermometer(),
    group,
    drain$,
    drainBy,
    drainTimeout,
    ...options
  }: TemperatureServiceOptions = {},
): Observable<ServeRecord> {
  return requests$(link, temperatureQuery, {
    ...(group === undefined ? {} : { group }),
    ...(drain$ === undefined ? {} : { drain$ }),
    ...(drainBy === undefined ? {} : { drainBy }),
    ...(drainTimeout === undefined ? {} : { drainTimeout }),
  }).pipe(serve(({ value: city }) => of({ city, celsius: thermometer(city) }), options))
}
