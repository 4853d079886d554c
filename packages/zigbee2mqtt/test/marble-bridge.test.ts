import type { Link } from '@antiphon/core'
import { marbles } from '@antiphon/testing'
import { bridgeOnline$, deviceOnline$, deviceState$, setState$ } from '@antiphon/zigbee2mqtt'
import { marbleBridge } from '@antiphon/zigbee2mqtt/testing'
import { catchError, exhaustMap, filter, map, of, type Observable } from 'rxjs'
import { it } from 'vitest'

const devices = { door: { contact: true }, lamp: { state: 'OFF' } }

/** Switches the lamp on when the door opens, and emits whether that was confirmed. */
const entranceLight = (link: Link): Observable<boolean> =>
  deviceState$(link, 'door').pipe(
    filter(({ contact }) => contact === false),
    exhaustMap(() =>
      setState$(link, 'lamp', { state: 'ON' }, { timeout: 5 }).pipe(
        map(({ state }) => state === 'ON'),
        catchError(() => of(false)),
      ),
    ),
  )

const on = { device: 'lamp', action: 'set', attributes: { state: 'ON' } }

it(
  'switches the lamp on when the door opens',
  marbles((test) => {
    const bridge = marbleBridge(test, { devices })
    const confirmed$ = entranceLight(test.link())
    bridge.reports('door', '                      --o--c--o', {
      o: { contact: false },
      c: { contact: true },
    })
    test.expectObservable(bridge.commands$).toBe('--s-----s', { s: on })
    test.expectObservable(confirmed$).toBe('      --t-----t', { t: true })
  }),
)

it(
  'reports that a lamp without power has not confirmed',
  marbles((test) => {
    const bridge = marbleBridge(test, { devices })
    bridge.availability('lamp', '                      -f------t')
    bridge.reports('door', '                           --o-------o', { o: { contact: false } })
    test.expectObservable(bridge.commands$).toBe('     --s-------s', { s: on })
    test.expectObservable(entranceLight(test.link())).toBe('   -------f--t', { f: false, t: true })
    test.expectObservable(deviceOnline$(test.link(), 'lamp')).toBe('tf------t', { t: true, f: false })
  }),
)

it(
  'starts and stops the bridge, and says so by its will if its connection is lost',
  marbles((test) => {
    const bridge = marbleBridge(test, { running: '-t--f--t', devices })
    test.broker.play('                           ---------x--r', { clientId: 'zigbee2mqtt' })
    const state$ = deviceState$(test.link(), 'lamp').pipe(map(({ state }) => state))
    test.expectObservable(bridgeOnline$(test.link())).toBe('-t--f--t-f--t', { t: true, f: false })
    test.expectObservable(state$).toBe('                -o-----o', { o: 'OFF' })
    test.expectObservable(bridge.commands$).toBe('')
  }),
)

it(
  'takes another base topic',
  marbles((test) => {
    const options = { baseTopic: 'home' }
    marbleBridge(test, { ...options, devices }).reports('door', '   --o', { o: { contact: false } })
    test.broker.play('                                             ----x-r', { clientId: 'zigbee2mqtt' })
    test.expectObservable(bridgeOnline$(test.link(), options)).toBe('t---f-t', { t: true, f: false })
    test.expectPublished('home/door').toBe('                         c-o', {
      c: { payload: { contact: true } },
      o: { payload: { contact: false } },
    })
  }),
)
