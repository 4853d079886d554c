import type { Link } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { numberRule, requireArgument } from '@antiphon/core/link'
import { concat, defer, forkJoin, of, repeat, timer, ignoreElements, type Observable } from 'rxjs'

/** A telemetry message of the demo. */
export interface Sample {
  /** Microseconds since 1970. */
  readonly time: number
  readonly sht_temperature: number
  readonly qmp_temperature: number
  readonly humidity: number
  readonly pressure: number
  /** The number of the message, from 1. */
  readonly count: number
}

/** The sensor values of a sample. */
export type Readings = Omit<Sample, 'time' | 'count'>

/** The options of `telemetry$`. */
export interface TelemetryOptions {
  /** The topic. @defaultValue 'iot/v1/mqtt' */
  readonly endpoint?: string
  /** Milliseconds between two messages. @defaultValue 10 000 */
  readonly messagePeriod?: number
  /** Called before each message. @defaultValue the constant values of the demo */
  readonly read?: () => Readings
}

const demoReadings: Readings = {
  sht_temperature: 23.8,
  qmp_temperature: 24.4,
  humidity: 56.1,
  pressure: 1012.2,
}

/**
 * Publishes a sample at once and then every `messagePeriod`, numbered from 1, at QoS 1. Each sample is acknowledged before
 * the next is sent.
 *
 * - *on subscribe*: publishes the first sample. *next*: a sample before it is published; offline, it waits for the link.
 *   *complete*: never.
 * - *error*: as `publish$` of the link. *unsubscribe*: stops publishing.
 */
export function telemetry$(
  link: Link,
  {
    endpoint: topic = 'iot/v1/mqtt',
    messagePeriod = 10_000,
    read = () => demoReadings,
  }: TelemetryOptions = {},
): Observable<Sample> {
  requireArgument('options', { messagePeriod }, { messagePeriod: numberRule(1) })
  return defer(() => {
    let count = 0
    return defer(() => {
      const sample: Sample = { time: link.scheduler.now() * 1_000, ...read(), count: (count += 1) }
      const sent$ = link.publish$({ topic, payload: toUtf8(JSON.stringify(sample)), qos: 1 })
      return concat(
        of(sample),
        forkJoin([sent$, timer(messagePeriod, link.scheduler)]).pipe(ignoreElements()),
      )
    }).pipe(repeat())
  })
}
