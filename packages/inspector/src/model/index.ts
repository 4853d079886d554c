/**
 * What the page of the inspector knows of exchanges, for tests and programs that read events themselves.
 *
 * @packageDocumentation
 */

export { ExchangeLog } from './exchange-log.js'
export type { LogBounds } from './exchange-log.js'
export type { DurationCounts } from './duration-counts.js'
export type { EndpointSeries, SeriesPoint } from './endpoint-series.js'
export type { StreamStalls } from './stream-stalls.js'
export type { ExchangeRow } from './exchange-row.js'
