import { delta$, documents$, updateShadow$ } from '@antiphon/aws-iot'
import { withLocalService } from '@antiphon/aws-iot/testing'
import type { Link } from '@antiphon/core'
import { concatMap, map, type Observable } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { expect, it } from 'vitest'

const lamp = { thing: 'lamp' }

/** A device that does what is desired. */
const lamp$ = (link: Link): Observable<unknown> =>
  delta$(link, lamp).pipe(concatMap(({ state }) => updateShadow$(link, { reported: state }, lamp)))

it('tests a device in marbles, with the service on virtual time', () => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
  scheduler.run(({ expectObservable }) => {
    const { broker, link, publish, service } = withLocalService(scheduler)
    lamp$(link({ clientId: 'lamp' })).subscribe()
    const states$ = documents$(link({ clientId: 'app' }), lamp).pipe(map(({ current }) => current.state))
    const update = { topic: '$aws/things/lamp/shadow/update', payload: { state: { desired: { on: true } } } }
    broker.play('               ----x---r---', { clientId: 'lamp' })
    publish('                   --u---u-----', { u: update })
    expectObservable(states$).toBe('--(dr)e-----', {
      d: { desired: { on: true } },
      r: { desired: { on: true }, reported: { on: true } },
      e: { desired: { on: true }, reported: { on: true } },
    })
    scheduler.schedule(() => expect(service.shadow(lamp)?.version).toBe(3), 11)
  })
})
