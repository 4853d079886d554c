import { makeCertificates, type Certificates } from '@antiphon/workshop/certificates'
import { filter, firstValueFrom, take, toArray } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHub, type Hub } from '../src/hub/index.js'
import { connectDevice, formatConnectionString, type DeviceOptions } from '../src/index.js'
import { firstState } from './first-state.js'
import { unlockOnce } from './unlock-once.js'
import { unlockSpaces } from './unlock-spaces.js'

describe('the device code against the local hub', () => {
  let certificates: Certificates
  let hub: Hub
  const string = (deviceId: string): string => formatConnectionString(hub.devices.connectionString(deviceId))
  beforeAll(async () => {
    certificates = await makeCertificates({ clients: ['car1', 'mobile1'] })
    hub = createHub()
    for (const { name, type, templates } of unlockSpaces) hub.topicSpaces.create({ name, type, templates })
  })
  afterAll(async () => {
    await hub.close()
    await certificates.remove()
  })

  it('unlocks a car at the local hub over TLS, TCP, WebSocket and WebSocket over TLS', async () => {
    for (const deviceId of ['car1', 'mobile1']) hub.devices.create(deviceId)
    const strings = { car1: string('car1'), mobile1: string('mobile1') }
    const { cert, key: secret } = certificates.server
    const tls = { cert, key: secret }
    const listeners = [
      { protocol: 'tls', tls },
      { protocol: 'tcp' },
      { protocol: 'ws' },
      { protocol: 'wss', tls },
    ] as const
    for (const listener of listeners) {
      const { url } = await hub.listen(listener)
      const usesTls = 'tls' in listener
      expect([
        listener.protocol,
        await unlockOnce(strings, { url, ...(usesTls && { ca: certificates.ca }) }),
      ]).toEqual([listener.protocol, 'Success'])
    }
  })

  it('connects as DeviceId/ModuleId with clean session false and keepalive 60, and signs for HostName', async () => {
    hub.devices.create('modular')
    const { url } = await hub.listen({ protocol: 'tcp' })
    const gateway = 'ModuleId=m;GatewayHostName=gateway.invalid'
    const connected = firstValueFrom(
      hub.events$.pipe(filter((event) => event.type === 'connected' && event.client.principal === 'modular')),
    )
    const link = connectDevice(`${string('modular')};${gateway}`, { url })
    link.state$.subscribe()
    expect(await connected).toMatchObject({
      client: { clientId: 'modular/m', keepAlive: 60, protocolVersion: 4 },
    })
    await link.close()
    expect(hub.broker.session('modular/m')).toMatchObject({ sessionExpiryInterval: 3_600 })
  })

  it('reconnects with a new credential before the hub closes the connection, and keeps the session', async () => {
    hub.devices.create('short')
    const { url } = await hub.listen({ protocol: 'tcp' })
    const connected = hub.events$.pipe(
      filter((event) => event.type === 'connected' && event.client.clientId === 'short'),
      take(2),
      toArray(),
    )
    const ended: string[] = []
    hub.events$.subscribe((event) => {
      if (event.type === 'disconnected' && event.client.clientId === 'short') ended.push(event.by)
    })
    const options = { url, validity: 60_000, renewBefore: 59_000, reconnect: { initial: 1 } }
    const link = connectDevice(string('short'), options)
    const both = firstValueFrom(connected)
    const watching = link.state$.subscribe()
    expect(await both).toMatchObject([{ sessionPresent: false }, { sessionPresent: true }])
    expect(ended).toEqual(['client'])
    watching.unsubscribe()
    await link.close()
  })

  it('authenticates a device by its certificate and refuses the certificate of another device', async () => {
    for (const deviceId of ['car1', 'mobile1']) {
      hub.devices.delete(deviceId)
      hub.devices.create(deviceId, { method: 'x509' })
    }
    const { cert, key: secret } = certificates.server
    const tls = { cert, key: secret, ca: certificates.ca, requestCert: true }
    const { url } = await hub.listen({ protocol: 'tls', tls })
    const optionsOf = (name: string): DeviceOptions => {
      const { cert = '', key = '' } = certificates.clients[name] ?? {}
      return { url, ca: certificates.ca, cert, key }
    }
    const car = connectDevice(string('car1'), optionsOf('car1'))
    const impostor = connectDevice(string('mobile1'), optionsOf('car1'))
    expect(await firstState(car.state$)).toMatchObject({ status: 'online' })
    expect(await firstState(impostor.state$)).toMatchObject({ status: 'closed', error: { reasonCode: 5 } })
    await Promise.all([car.close(), impostor.close()])
  })
})
