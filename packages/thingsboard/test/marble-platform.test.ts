import type { Link } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { like, marbles } from '@antiphon/testing'
import { callPlatform$, getAttributes$, serveMethods$, sharedUpdates$ } from '@antiphon/thingsboard'
import { marblePlatform } from '@antiphon/thingsboard/testing'
import { interval, map, merge, mergeMap, of, switchMap, type Observable } from 'rxjs'
import { it } from 'vitest'
import { getCurrentTime, setTemperature } from './methods.js'

/** Publishes a temperature at the period that the platform shares. */
const thermometer = (link: Link): Observable<unknown> =>
  merge(
    getAttributes$(link, { shared: ['period'] }).pipe(map(({ shared }) => shared)),
    sharedUpdates$(link),
  ).pipe(
    switchMap((shared) => interval(Number(shared?.['period']), link.scheduler)),
    mergeMap(() =>
      link.publish$({ topic: 'v1/devices/me/telemetry', payload: toUtf8('{"temperature":20}') }),
    ),
  )

it(
  'measures at the period that the platform shares, also after a change',
  marbles(
    (test) => {
      const platform = marblePlatform(test, { devices: { heater: { shared: { period: 2 } } } })
      const telemetry$ = platform.published$('heater', 'telemetry')
      platform.shares('heater', '                        -----p', { p: { period: 4 } })
      test.expectObservable(telemetry$, '^-------------!').toBe('--t-t----t---t', { t: { temperature: 20 } })
      thermometer(platform.link('heater')).subscribe()
    },
    { maxTime: 20 },
  ),
)

it(
  'calls the platform, and serves its calls',
  marbles((test) => {
    const methods = { getCurrentTime: () => of({ time: 7 }) }
    const platform = marblePlatform(test, { devices: { heater: {} }, methods })
    const link = platform.link('heater')
    serveMethods$(link, { setTemperature: () => of({ was: 20 }) }).subscribe()
    const results$ = platform.callsDevice$('heater', setTemperature, '--a--a', { a: { value: 26 } })
    const time$ = test.hot('-t').pipe(mergeMap(() => callPlatform$(link, getCurrentTime, {})))
    test.expectObservable(results$).toBe('                        --r--r', { r: { was: 20 } })
    test.expectObservable(time$).toBe('                           -t', { t: { time: 7 } })
    test.expectObservable(platform.calls$).toBe('                 -c', {
      c: { token: 'heater', method: 'getCurrentTime', params: {} },
    })
  }),
)

it(
  'fails a call of a device that does not respond',
  marbles((test) => {
    const platform = marblePlatform(test, { devices: { heater: {} } })
    platform.link('heater').subscription$('v1/devices/me/rpc/request/+').subscribe()
    const options = { timeout: 5 }
    const results$ = platform.callsDevice$('heater', setTemperature, '-a', { a: { value: 26 } }, options)
    test.expectObservable(results$).toBe('                        ------#', {}, like({ code: 'timeout' }))
  }),
)
