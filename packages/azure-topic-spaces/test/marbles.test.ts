import { like, marbles } from '@antiphon/testing'
import { delay, map, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { serveUnlock, unlock$, unlockEither$, type UnlockRequest } from '../src/index.js'

const req = 'vehicles/unlock/req/car1/mobile1'
const res = 'vehicles/unlock/res/mobile1/car1'
const command = (commandId: string) => ({
  topic: req,
  qos: 1 as const,
  payload: { command: 'unlock', commandId, requestorId: 'mobile1', authorization: 'a', credentials: 'c' },
})
const success = (commandId: string) => ({ topic: res, payload: { commandId, result: 'Success' } })
const device = (clientId: string) => ({ clientId, clean: false, protocolVersion: 4 as const })

describe('serveUnlock in marbles', () => {
  it(
    'unlocks once per command and sends a duplicate the same response',
    marbles(({ link, publish, expectPublished, expectSubscribed }) => {
      const opened: string[] = []
      const unlock = ({ commandId }: UnlockRequest) => {
        opened.push(commandId)
        return of('Success')
      }
      serveUnlock(link(device('car1')), 'car1', { unlock }).subscribe(() =>
        expect(opened).toEqual([...new Set(opened)]),
      )
      publish('                      --a-b-a--', { a: command('1'), b: command('2') })
      expectPublished(res).toBe('    --x-y-x--', { x: success('1'), y: success('2') })
      expectSubscribed('vehicles/unlock/req/car1/#').toBe('^')
    }),
  )

  it(
    'publishes a response after a reconnect without unlocking twice',
    marbles(({ broker, link, publish, expectPublished }) => {
      const car = link(device('car1'))
      let runs = 0
      const unlock = () => of(`Success ${(runs += 1)}`).pipe(delay(3, car.scheduler))
      serveUnlock(car, 'car1', { unlock }).subscribe()
      broker.play('                ---x---------r--', { clientId: 'car1' })
      publish('                    -a--------------', { a: command('1') })
      expectPublished(res).toBe('  -------------x--', {
        x: { payload: { commandId: '1', result: 'Success 1' } },
      })
    }),
  )

  it(
    'receives after a reconnect a command published while it was offline',
    marbles(({ broker, link, publish, expectPublished }) => {
      serveUnlock(link(device('car1')), 'car1').subscribe()
      broker.play('               -x------r--', { clientId: 'car1' })
      publish('                   ----a------', { a: command('1') })
      expectPublished(res).toBe(' --------x--', { x: success('1') })
    }),
  )

  it(
    'ignores a malformed command, keeps serving, and answers a redelivered command once',
    marbles(({ broker, link, publish, expectPublished }) => {
      serveUnlock(link(device('car1')), 'car1').subscribe()
      const malformed = { topic: req, payload: '{', qos: 1 as const }
      broker.play('               ---w-----', { clientId: 'car1' })
      publish('                   -p--a----', { p: malformed, a: command('1') })
      expectPublished(res).toBe(' ----x---', { x: success('1') })
    }),
  )
})

describe('unlock$ in marbles', () => {
  it(
    'emits the response of each car when it arrives',
    marbles(({ cold, link, expectObservable }) => {
      const slow = link(device('car2'))
      serveUnlock(link(device('car1')), 'car1').subscribe()
      serveUnlock(slow, 'car2', { unlock: () => of('Success').pipe(delay(4, slow.scheduler)) }).subscribe()
      const cars$ = cold('              --b-a---|', { a: 'car1', b: 'car2' })
      const results$ = cars$.pipe(
        unlock$(link(device('mobile1')), 'mobile1'),
        map(({ result }) => result),
      )
      expectObservable(results$).toBe(' ----x-x-|', { x: 'Success' })
    }),
  )

  it(
    'emits a failed unlock and a timeout with its step as Left, and continues',
    marbles(({ cold, link, expectObservable }) => {
      serveUnlock(link(device('car1')), 'car1', { unlock: () => of('Flat battery') }).subscribe()
      const cars$ = cold('              --b-a----', { a: 'car1', b: 'car2' })
      const results$ = cars$.pipe(
        unlockEither$(link(device('mobile1')), 'mobile1', { timeout: 5 }),
        map((response) => (response._tag === 'Left' ? response.left : response.right)),
      )
      expectObservable(results$).toBe(' ----x--y-', {
        x: like({ code: 'status', status: like({ applicationCode: 'Flat battery' }) }),
        y: like({ code: 'timeout', awaited: 'response' }),
      })
    }),
  )
})
