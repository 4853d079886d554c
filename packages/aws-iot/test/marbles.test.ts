import {
  desired$,
  documents$,
  nextJob$,
  serveCommands$,
  updateJob$,
  updateShadow$,
  type ShadowName,
} from '@antiphon/aws-iot'
import { marbleService, marbleThing } from '@antiphon/aws-iot/testing'
import { json, type Link } from '@antiphon/core'
import { like, marbles } from '@antiphon/testing'
import * as t from 'io-ts'
import { concatMap, delay, EMPTY, map, of, type Observable } from 'rxjs'
import { describe, it } from 'vitest'

const lamp = { thing: 'lamp' }
const state$ = (link: Link, name: ShadowName = lamp): Observable<unknown> =>
  documents$(link, name).pipe(map(({ current }) => current.state))

describe('devices on a service that follows marbles', () => {
  it(
    'reports what is desired, also after a reconnect',
    marbles((test) => {
      const { broker, link, expectObservable, expectPublished } = test
      const service = marbleService(test)
      const device = link({ clientId: 'lamp' })
      const reported = (on: boolean) => ({ payload: like({ state: { reported: { on } } }) })
      expectPublished('$aws/things/lamp/shadow/update', { clientId: 'lamp' }).toBe('--u------v--', {
        u: reported(true),
        v: reported(false),
      })
      desired$(device, lamp)
        .pipe(concatMap(({ state }) => updateShadow$(device, { reported: state }, lamp)))
        .subscribe()
      service.updates(
        '                     --u------v--',
        { u: { desired: { on: true } }, v: { desired: { on: false } } },
        lamp,
      )
      broker.play('                         ----x--r----', { clientId: 'lamp' })
      expectObservable(state$(link())).toBe('--(ur)---(vs)', {
        u: { desired: { on: true } },
        r: { desired: { on: true }, reported: { on: true } },
        v: { desired: { on: false }, reported: { on: true } },
        s: { desired: { on: false }, reported: { on: false } },
      })
    }),
  )

  it(
    'carries out jobs one after the other',
    marbles((test) => {
      const { link, expectObservable } = test
      const service = marbleService(test)
      const device = link()
      const done$ = nextJob$(device, lamp).pipe(
        concatMap((execution) =>
          execution === undefined ? EMPTY : of(execution).pipe(delay(3, device.scheduler)),
        ),
        concatMap(({ jobId }) =>
          updateJob$(device, jobId, { status: 'SUCCEEDED' }, lamp).pipe(map(() => jobId)),
        ),
      )
      service.jobs(
        '               -ab-----',
        { a: { jobId: 'a', document: 1 }, b: { jobId: 'b', document: 2 } },
        'lamp',
      )
      expectObservable(done$).toBe('----a--b')
    }),
  )

  it(
    'serves commands',
    marbles((test) => {
      const { link, expectObservable } = test
      const service = marbleService(test)
      const device = link()
      serveCommands$(
        device,
        json(t.type({})),
        () => of({ isOn: true }).pipe(delay(2, device.scheduler)),
        lamp,
      ).subscribe()
      const statuses$ = service
        .commands('                  --c---', { c: { executionId: '1', payload: {} } }, lamp)
        .pipe(map(({ status }) => status))
      expectObservable(statuses$).toBe('--c-s-', { c: 'CREATED', s: 'SUCCEEDED' })
    }),
  )
})

describe('applications with a thing that follows marbles', () => {
  it(
    'sees what the device reports, and what it has missed once it has power again',
    marbles((test) => {
      const { link, expectObservable } = test
      const service = marbleService(test)
      const thing = marbleThing(test, {
        ...lamp,
        power: '                          t---f------t-',
        report: ({ level }) => ({ level: Math.min(Number(level), 100) }),
      })
      service.updates(
        '                    --u---v------',
        { u: { desired: { level: 50 } }, v: { desired: { level: 900 } } },
        lamp,
      )
      thing.reports('                      --------r----', { r: { level: 60 } })
      expectObservable(state$(link())).toBe('--(ab)c-d--e-', {
        a: { desired: { level: 50 } },
        b: { desired: { level: 50 }, reported: { level: 50 } },
        c: { desired: { level: 900 }, reported: { level: 50 } },
        d: { desired: { level: 900 }, reported: { level: 60 } },
        e: { desired: { level: 900 }, reported: { level: 100 } },
      })
    }),
  )

  it(
    'follows a named shadow, as it is desired',
    marbles((test) => {
      const { link, expectObservable } = test
      const service = marbleService(test)
      const config = { thing: 'lamp', shadow: 'config' }
      marbleThing(test, config)
      service.updates('                            --u-', { u: { desired: { period: 5 } } }, config)
      expectObservable(state$(link(), config)).toBe('--(ab)', {
        a: { desired: { period: 5 } },
        b: { desired: { period: 5 }, reported: { period: 5 } },
      })
    }),
  )
})
