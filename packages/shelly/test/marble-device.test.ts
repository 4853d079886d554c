import { json, type Link } from '@antiphon/core'
import { like, marbles } from '@antiphon/testing'
import { callMethod$, notifications$, online$, status$, type ShellyMethod } from '@antiphon/shelly'
import { marbleDevice } from '@antiphon/shelly/testing'
import * as t from 'io-ts'
import { catchError, exhaustMap, filter, map, of, type Observable } from 'rxjs'
import { it } from 'vitest'

const device = 'shelly-1'
const options = { device, source: 'guard', timeout: 5 }
const setSwitch: ShellyMethod<{ readonly id: number; readonly on: boolean }, { readonly was_on: boolean }> = {
  name: 'Switch.Set',
  params: json(t.type({ id: t.number, on: t.boolean })),
  result: json(t.type({ was_on: t.boolean })),
}
const Relay = t.type({ 'switch:0': t.type({ apower: t.number }) })

/** Switches the relay off when it draws more than 2500 W, and emits what it has done. */
const overloadGuard = (link: Link): Observable<string> =>
  status$(link, options).pipe(
    filter((status) => Relay.is(status) && status['switch:0'].apower > 2_500),
    exhaustMap(() =>
      callMethod$(link, setSwitch, { id: 0, on: false }, options).pipe(
        map(() => 'switched off'),
        catchError(() => of('no response')),
      ),
    ),
  )

const relay = {
  device,
  status: { 'switch:0': { output: true, apower: 5 } },
  methods: { 'Switch.Set': () => of({ was_on: true }) },
}
const overload = { 'switch:0': { apower: 3_000 } }
const calls = {
  g: like({ method: 'Shelly.GetStatus' }),
  s: like({ method: 'Switch.Set', params: { id: 0, on: false } }),
}

it(
  'switches the relay off when it draws too much',
  marbles((test) => {
    const local = marbleDevice(test, relay)
    local.changes('                                              --o', { o: overload })
    test.expectObservable(local.calls$).toBe('                g-s', calls)
    test.expectObservable(overloadGuard(test.link())).toBe('  --s', { s: 'switched off' })
  }),
)

it(
  'emits that there is no response if the call to the relay is lost',
  marbles((test) => {
    const local = marbleDevice(test, relay)
    local.changes('                                              --o', { o: overload })
    test.broker.play('                                            -o', { clientId: device })
    test.expectObservable(local.calls$).toBe('                g', calls)
    test.expectObservable(overloadGuard(test.link())).toBe('  -------n', { n: 'no response' })
  }),
)

it(
  'is online while it has power',
  marbles((test) => {
    const local = marbleDevice(test, { ...relay, power: '-t--f--t' })
    test.expectObservable(online$(test.link(), device)).toBe('-t--f--t', { t: true, f: false })
    test.expectObservable(local.calls$).toBe('')
  }),
)

it(
  'says by its will that its connection is lost, and online again',
  marbles((test) => {
    const local = marbleDevice(test, relay)
    const push = { method: 'NotifyEvent', params: { events: [{ event: 'single_push' }] } }
    local.notifies('                                                         -p', { p: push })
    test.broker.play('                                                       ---x--r', { clientId: device })
    test.expectObservable(online$(test.link(), device)).toBe('               t--f--t', { t: true, f: false })
    test.expectObservable(notifications$(test.link(), device)).toBe('        -p', { p: like(push) })
  }),
)
