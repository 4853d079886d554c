import { ApplicationError } from '@antiphon/core'
import { EMPTY, firstValueFrom, lastValueFrom, of, throwError } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  connectDevice,
  formatConnectionString,
  methodLink,
  serveMethods,
  toCredentials,
  type MethodCall,
} from '../src/index.js'
import { createHub } from '../src/hub/index.js'
import { connectPacket, rawClient } from './hub/raw-client.js'
import { inWorld } from './world.js'

const call = (name: string, rid: string, more = ''): string => `$az/iot/methods/${name}/?rid=${rid}${more}`

describe('a device that serves methods', () => {
  it('answers $az/iot/methods/<name>/?rid=… on …/response/?rid=…&rc=200, at QoS 0', () => {
    inWorld(({ broker, device, advance, published, say }) => {
      const calls: MethodCall[] = []
      const reboot = (called: MethodCall) => {
        calls.push(called)
        return of({ in: 5 })
      }
      serveMethods(device('car1'), { reboot }).subscribe()
      advance(100)
      expect(broker.subscriptions()).toMatchObject([{ filter: '$az/iot/methods/+/+', qos: 0 }])
      say(call('reboot', '7f', '&from=w%C3%BCrzburg%20%26%20co'), { hard: true })
      advance(100)
      expect(calls).toEqual([
        { name: 'reboot', value: { hard: true }, properties: [['from', 'würzburg & co']] },
      ])
      expect(published.at(-1)).toEqual(['$az/iot/methods/reboot/response/?rid=7f&rc=200', '{"in":5}'])
    })
  })

  it.each([
    ['a name that is no method', call('fly', '1'), '', '404', '{"message":"there is no method fly"}'],
    ['a payload that is no JSON', call('echo', '1'), '{', '400', expect.stringContaining('JSON') as string],
    ['a handler that fails', call('fail', '1'), '', '500', '{"message":"the handler failed"}'],
    ['a code of its own', call('refuse', '1'), '', '409', '{"message":"the door is open"}'],
    ['nothing to say', call('hush', '1'), '', '204', ''],
    ['an empty payload', call('echo', '1'), '', '200', ''],
    ['an id to be encoded', call('echo', 'a%2Fb%26%25'), '1', '200', '1'],
  ])('answers %s', (_, topic, payload, status, said) => {
    inWorld(({ device, advance, published, say }) => {
      const methods = {
        echo: ({ value }: MethodCall) => of(value),
        fail: () => throwError(() => new Error('secret')),
        refuse: () => throwError(() => new ApplicationError({ code: '409', message: 'the door is open' })),
        hush: () => EMPTY,
      }
      serveMethods(device('car1'), methods).subscribe()
      advance(100)
      say(topic, payload)
      advance(100)
      expect(published.slice(1)).toEqual([[`${topic.replace('/?', '/response/?')}&rc=${status}`, said]])
    })
  })

  it.each(['?rid=', `?rid=${'x'.repeat(33)}`, '?id=1', 'rid=1', '?rid=%zz'])(
    'passes over %s, which is no id of up to 32 bytes',
    (bag) => {
      inWorld(({ device, advance, published, say }) => {
        const car = device('car1')
        serveMethods(car, { echo: ({ value }) => of(value) }).subscribe()
        advance(100)
        say(`$az/iot/methods/echo/${bag}`, '1')
        advance(100)
        say(call('echo', 'x'.repeat(32)), '1')
        advance(100)
        expect(published.map(([topic]) => topic)).toEqual([
          `$az/iot/methods/echo/${bag}`,
          call('echo', 'x'.repeat(32)),
          `$az/iot/methods/echo/response/?rid=${'x'.repeat(32)}&rc=200`,
        ])
      })
    },
  )
})

describe('a hub that calls methods', () => {
  const hub = createHub()
  let url: string
  let port: number
  beforeAll(async () => {
    for (const deviceId of ['car1', 'car2', 'idle', 'raw']) hub.devices.create(deviceId)
    ;({ url, port } = await hub.listen({ protocol: 'tcp' }))
  })
  afterAll(() => hub.close())
  const device = (deviceId: string) =>
    connectDevice(formatConnectionString(hub.devices.connectionString(deviceId)), { url })

  it('is answered by the device it called, and is told statuses', async () => {
    const cars = ['car1', 'car2'].map((deviceId) => {
      const car = device(deviceId)
      serveMethods(car, {
        who: ({ value, properties }) => of([deviceId, value, properties]),
        refuse: () => throwError(() => new ApplicationError({ code: '409', message: 'the door is open' })),
      }).subscribe()
      return car
    })
    await Promise.all(cars.map((car) => firstValueFrom(car.subscription$('$az/iot/methods/+/+', { qos: 0 }))))
    const properties = [['for', 'ä/+#']] as const
    const responses = ['car1', 'car2'].map((deviceId) =>
      lastValueFrom(hub.invokeMethod$(deviceId, 'who', { n: 1 }, { properties })),
    )
    expect(await Promise.all(responses)).toEqual([
      ['car1', { n: 1 }, properties],
      ['car2', { n: 1 }, properties],
    ])
    await expect(lastValueFrom(hub.invokeMethod$('car1', 'refuse'))).rejects.toMatchObject({
      code: 'status',
      status: { code: 409 },
    })
    await Promise.all(cars.map((car) => car.close()))
  })

  it('tells of a device that takes none, is away, or is silent', async () => {
    const idle = device('idle')
    idle.subscription$('$az/iot/methods/+/+', { qos: 0 }).subscribe()
    await firstValueFrom(idle.subscription$('$az/iot/methods/+/+', { qos: 0 }))
    await expect(lastValueFrom(hub.invokeMethod$('nobody', 'x'))).rejects.toMatchObject({
      code: 'no-responder',
    })
    await expect(
      lastValueFrom(hub.invokeMethod$('idle', 'x', undefined, { timeout: 50 })),
    ).rejects.toMatchObject({ code: 'timeout', awaited: 'response' })
    await idle.close()
    await expect(lastValueFrom(hub.invokeMethod$('idle', 'x'))).rejects.toMatchObject({
      code: 'connection-lost',
    })
  })

  it('speaks QoS 0 through the socket, lets no device call another, and no answer of another count', async () => {
    const clientId = 'raw'
    const { username, password } = await toCredentials(hub.devices.connectionString(clientId), {
      issuedAt: Date.now(),
      expiresAt: Date.now() + 60_000,
    })
    const raw = rawClient(port)
    raw.say(connectPacket({ clientId, username, password: Buffer.from(password ?? '') }))
    expect(await raw.hear()).toMatchObject({ cmd: 'connack', returnCode: 0 })
    const subscriptions = ['$az/iot/methods/+/+', '$az/iot/methods/#'].map((topic) => ({
      topic,
      qos: 1 as const,
    }))
    raw.say({ cmd: 'subscribe', messageId: 1, subscriptions })
    expect(await raw.hear()).toMatchObject({ cmd: 'suback', granted: [1, 0x80] })
    const response = lastValueFrom(hub.invokeMethod$(clientId, 'reboot', { hard: true }))
    const called = await raw.hear()
    expect(called).toMatchObject({ cmd: 'publish', qos: 0, payload: Buffer.from('{"hard":true}') })
    const topic = called?.cmd === 'publish' ? called.topic : ''
    expect(topic).toMatch(/^\$az\/iot\/methods\/reboot\/\?rid=[0-9a-f]{32}$/)
    const publish = { cmd: 'publish', qos: 0, dup: false, retain: false } as const
    const other = device('car2')
    const mine = topic.replace('/?', '/response/?')
    await lastValueFrom(other.publish$({ topic: `${mine}&rc=200`, payload: Buffer.from('"forged"') }))
    raw.say({ ...publish, topic: `${mine}&rc=200`, payload: '"done"' })
    expect(await response).toBe('done')
    await other.close()
    raw.say({ ...publish, topic: call('reboot', '1').replace('raw', 'car1'), payload: '' })
    expect(await raw.hear()).toBeUndefined()
  })
})

describe('a method link', () => {
  it('leaves what is no method as it is', () => {
    inWorld(({ device, advance, published }) => {
      const car = device('car1')
      methodLink(car).publish$({ topic: 'elsewhere', payload: new Uint8Array() }).subscribe()
      advance(100)
      expect(published).toEqual([['elsewhere', '']])
    })
  })
})
