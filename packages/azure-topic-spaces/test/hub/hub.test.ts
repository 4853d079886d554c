import { AntiphonError, unmatchedResponses$ } from '@antiphon/core'
import { asyncScheduler, firstValueFrom, from, lastValueFrom, of, toArray, VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { serveUnlock, unlock$, type UnlockRequest } from '../../src/index.js'
import { createHub } from '../../src/hub/index.js'
import { unlockSpaces } from '../unlock-spaces.js'
import { hubWorld } from './hub-world.js'

const minutes = 60_000
const range = (count: number, name: string): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${name}${n + 1}`)

describe('a car that was offline', () => {
  it.each([
    [59, ['Success']],
    [61, []],
  ])(
    'gets a command that was sent %i minutes before its reconnect, with the results %j',
    async (offlineMinutes, expected) => {
      const scheduler = new VirtualTimeScheduler()
      const { link } = await hubWorld(['car1', 'mobile1'], scheduler)
      // Promise callbacks run between the steps of virtual time.
      const advance = (milliseconds: number): void => {
        scheduler.maxFrames = scheduler.now() + milliseconds
        scheduler.schedule(() => undefined, milliseconds)
        scheduler.flush()
      }
      const turns = async (milliseconds: number): Promise<void> => {
        for (let turn = 0; turn < 20; turn++) {
          advance(milliseconds / 20)
          await Promise.resolve()
        }
      }
      const car = link('car1')
      serveUnlock(car, 'car1').subscribe()
      await turns(100)
      void car.close()
      await turns(100)
      const log: (string | undefined)[] = []
      of('car1')
        .pipe(unlock$(link('mobile1'), 'mobile1', { timeout: 120 * minutes }))
        .subscribe({
          next: ({ result }) => log.push(result),
          error: (error: unknown) => log.push(AntiphonError.from(error).awaited),
        })
      await turns(100)
      await turns(offlineMinutes * minutes)
      expect(log).toEqual([])
      serveUnlock(link('car1'), 'car1').subscribe()
      await turns(100)
      expect(log).toEqual(expected)
      await turns(120 * minutes)
      expect(log).toEqual(expected.length > 0 ? expected : ['response'])
    },
  )
})

describe('200 phones and 50 cars', () => {
  it('delivers 10 000 concurrent responses to the right phones and none to another', async () => {
    const phones = range(200, 'mobile')
    const cars = range(50, 'car')
    const { hub, link } = await hubWorld([...phones, ...cars], asyncScheduler)
    const unlocks: string[] = []
    for (const car of cars) {
      const carLink = link(car)
      const subscribed = firstValueFrom(carLink.subscription$(`vehicles/unlock/req/${car}/#`))
      const unlock = ({ requestorId, commandId }: UnlockRequest) => {
        unlocks.push(`${requestorId} ${car} ${commandId}`)
        return of('Success')
      }
      serveUnlock(carLink, car, { unlock }).subscribe()
      await subscribed
    }
    let unmatched = 0
    const responses = await Promise.all(
      phones.map((mobile) => {
        const phone = link(mobile)
        unmatchedResponses$(phone).subscribe(() => unmatched++)
        return lastValueFrom(
          from(cars).pipe(unlock$(phone, mobile, { ordered: true, timeout: 10 * minutes }), toArray()),
        )
      }),
    )
    expect(unmatched).toBe(0)
    const expected = phones.flatMap((mobile, p) =>
      cars.map((car, c) => `${mobile} ${car} ${responses[p]?.[c]?.commandId}`),
    )
    expect([...unlocks].sort()).toEqual([...expected].sort())
    expect(new Set(unlocks).size).toBe(10_000)
    await hub.close()
  })
})

describe('a hub', () => {
  it('creates, shows, lists and deletes topic spaces and rejects conflicts', () => {
    const { topicSpaces } = createHub()
    for (const { name, type, templates } of unlockSpaces) topicSpaces.create({ name, type, templates })
    expect(topicSpaces.list().map(({ name }) => name)).toEqual(['publisher_ts', 'subscriber_ts'])
    expect(topicSpaces.get('subscriber_ts')).toMatchObject({ type: 'LowFanout' })
    const conflicting = { name: 'conflicting', type: 'LowFanout', templates: ['vehicles/#'] } as const
    expect(() => topicSpaces.create(conflicting)).toThrow('overlaps')
    topicSpaces.delete('subscriber_ts')
    expect(topicSpaces.create(conflicting).name).toBe('conflicting')
    expect(() => topicSpaces.delete('subscriber_ts')).toThrow('no topic space')
  })

  it('creates, lists and deletes devices with two keys each', () => {
    const { devices } = createHub({ hostName: 'h' })
    const { keys } = devices.create('d')
    expect(new Set(keys).size).toBe(2)
    expect(devices.connectionString('d')).toEqual({ hostName: 'h', deviceId: 'd', sharedAccessKey: keys[0] })
    expect(() => devices.create('d')).toThrow('already')
    expect(() => devices.create('a/b')).toThrow('device id')
    expect(() => devices.create('e', { keys: ['!', '!'] })).toThrow('base64')
    expect(() => devices.setEnabled('e', false)).toThrow('no device')
    devices.create('x', { method: 'x509' })
    expect(devices.connectionString('x')).toEqual({ hostName: 'h', deviceId: 'x' })
    devices.delete('d')
    expect(devices.list().map(({ deviceId }) => deviceId)).toEqual(['x'])
  })
})
