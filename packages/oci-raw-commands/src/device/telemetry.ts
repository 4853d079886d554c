import type { Link } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { requireNumber } from '@antiphon/core/link'
import { concat, defer, forkJoin, of, repeat, timer, ignoreElements, type Observable } from 'rxjs'

/** What the device of the demo says of the weather. */
export interface Sample {
  /** Microseconds since 1970. */
  readonly time: number
  readonly sht_temperature: number
  readonly qmp_temperature: number
  readonly humidity: number
  readonly pressure: number
  /** From 1 on. */
  readonly count: number
}

/** What its sensors read. */
export type Readings = Omit<Sample, 'time' | 'count'>

/** How telemetry is sent. */
export interface TelemetryOptions {
  /** The topic. @defaultValue 'iot/v1/mqtt' */
  readonly endpoint?: string
  /** Milliseconds from one message to the next. @defaultValue 10 000 */
  readonly messageDelay?: number
  /** Asked before each message. @defaultValue the demo's, which never change */
  readonly read?: () => Readings
}

const demoReadings: Readings = {
  sht_temperature: 23.8,
  qmp_temperature: 24.4,
  humidity: 56.1,
  pressure: 1012.2,
}

/**
 * Sends a sample now and then every `messageDelay`, numbered from 1, each at QoS 1 and acknowledged before the next.
 *
 * - *next*: a sample that is about to be sent; while the link is offline it waits there. *complete*: never.
 * - *error*: what `publish$` of the link says. *unsubscribe*: sends no more.
 */
export function telemetry$(
  link: Link,
  {
    endpoint: topic = 'iot/v1/mqtt',
    messageDelay = 10_000,
    read = () => demoReadings,
  }: TelemetryOptions = {},
): Observable<Sample> {
  requireNumber('messageDelay', messageDelay, { least: 1 })
  return defer(() => {
    let count = 0
    return defer(() => {
      const sample: Sample = { time: link.scheduler.now() * 1_000, ...read(), count: (count += 1) }
      const sent$ = link.publish$({ topic, payload: toUtf8(JSON.stringify(sample)), qos: 1 })
      return concat(of(sample), forkJoin([sent$, timer(messageDelay, link.scheduler)]).pipe(ignoreElements()))
    }).pipe(repeat())
  })
}
