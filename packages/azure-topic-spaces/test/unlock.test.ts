import {
  ignoredRequests$,
  unmatchedResponses$,
  type AntiphonError,
  type Link,
  type IgnoredRequest,
  type UnmatchedResponse,
} from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { isRight } from 'fp-ts/lib/Either.js'
import { delay, from, map, of, range } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { serveUnlock, unlock$, unlockEither$, type UnlockOptions, type UnlockRequest } from '../src/index.js'
import { inWorld } from './world.js'

const req = 'vehicles/unlock/req/car1/mobile1'
const res = 'vehicles/unlock/res/mobile1/car1'
const command = (commandId: string, requestorId = 'mobile1'): UnlockRequest => ({
  command: 'unlock',
  commandId,
  requestorId,
  authorization: 'pretty pretty please',
  credentials: 'with a cherry on top',
})

/** Sends unlock commands and returns a log of their results and errors. */
function sendRequest(link: Link, cars: readonly string[], options?: UnlockOptions): unknown[] {
  const log: unknown[] = []
  from(cars)
    .pipe(unlock$(link, 'mobile1', options))
    .subscribe({ next: ({ result }) => log.push(result), error: (error: unknown) => log.push(error) })
  return log
}

describe('the phone', () => {
  it('subscribes to responses and publishes the unlock command only after SUBACK', () => {
    inWorld(({ broker, device, advance, published }) => {
      const undo = broker.inject({ kind: 'delay', by: 500, packets: ['suback'] })
      sendRequest(device('mobile1'), ['car1'])
      advance(400)
      expect(broker.subscriptions()).toMatchObject([{ filter: 'vehicles/unlock/res/mobile1/#', qos: 1 }])
      expect(published).toEqual([])
      undo()
      advance(500)
      const [topic = '', payload = ''] = published[0] ?? []
      expect(topic).toBe(req)
      const { commandId } = JSON.parse(payload) as UnlockRequest
      expect(commandId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(payload).toBe(JSON.stringify(command(commandId)))
    })
  })

  it.each([
    ['CONNACK', 'connection', 'connack', 20],
    ['SUBACK', 'subscription', 'suback', 20],
    ['PUBACK', 'acknowledgement', 'puback', 20],
    ['the response', 'response', 'unsuback', 60],
  ] as const)('fails with timeout if %s does not arrive, with awaited: %s', (_, awaited, lost, seconds) => {
    inWorld(({ broker, device, advance }) => {
      broker.inject({ kind: 'drop', packets: [lost], clientId: 'mobile1', times: 1_000 })
      const log = sendRequest(device('mobile1'), ['car1'])
      advance(seconds * 1_000 - 10)
      expect(log).toEqual([])
      advance(20)
      expect(log).toMatchObject([{ code: 'timeout', awaited }])
    })
  })

  it('waits 20 s each for CONNACK, SUBACK and PUBACK, then 60 s for the response', () => {
    inWorld(({ broker, device, advance, published }) => {
      for (const packet of ['connack', 'suback', 'puback'] as const)
        broker.inject({ kind: 'delay', by: 19_000, packets: [packet], clientId: 'mobile1' })
      const car = device('car1')
      const unlock = () => of('Success').pipe(delay(77_000, car.scheduler))
      serveUnlock(car, 'car1', { unlock }).subscribe()
      const log = sendRequest(device('mobile1'), ['car1'])
      advance(3 * 19_000 + 57_000)
      expect([log, published.length]).toEqual([[], 1])
      advance(2_000)
      expect(log).toEqual(['Success'])
    })
  })

  it('waits for the response for the whole timeout option', () => {
    inWorld(({ device, advance }) => {
      const log = sendRequest(device('mobile1'), ['car1'], { timeout: 90_000 })
      advance(89_000)
      expect(log).toEqual([])
      advance(2_000)
      expect(log).toMatchObject([{ code: 'timeout', awaited: 'response' }])
    })
  })

  it.each([
    ['a number', 5],
    ['missing', undefined],
    ['an object', { code: 1 }],
  ])('fails with decode, at once, if the result is %s', (_, result) => {
    inWorld(({ device, advance, published, broker }) => {
      const log = sendRequest(device('mobile1'), ['car1'])
      advance(100)
      const { commandId } = JSON.parse(published[0]?.[1] ?? '{}') as UnlockRequest
      broker.publish({ topic: res, payload: toUtf8(JSON.stringify({ commandId, result })), qos: 1 })
      advance(100)
      expect(log).toEqual([
        expect.objectContaining({
          code: 'decode',
          message: expect.stringContaining('it must be a string') as string,
        }),
      ])
    })
  })

  it('fails with status if the car emits a result that is no string', () => {
    inWorld(({ device, advance }) => {
      serveUnlock(device('car1'), 'car1', { unlock: () => of(5) as never }).subscribe()
      advance(100)
      const log = sendRequest(device('mobile1'), ['car1'])
      advance(1_000)
      expect(log).toMatchObject([{ code: 'status' }])
    })
  })

  it('fails with status and the result as applicationCode if the result is not Success', () => {
    inWorld(({ device, advance }) => {
      serveUnlock(device('car1'), 'car1', { unlock: () => of('Battery empty') }).subscribe()
      advance(100)
      const log = sendRequest(device('mobile1'), ['car1'])
      advance(1_000)
      expect(log).toMatchObject([{ code: 'status', status: { applicationCode: 'Battery empty' } }])
      expect((log[0] as AntiphonError).message).toContain('Battery empty')
    })
  })

  it('continues after a failed unlock with unlockEither$', () => {
    inWorld(({ device, advance }) => {
      serveUnlock(device('car1'), 'car1').subscribe()
      serveUnlock(device('car2'), 'car2', { unlock: () => of('No') }).subscribe()
      advance(100)
      const log: unknown[] = []
      from(['car2', 'car1'])
        .pipe(unlockEither$(device('mobile1'), 'mobile1', { concurrency: 1 }))
        .subscribe((response) => log.push(isRight(response) ? response.right.result : response.left.code))
      advance(1_000)
      expect(log).toEqual(['status', 'Success'])
    })
  })

  it('ignores a response from another car than the command was sent to', () => {
    inWorld(({ device, advance, published, publish }) => {
      const phone = device('mobile1')
      const unmatched: UnmatchedResponse[] = []
      unmatchedResponses$(phone).subscribe((response) => unmatched.push(response))
      const log = sendRequest(phone, ['car1'])
      advance(100)
      const { commandId } = JSON.parse(published[0]?.[1] ?? '') as UnlockRequest
      publish('vehicles/unlock/res/mobile1/car2', { commandId, result: 'Success' })
      advance(100)
      expect(log).toEqual([])
      expect(unmatched.map(({ message }) => message.topic)).toEqual(['vehicles/unlock/res/mobile1/car2'])
      publish(res, { commandId, result: 'Success' })
      advance(100)
      expect(log).toEqual(['Success'])
    })
  })

  it('acknowledges foreign, malformed and duplicate responses and reports them on unmatchedResponses$', () => {
    inWorld(({ broker, device, advance, published, publish }) => {
      const phone = device('mobile1')
      const unmatched: UnmatchedResponse[] = []
      unmatchedResponses$(phone).subscribe((response) => unmatched.push(response))
      const log = sendRequest(phone, ['car1', 'car9'])
      advance(100)
      const { commandId } = JSON.parse(published[0]?.[1] ?? '') as UnlockRequest
      publish(res, { commandId: 'foreign', result: 'Success' })
      publish(res, 'no JSON')
      publish(res, { commandId, result: 'Success' })
      publish(res, { commandId, result: 'Success' })
      advance(100)
      expect(log).toEqual(['Success'])
      expect(unmatched).toHaveLength(3)
      expect(broker.session('mobile1')?.unacknowledged).toEqual([])
    })
  })
})

describe('the car', () => {
  it('subscribes to the car’s commands and responds to the phone in the topic', () => {
    inWorld(({ broker, device, advance, published, publish }) => {
      serveUnlock(device('car1'), 'car1').subscribe()
      advance(100)
      expect(broker.subscriptions()).toMatchObject([{ filter: 'vehicles/unlock/req/car1/#', qos: 1 }])
      publish(req, command('7'))
      advance(100)
      expect(published.at(-1)).toEqual([res, '{"commandId":"7","result":"Success"}'])
    })
  })

  it.each([
    ['CONNACK', 'connection', 'connack'],
    ['SUBACK', 'subscription', 'suback'],
  ] as const)(
    'fails serveUnlock with timeout if %s does not arrive within startTimeout, with awaited: %s',
    (_, awaited, lost) => {
      inWorld(({ broker, device, advance }) => {
        broker.inject({ kind: 'drop', packets: [lost], clientId: 'car1', times: 1_000 })
        const log: unknown[] = []
        const served$ = serveUnlock(device('car1'), 'car1', { startTimeout: 20_000 })
        served$.subscribe({ error: (error: unknown) => log.push(error) })
        advance(19_990)
        expect(log).toEqual([])
        advance(20)
        expect(log).toMatchObject([{ code: 'timeout', awaited }])
      })
    },
  )

  it('drains after servingPeriod and finishes the running unlock', () => {
    inWorld(({ device, advance, published, publish }) => {
      const car = device('car1')
      const log: string[] = []
      const unlock = () => of('Success').pipe(delay(5_000, car.scheduler))
      serveUnlock(car, 'car1', { startTimeout: 20_000, servingPeriod: 600_000, unlock }).subscribe({
        next: ({ outcome }) => log.push(outcome),
        complete: () => log.push('complete'),
      })
      advance(599_000)
      publish(req, command('7'))
      advance(4_000)
      expect(log).toEqual([])
      advance(2_000)
      expect(log).toEqual(['responded', 'complete'])
      expect(published.at(-1)).toEqual([res, '{"commandId":"7","result":"Success"}'])
    })
  })

  it('refuses a command whose requestorId is another phone, and responds to the phone in the topic', () => {
    inWorld(({ device, advance, published, publish }) => {
      const unlocked: string[] = []
      const unlock = ({ commandId }: UnlockRequest) => {
        unlocked.push(commandId)
        return of('Success')
      }
      const outcomes: string[] = []
      serveUnlock(device('car1'), 'car1', { unlock }).subscribe(({ outcome }) => outcomes.push(outcome))
      advance(100)
      publish(req, command('7', 'mobile2'))
      advance(100)
      expect(published.slice(1)).toEqual([
        [
          res,
          '{"commandId":"7","result":"refused: requestorId is not mobile1, the device that sent the command"}',
        ],
      ])
      expect([unlocked, outcomes]).toEqual([[], ['failed']])
    })
  })

  it('unlocks once for a commandId that is sent again 59 minutes later', () => {
    inWorld(({ device, advance, published, publish }) => {
      let runs = 0
      const unlock = () => of(`Success`).pipe(map((result) => (runs++, result)))
      serveUnlock(device('car1'), 'car1', { unlock }).subscribe()
      advance(100)
      publish(req, command('7'))
      publish(req, command('7'))
      advance(59 * 60_000)
      publish(req, command('7'))
      advance(100)
      expect(runs).toBe(1)
      expect(published.filter(([topic]) => topic === res)).toHaveLength(2)
    })
  })

  it.each([
    ['bad JSON', req, '{"command":'],
    ['a missing key', req, '{"command":"unlock","commandId":"7"}'],
    ['another command', req, JSON.stringify({ ...command('7'), command: 'start' })],
    ['an array', req, '[]'],
    ['an empty payload', req, ''],
    ['a deeper topic', `${req}/x`, JSON.stringify(command('7'))],
  ])('acknowledges a command with %s without a response, and keeps serving', (_, topic, payload) => {
    inWorld(({ broker, device, advance, published, publish }) => {
      const car = device('car1')
      const ignored: IgnoredRequest[] = []
      ignoredRequests$(car).subscribe((request) => ignored.push(request))
      serveUnlock(car, 'car1').subscribe()
      advance(100)
      publish(topic, payload)
      advance(100)
      expect(ignored).toMatchObject([{ reason: 'invalid' }])
      expect(broker.session('car1')?.unacknowledged).toEqual([])
      broker.disconnect('car1')
      advance(5_000)
      expect(published).toHaveLength(1)
      publish(req, command('8'))
      advance(100)
      expect(published.at(-1)).toEqual([res, '{"commandId":"8","result":"Success"}'])
      expect(ignored).toHaveLength(1)
    })
  })

  it('responds with a failure when the unlock handler throws', () => {
    inWorld(({ device, advance }) => {
      const unlock = () => {
        throw new Error('secret')
      }
      serveUnlock(device('car1'), 'car1', { unlock }).subscribe()
      advance(100)
      const log = sendRequest(device('mobile1'), ['car1'])
      advance(100)
      expect(log).toMatchObject([{ code: 'status', status: { message: 'the handler failed' } }])
    })
  })
})

describe('credential renewal', () => {
  it('reconnects 300 s before every credential expires', () => {
    inWorld(({ broker, device, advance }) => {
      device('car1').state$.subscribe()
      advance(3_299_000)
      expect(broker.counts().connections).toBe(1)
      advance(30_000)
      expect(broker.counts().connections).toBe(2)
      advance(3_330_000)
      expect(broker.counts().connections).toBe(3)
      expect(broker.session('car1')?.isConnected).toBe(true)
    })
  })

  it('loses none of 100 pending unlocks when credentials are renewed', () => {
    inWorld(({ broker, device, advance }) => {
      const car = device('car1')
      const unlock = () => of('Success').pipe(delay(20_000, car.scheduler))
      serveUnlock(car, 'car1', { unlock }).subscribe()
      const phone = device('mobile1')
      phone.state$.subscribe()
      advance(3_290_000)
      const log: unknown[] = []
      range(0, 100)
        .pipe(
          map(() => 'car1'),
          unlock$(phone, 'mobile1'),
        )
        .subscribe({ next: ({ result }) => log.push(result), error: (error: unknown) => log.push(error) })
      advance(5_000)
      expect(log).toEqual([])
      advance(40_000)
      expect(broker.counts().connections).toBe(4)
      expect(log).toEqual(Array(100).fill('Success'))
    })
  })
})
