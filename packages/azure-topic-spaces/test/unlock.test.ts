import {
  ignoredRequests$,
  unmatchedResponses$,
  type AntiphonError,
  type Link,
  type IgnoredRequest,
  type UnmatchedResponse,
} from '@antiphon/core'
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

/** Asks, and writes down what comes of it. */
function sendRequest(link: Link, cars: readonly string[], options?: UnlockOptions): unknown[] {
  const log: unknown[] = []
  from(cars)
    .pipe(unlock$(link, 'mobile1', options))
    .subscribe({ next: ({ result }) => log.push(result), error: (error: unknown) => log.push(error) })
  return log
}

describe('the phone', () => {
  it('subscribes its answers and publishes its command, never before the SUBACK', () => {
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
    ['its answer', 'response', 'unsuback', 60],
  ] as const)('waits for %s, then is given a timeout naming the phase: %s', (_, awaited, lost, seconds) => {
    inWorld(({ broker, device, advance }) => {
      broker.inject({ kind: 'drop', packets: [lost], clientId: 'mobile1', times: 1_000 })
      const log = sendRequest(device('mobile1'), ['car1'])
      advance(seconds * 1_000 - 10)
      expect(log).toEqual([])
      advance(20)
      expect(log).toMatchObject([{ code: 'timeout', awaited }])
    })
  })

  it('waits 20 s each for CONNACK, SUBACK and PUBACK, then 60 s for its answer', () => {
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

  it('waits as long as it is told in all', () => {
    inWorld(({ device, advance }) => {
      const log = sendRequest(device('mobile1'), ['car1'], { timeout: 90_000 })
      advance(89_000)
      expect(log).toEqual([])
      advance(2_000)
      expect(log).toMatchObject([{ code: 'timeout', awaited: 'response' }])
    })
  })

  it('takes a result other than Success for a typed failure', () => {
    inWorld(({ device, advance }) => {
      serveUnlock(device('car1'), 'car1', { unlock: () => of('Battery empty') }).subscribe()
      advance(100)
      const log = sendRequest(device('mobile1'), ['car1'])
      advance(1_000)
      expect(log).toMatchObject([{ code: 'status', status: { applicationCode: 'Battery empty' } }])
      expect((log[0] as AntiphonError).message).toContain('Battery empty')
    })
  })

  it('lives on beyond failures where it is asked to', () => {
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

  it('checks that the answering car is the one it asked', () => {
    inWorld(({ device, advance, published, say }) => {
      const phone = device('mobile1')
      const unmatched: UnmatchedResponse[] = []
      unmatchedResponses$(phone).subscribe((stray) => unmatched.push(stray))
      const log = sendRequest(phone, ['car1'])
      advance(100)
      const { commandId } = JSON.parse(published[0]?.[1] ?? '') as UnlockRequest
      say('vehicles/unlock/res/mobile1/car2', { commandId, result: 'Success' })
      advance(100)
      expect(log).toEqual([])
      expect(unmatched.map(({ message }) => message.topic)).toEqual(['vehicles/unlock/res/mobile1/car2'])
      say(res, { commandId, result: 'Success' })
      advance(100)
      expect(log).toEqual(['Success'])
    })
  })

  it("ignores other people's, late and repeated answers, but they can be observed", () => {
    inWorld(({ broker, device, advance, published, say }) => {
      const phone = device('mobile1')
      const unmatched: UnmatchedResponse[] = []
      unmatchedResponses$(phone).subscribe((stray) => unmatched.push(stray))
      const log = sendRequest(phone, ['car1', 'car9'])
      advance(100)
      const { commandId } = JSON.parse(published[0]?.[1] ?? '') as UnlockRequest
      say(res, { commandId: 'somebody else’s', result: 'Success' })
      say(res, 'no JSON')
      say(res, { commandId, result: 'Success' })
      say(res, { commandId, result: 'Success' })
      advance(100)
      expect(log).toEqual(['Success'])
      expect(unmatched).toHaveLength(3)
      expect(broker.session('mobile1')?.unacknowledged).toEqual([])
    })
  })
})

describe('the car', () => {
  it('subscribes its requests and answers the phone that the topic names', () => {
    inWorld(({ broker, device, advance, published, say }) => {
      serveUnlock(device('car1'), 'car1').subscribe()
      advance(100)
      expect(broker.subscriptions()).toMatchObject([{ filter: 'vehicles/unlock/req/car1/#', qos: 1 }])
      say(req, command('7'))
      advance(100)
      expect(published.at(-1)).toEqual([res, '{"commandId":"7","result":"Success"}'])
    })
  })

  it.each([
    ['CONNACK', 'connection', 'connack'],
    ['SUBACK', 'subscription', 'suback'],
  ] as const)(
    'waits 20 s for %s where it is told to, then fails with a timeout naming the phase',
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

  it('listens 600 s where it is told to, and finishes what is in hand', () => {
    inWorld(({ device, advance, published, say }) => {
      const car = device('car1')
      const log: string[] = []
      const unlock = () => of('Success').pipe(delay(5_000, car.scheduler))
      serveUnlock(car, 'car1', { startTimeout: 20_000, maxServingTime: 600_000, unlock }).subscribe({
        next: ({ outcome }) => log.push(outcome),
        complete: () => log.push('complete'),
      })
      advance(599_000)
      say(req, command('7'))
      advance(4_000)
      expect(log).toEqual([])
      advance(2_000)
      expect(log).toEqual(['responded', 'complete'])
      expect(published.at(-1)).toEqual([res, '{"commandId":"7","result":"Success"}'])
    })
  })

  it('refuses a payload that names another phone, and tells the one that asked', () => {
    inWorld(({ device, advance, published, say }) => {
      const unlocked: string[] = []
      const unlock = ({ commandId }: UnlockRequest) => {
        unlocked.push(commandId)
        return of('Success')
      }
      const outcomes: string[] = []
      serveUnlock(device('car1'), 'car1', { unlock }).subscribe(({ outcome }) => outcomes.push(outcome))
      advance(100)
      say(req, command('7', 'mobile2'))
      advance(100)
      expect(published.slice(1)).toEqual([
        [res, '{"commandId":"7","result":"refused: requestorId is not mobile1, who asks"}'],
      ])
      expect([unlocked, outcomes]).toEqual([[], ['failed']])
    })
  })

  it('carries one commandId out once, also when it comes again 59 minutes later', () => {
    inWorld(({ device, advance, published, say }) => {
      let times = 0
      const unlock = () => of(`Success`).pipe(map((result) => (times++, result)))
      serveUnlock(device('car1'), 'car1', { unlock }).subscribe()
      advance(100)
      say(req, command('7'))
      say(req, command('7'))
      advance(59 * 60_000)
      say(req, command('7'))
      advance(100)
      expect(times).toBe(1)
      expect(published.filter(([topic]) => topic === res)).toHaveLength(2)
    })
  })

  it.each([
    ['bad JSON', req, '{"command":'],
    ['a missing key', req, '{"command":"unlock","commandId":"7"}'],
    ['another command', req, JSON.stringify({ ...command('7'), command: 'start' })],
    ['an array', req, '[]'],
    ['nothing', req, ''],
    ['a deeper topic', `${req}/x`, JSON.stringify(command('7'))],
  ])('acknowledges %s, does not crash, and is not told again', (_, topic, payload) => {
    inWorld(({ broker, device, advance, published, say }) => {
      const car = device('car1')
      const refusals: IgnoredRequest[] = []
      ignoredRequests$(car).subscribe((refusal) => refusals.push(refusal))
      serveUnlock(car, 'car1').subscribe()
      advance(100)
      say(topic, payload)
      advance(100)
      expect(refusals).toMatchObject([{ reason: 'invalid' }])
      expect(broker.session('car1')?.unacknowledged).toEqual([])
      broker.disconnect('car1')
      advance(5_000)
      expect(published).toHaveLength(1)
      say(req, command('8'))
      advance(100)
      expect(published.at(-1)).toEqual([res, '{"commandId":"8","result":"Success"}'])
      expect(refusals).toHaveLength(1)
    })
  })

  it('answers a phone whose door handler fails, and serves on', () => {
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

describe('renewal', () => {
  it('connects anew 300 s before the end of every credential', () => {
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

  it('with 100 pending unlocks loses none', () => {
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
