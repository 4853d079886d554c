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

describe('serveMethods', () => {
  it('serves a method on $az/iot/methods/<name>/?rid=… and responds on …/response/?rid=…&rc=200 at QoS 0', () => {
    inWorld(({ broker, device, advance, published, publish }) => {
      const calls: MethodCall[] = []
      const reboot = (invocation: MethodCall) => {
        calls.push(invocation)
        return of({ in: 5 })
      }
      serveMethods(device('car1'), { reboot }).subscribe()
      advance(100)
      expect(broker.subscriptions()).toMatchObject([{ filter: '$az/iot/methods/+/+', qos: 0 }])
      publish(call('reboot', '7f', '&from=w%C3%BCrzburg%20%26%20co'), { hard: true })
      advance(100)
      expect(calls).toEqual([
        { name: 'reboot', value: { hard: true }, properties: [['from', 'würzburg & co']] },
      ])
      expect(published.at(-1)).toEqual(['$az/iot/methods/reboot/response/?rid=7f&rc=200', '{"in":5}'])
    })
  })

  it.each([
    ['an unknown method', call('fly', '1'), '', '404', '{"message":"there is no method fly"}'],
    ['a payload that is not JSON', call('echo', '1'), '{', '400', expect.stringContaining('JSON') as string],
    ['a handler that throws', call('fail', '1'), '', '500', '{"message":"the handler failed"}'],
    [
      'an ApplicationError with a three-digit code',
      call('refuse', '1'),
      '',
      '409',
      '{"message":"the door is open"}',
    ],
    ['a handler that emits nothing', call('empty', '1'), '', '204', ''],
    ['an empty payload', call('echo', '1'), '', '200', ''],
    ['a percent-encoded id', call('echo', 'a%2Fb%26%25'), '1', '200', '1'],
  ])('serveMethods answers %s', (_, topic, payload, status, response) => {
    inWorld(({ device, advance, published, publish }) => {
      const methods = {
        echo: ({ value }: MethodCall) => of(value),
        fail: () => throwError(() => new Error('secret')),
        refuse: () => throwError(() => new ApplicationError({ code: '409', message: 'the door is open' })),
        empty: () => EMPTY,
      }
      serveMethods(device('car1'), methods).subscribe()
      advance(100)
      publish(topic, payload)
      advance(100)
      expect(published.slice(1)).toEqual([[`${topic.replace('/?', '/response/?')}&rc=${status}`, response]])
    })
  })

  it.each(['?rid=', `?rid=${'x'.repeat(33)}`, '?id=1', 'rid=1', '?rid=%zz'])(
    'ignores a method request without a valid id of up to 32 bytes: %s',
    (bag) => {
      inWorld(({ device, advance, published, publish }) => {
        const car = device('car1')
        serveMethods(car, { echo: ({ value }) => of(value) }).subscribe()
        advance(100)
        publish(`$az/iot/methods/echo/${bag}`, '1')
        advance(100)
        publish(call('echo', 'x'.repeat(32)), '1')
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

describe('invokeMethod$', () => {
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

  it('invokes methods of two devices and fails with the status of a device', async () => {
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

  it('fails for a device that is unknown, silent or offline with no-responder, timeout or connection-lost', async () => {
    const idle = device('idle')
    idle.subscription$('$az/iot/methods/+/+', { qos: 0 }).subscribe()
    await firstValueFrom(idle.subscription$('$az/iot/methods/+/+', { qos: 0 }))
    await expect(lastValueFrom(hub.invokeMethod$('unknown', 'x'))).rejects.toMatchObject({
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

  it('sends methods at QoS 0, ignores responses of other devices, and closes a device that invokes a method', async () => {
    const clientId = 'raw'
    const { username, password } = await toCredentials(hub.devices.connectionString(clientId), {
      issuedAt: Date.now(),
      expiresAt: Date.now() + 60_000,
    })
    const raw = rawClient(port)
    raw.send(connectPacket({ clientId, username, password: Buffer.from(password ?? '') }))
    expect(await raw.receive()).toMatchObject({ cmd: 'connack', returnCode: 0 })
    const subscriptions = ['$az/iot/methods/+/+', '$az/iot/methods/#'].map((topic) => ({
      topic,
      qos: 1 as const,
    }))
    raw.send({ cmd: 'subscribe', messageId: 1, subscriptions })
    expect(await raw.receive()).toMatchObject({ cmd: 'suback', granted: [1, 0x80] })
    const response = lastValueFrom(hub.invokeMethod$(clientId, 'reboot', { hard: true }))
    const invocation = await raw.receive()
    expect(invocation).toMatchObject({ cmd: 'publish', qos: 0, payload: Buffer.from('{"hard":true}') })
    const topic = invocation?.cmd === 'publish' ? invocation.topic : ''
    expect(topic).toMatch(/^\$az\/iot\/methods\/reboot\/\?rid=[0-9a-f]{32}$/)
    const publish = { cmd: 'publish', qos: 0, dup: false, retain: false } as const
    const other = device('car2')
    const mine = topic.replace('/?', '/response/?')
    await lastValueFrom(other.publish$({ topic: `${mine}&rc=200`, payload: Buffer.from('"forged"') }))
    raw.send({ ...publish, topic: `${mine}&rc=200`, payload: '"done"' })
    expect(await response).toBe('done')
    await other.close()
    raw.send({ ...publish, topic: call('reboot', '1').replace('raw', 'car1'), payload: '' })
    expect(await raw.receive()).toBeUndefined()
  })
})

describe('methodLink', () => {
  it('passes messages through that are not of a method', () => {
    inWorld(({ device, advance, published }) => {
      const car = device('car1')
      methodLink(car).publish$({ topic: 'elsewhere', payload: new Uint8Array() }).subscribe()
      advance(100)
      expect(published).toEqual([['elsewhere', '']])
    })
  })
})
