import { requests$, serve, type Link, type ServeOptions, type ServeRecord } from '@antiphon/core'
import { of, type Observable } from 'rxjs'
import { temperatureQuery } from './temperature-query.js'
import { demoThermometer, type Thermometer } from './thermometer.js'

/** How the service answers. */
export interface TemperatureServiceOptions extends ServeOptions {
  /** @defaultValue the demo's */
  readonly thermometer?: Thermometer
  /** Shares the requests with all other responders of the group. The broker must know shared subscriptions. */
  readonly group?: string
}

/**
 * Answers temperature queries on a link: malformed ones with status 400 and an empty payload, which no caller can take
 * for a temperature.
 *
 * - *next*: a record of each exchange. *complete, error, unsubscribe*: as `serve` over `requests$`.
 */
export function serveTemperatures(
  link: Link,
  { thermometer = demoThermometer(), group, ...options }: TemperatureServiceOptions = {},
): Observable<ServeRecord> {
  return requests$(link, temperatureQuery, group === undefined ? {} : { group }).pipe(
    serve(({ value: city }) => of({ city, celsius: thermometer(city) }), options),
  )
}
