import type { Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import {
  attributesEndpoint,
  callPlatform,
  callPlatform$,
  getAttributes$,
  rpcEndpoint,
  serveMethods$,
  sharedUpdates$,
} from '@antiphon/thingsboard'
import { localPlatform, type LocalPlatform } from '@antiphon/thingsboard/local'
import { filter, firstValueFrom, of, take, toArray } from 'rxjs'
import { expect, it, onTestFinished } from 'vitest'
import { frame } from './frame.js'
import { getCurrentTime, setTemperature } from './methods.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function start(): { readonly platform: LocalPlatform; readonly heater: Link; readonly lamp: Link } {
  const platform = localPlatform({
    devices: { heater: { shared: { period: 5, limit: 60 } }, lamp: { client: { serial: 'SN-2' } } },
    methods: { getCurrentTime: () => of({ time: 7 }) },
  })
  onTestFinished(() => platform.close())
  return { platform, heater: platform.link('heater'), lamp: platform.link('lamp') }
}

async function serving(link: Link, was: number): Promise<void> {
  const served = serveMethods$(link, { setTemperature: () => of({ was }) }).subscribe()
  onTestFinished(() => served.unsubscribe())
  await firstValueFrom(link.subscription$('v1/devices/me/rpc/request/+'))
}

it('calls a method of the platform and resolves with its result', async () => {
  const { heater } = start()
  await expect(callPlatform(heater, getCurrentTime, {})).resolves.toEqual({ time: 7 })
})

it('fails with the error that the platform reports', async () => {
  const { heater } = start()
  await expect(callPlatform(heater, setTemperature, { value: 26 })).rejects.toMatchObject({
    code: 'status',
    endpoint: 'thingsboard rpc',
    status: { code: 500, message: 'No handler for setTemperature' },
  })
})

it('fails parameters that do not encode, and a result that does not decode', async () => {
  const { heater } = start()
  await expect(callPlatform(heater, setTemperature, {} as never)).rejects.toMatchObject({ code: 'encode' })
  const wrong = { ...setTemperature, name: 'getCurrentTime' }
  await expect(firstValueFrom(callPlatform$(heater, wrong, { value: 1 }))).rejects.toMatchObject({
    code: 'decode',
    message: expect.stringMatching(/^\[decode\] getCurrentTime: .*\$\.was/) as string,
  })
})

it('serves the calls of the platform to each device, while devices call the platform', async () => {
  const { platform, heater, lamp } = start()
  await serving(heater, 20)
  await serving(lamp, 30)
  const results = await Promise.all([
    firstValueFrom(platform.callDevice$('heater', setTemperature, { value: 26 })),
    firstValueFrom(platform.callDevice$('lamp', setTemperature, { value: 27 })),
    callPlatform(heater, getCurrentTime, {}),
    callPlatform(lamp, getCurrentTime, {}),
  ])
  expect(results).toEqual([{ was: 20 }, { was: 30 }, { time: 7 }, { time: 7 }])
})

it('answers a call of an unknown method with an error', async () => {
  const { platform, heater } = start()
  await serving(heater, 20)
  const call$ = platform.callDevice$('heater', { ...setTemperature, name: 'toString' }, { value: 26 })
  await expect(firstValueFrom(call$)).rejects.toMatchObject({
    status: { code: 500, message: 'No handler for toString' },
  })
})

it('fails a call of a device that is not connected, and of one that the platform does not have', async () => {
  const { platform } = start()
  const call$ = platform.callDevice$('heater', setTemperature, { value: 26 }, { failFast: true })
  await expect(firstValueFrom(call$)).rejects.toMatchObject({ code: 'no-responder' })
  const unknown$ = platform.callDevice$('boiler', setTemperature, { value: 26 })
  await expect(firstValueFrom(unknown$)).rejects.toMatchObject({
    code: 'invalid-argument',
    rawMessage: 'the platform has no device with the token boiler: add it to devices',
  })
  expect(() => platform.share('boiler', {})).toThrow('the platform has no device with the token boiler')
})

it('requests the attributes with these keys, and gets those that have a value', async () => {
  const { heater, lamp } = start()
  await expect(firstValueFrom(getAttributes$(heater, { shared: ['period', 'mode'] }))).resolves.toEqual({
    shared: { period: 5 },
  })
  await expect(
    firstValueFrom(getAttributes$(lamp, { client: ['serial'], shared: ['period'] })),
  ).resolves.toEqual({
    client: { serial: 'SN-2' },
    shared: {},
  })
})

it('keeps the attributes that a device publishes', async () => {
  const { platform, heater } = start()
  const publish = (payload: Uint8Array): Promise<unknown> =>
    firstValueFrom(heater.publish$({ topic: 'v1/devices/me/attributes', payload, qos: 1 }))
  await callPlatform(heater, getCurrentTime, {})
  await publish(bytes('{'))
  await publish(frame({ serial: 'SN-1' }))
  await callPlatform(heater, getCurrentTime, {})
  expect(platform.attributes('heater')).toEqual({
    client: { serial: 'SN-1' },
    shared: { period: 5, limit: 60 },
  })
  expect(platform.attributes('boiler')).toBeUndefined()
})

it('emits changes of shared attributes, and reports messages that are none', async () => {
  const { platform, heater } = start()
  const ignored: string[] = []
  const updates = firstValueFrom(
    sharedUpdates$(heater, {
      onIgnored: ({ payload }) => ignored.push(new TextDecoder().decode(payload)),
    }).pipe(
      filter(({ limit }) => limit === undefined),
      take(2),
      toArray(),
    ),
  )
  await firstValueFrom(heater.subscription$('v1/devices/me/attributes'))
  platform.share('heater', [] as never)
  platform.share('heater', { period: 6 })
  platform.share('lamp', { period: 9 })
  platform.share('heater', { deleted: ['mode'] })
  await expect(updates).resolves.toEqual([{ period: 6 }, { deleted: ['mode'] }])
  expect(ignored).toEqual(['[]'])
  expect(platform.attributes('heater')?.shared).toMatchObject({ period: 6, limit: 60 })
})

it('changes attributes of the platform after it has been closed', async () => {
  const { platform } = start()
  await platform.close()
  platform.share('heater', { period: 6 })
  expect(platform.attributes('heater')?.shared).toEqual({ period: 6, limit: 60 })
})

it('rejects devices without a known token, and topics that are not of a device', async () => {
  const { platform, heater } = start()
  await expect(
    firstValueFrom(platform.link('boiler').state$.pipe(filter(({ status }) => status === 'closed'))),
  ).resolves.toMatchObject({ error: { code: 'connection-refused' } })
  const { url } = await platform.listen({ protocol: 'tcp' })
  const anonymous = connect(url)
  await expect(
    firstValueFrom(anonymous.state$.pipe(filter(({ status }) => status === 'closed'))),
  ).resolves.toMatchObject({
    error: { code: 'connection-refused' },
  })
  await expect(firstValueFrom(heater.subscription$('v1/devices/lamp/#'))).rejects.toMatchObject({
    code: 'subscribe-refused',
  })
  await expect(
    firstValueFrom(heater.publish$({ topic: 'v1/devices/lamp/attributes', payload: frame({}), qos: 1 })),
  ).rejects.toMatchObject({ code: 'publish-refused' })
})

it('answers a device over a socket', async () => {
  const { platform } = start()
  const { url } = await platform.listen({ protocol: 'tcp' })
  const link = connect(url, { username: 'heater', protocolVersion: 4 })
  onTestFinished(() => link.close())
  await expect(callPlatform(link, getCurrentTime, {})).resolves.toEqual({ time: 7 })
})

it('creates a number for the id of each request', () => {
  expect([rpcEndpoint.correlation.createdParams, attributesEndpoint.correlation.createdParams]).toEqual([
    ['id'],
    ['id'],
  ])
})
