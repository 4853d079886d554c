import { connect as connectMqtt } from '@antiphon/mqtt'
import { throughProxy } from '@antiphon/mqtt/proxy'
import { startHttpProxy, startSocksProxy } from '@antiphon/workshop'
import { makeCertificates, type Certificates } from '@antiphon/workshop/certificates'
import type { either } from 'fp-ts'
import { filter, firstValueFrom, ReplaySubject, take } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectDevice, serveCommands, type CommandRecord, type DeviceConfig } from '../src/index.js'
import { createPlatform, type Platform } from '../src/platform/index.js'
import { firstWhere, online } from './link-states.js'
import { door, hello, lamp } from './world.js'

describe('a device on the platform, over TLS', () => {
  let certificates: Certificates
  let platform: Platform
  let port: number
  let wssPort: number
  let config: DeviceConfig

  beforeAll(async () => {
    certificates = await makeCertificates({ clients: [lamp.externalKey, 'stranger'] })
    const { ca, server } = certificates
    platform = createPlatform({ instances: [lamp, door] })
    const tls = { ca, cert: server.cert, key: server.key, requestCert: true, rejectUnauthorized: false }
    ;({ port } = await platform.listen({ protocol: 'tls', tls }))
    wssPort = (await platform.listen({ protocol: 'wss', path: '/mqtt', tls })).port
    config = { host: 'localhost', port, clientId: 'lamp', identity: lamp, ca }
  })
  afterAll(async () => {
    await platform.close()
    await certificates.remove()
  })

  const certificateOf = (name: string): { cert: string; key: string } => {
    const { cert = '', key = '' } = certificates.clients[name] ?? {}
    return { cert, key }
  }

  it.each<readonly [string, () => Partial<DeviceConfig>]>([
    ['a password, MQTTS', () => ({})],
    ['a password, WSS at /mqtt', () => ({ protocol: 'wss', port: wssPort })],
    ['a certificate whose CN = externalKey, MQTTS', () => ({ identity: certificateOf(lamp.externalKey) })],
    [
      'a certificate, WSS at /mqtt',
      () => ({ identity: certificateOf(lamp.externalKey), protocol: 'wss', port: wssPort }),
    ],
  ])('connects to the platform with %s, and resumes its session', async (_, change) => {
    for (const expected of [expect.any(Boolean) as boolean, true]) {
      const link = connectDevice({ ...config, ...change() })
      const { info } = await online(link)
      expect(info).toMatchObject({ protocolVersion: 4, clientId: 'lamp', sessionPresent: expected })
      expect(platform.broker.session('lamp')?.client).toMatchObject({ keepAlive: 60 })
      await link.close()
    }
  })

  it.each<readonly [string, () => Partial<DeviceConfig>]>([
    ['a wrong password', () => ({ identity: { ...lamp, password: 'wrong' } })],
    ['an unknown external key', () => ({ identity: { ...lamp, externalKey: 'unknown' } })],
    ['a certificate whose CN is not an external key', () => ({ identity: certificateOf('stranger') })],
  ])('refuses a device with %s by CONNACK 5', async (_, change) => {
    const link = connectDevice({ ...config, ...change() })
    const state = await firstWhere(link, 'closed')
    expect(state.error).toMatchObject({ code: 'connection-refused', reasonCode: 5 })
  })

  it('refuses a device whose user name is not the CN of its certificate', async () => {
    const link = connectMqtt(`mqtts://localhost:${port}`, {
      ...certificateOf(lamp.externalKey),
      ca: certificates.ca,
      protocolVersion: 4,
      clientId: 'lamp',
      username: door.externalKey,
      password: door.password,
    })
    const state = await firstWhere(link, 'closed')
    expect(state.error).toMatchObject({ reasonCode: 5 })
  })

  it('refuses the client identifier of another device by CONNACK 2', async () => {
    const link = connectDevice(config)
    await online(link)
    const state = await firstWhere(connectDevice({ ...config, identity: door }), 'closed')
    expect(state.error).toMatchObject({ reasonCode: 2 })
    await link.close()
  })

  it('does not connect to a platform whose certificate is not signed by a trusted authority', async () => {
    const { ca: _, ...withoutCa } = config
    const link = connectDevice(withoutCa)
    const state = await firstWhere(link, 'offline')
    expect(state.error).toMatchObject({ code: 'connection-lost' })
    await link.close()
  })

  describe('through a proxy', () => {
    const user = { name: 'device', password: 'p/w' }
    it.each([
      ['HTTP', 'MQTTS', () => startHttpProxy(user)],
      ['HTTP', 'WSS', () => startHttpProxy(user)],
      ['SOCKS', 'MQTTS', () => startSocksProxy(user)],
      ['SOCKS', 'WSS', () => startSocksProxy(user)],
    ] as const)('connects to the platform through a proxy: %s, to %s', async (_, protocol, start) => {
      const proxy = await start()
      const wss = { protocol: 'wss', port: wssPort } as const
      const link = connectDevice({
        ...config,
        ...(protocol === 'WSS' && wss),
        tunnel: throughProxy(proxy.url),
      })
      await online(link)
      expect(proxy.targets).toEqual([`localhost:${protocol === 'WSS' ? wssPort : port}`])
      await link.close()
      await proxy.stop()
    })
  })

  it('serves a command queued while offline that arrives before serveCommands subscribes', async () => {
    const first = connectDevice(config)
    await new Promise((granted) => first.subscription$('iot/v1/cmd/#').subscribe(granted))
    await first.close()
    const finished$ = new ReplaySubject<CommandRecord>(1)
    platform.changes$
      .pipe(
        filter(({ delivery_status }) => delivery_status === 'COMPLETED'),
        take(1),
      )
      .subscribe(finished$)
    const { right: id } = platform.invoke(lamp.id, hello) as either.Right<string>
    expect(platform.record(id)).toMatchObject({ delivery_status: 'PENDING' })
    const again = connectDevice(config)
    const { info } = await online(again)
    expect(info.sessionPresent).toBe(true)
    await new Promise((resolve) => setImmediate(resolve))
    const serving = serveCommands(again).subscribe()
    expect(await firstValueFrom(finished$)).toMatchObject({ response_data: { status: 'acknowledged' } })
    serving.unsubscribe()
    await again.close()
  })
})
