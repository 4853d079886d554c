import {
  describeForeign,
  foreignCommand,
  makeCertificates,
  startMosquitto,
  type Certificates,
  type Mosquitto,
} from '@antiphon/workshop'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { filter, firstValueFrom, lastValueFrom, of, take, toArray } from 'rxjs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  connectDevice,
  formatConnectionString,
  parseConnectionString,
  serveUnlock,
  toCredentials,
  unlock$,
  type DeviceOptions,
} from '../src/index.js'
import { createHub, type Hub } from '../src/hub/index.js'
import { firstState } from './first-state.js'
import { unlockSpaces } from './unlock-spaces.js'

const key = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='

/** Connects a phone and a car and unlocks the car; the same code for any broker. */
async function unlockOnce(
  strings: { readonly car1: string; readonly mobile1: string },
  options: DeviceOptions,
): Promise<string> {
  const car = connectDevice(strings.car1, options)
  const mobile = connectDevice(strings.mobile1, options)
  try {
    const isSubscribed = firstValueFrom(car.subscription$('vehicles/unlock/req/car1/#'))
    serveUnlock(car, 'car1').subscribe()
    await isSubscribed
    const { result } = await lastValueFrom(of('car1').pipe(unlock$(mobile, 'mobile1', { timeout: 10_000 })))
    return result
  } finally {
    await Promise.all([car.close(), mobile.close()])
  }
}

describeForeign(['openssl'], 'the device code against the local hub', () => {
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
    const options = { url, validity: 4, renewBefore: 3, reconnect: { initial: 1 } }
    const link = connectDevice(string('short'), options)
    const both = firstValueFrom(connected)
    const watching = link.state$.subscribe()
    expect(await both).toMatchObject([{ sessionPresent: false }, { sessionPresent: true }])
    expect(ended).toEqual(['network'])
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

/** Creates the lines of a password file for a connection in any second of the next minute. */
async function passwordLines(connectionString: string): Promise<readonly string[]> {
  const device = parseConnectionString(connectionString)
  const now = Date.now()
  const seconds = Array.from({ length: 60 }, (_, second) => now + second * 1000)
  return Promise.all(
    seconds.map(async (issuedAt) => {
      const { username, password } = await toCredentials(device, {
        issuedAt,
        expiresAt: issuedAt + 3_600_000,
      })
      return `${username}:${String(password)}\n`
    }),
  )
}

describeForeign(['mosquitto', 'mosquitto_passwd', 'openssl'], 'the device code against Mosquitto', () => {
  const strings = {
    car1: `HostName=localhost;DeviceId=car1;SharedAccessKey=${key}`,
    mobile1: `HostName=localhost;DeviceId=mobile1;SharedAccessKey=${key}`,
  }
  let folder: string
  let certificates: Certificates
  let mosquitto: Mosquitto
  beforeAll(async () => {
    certificates = await makeCertificates()
    folder = await mkdtemp(join(tmpdir(), 'antiphon-passwords-'))
    const passwords = join(folder, 'passwords')
    const lines = await Promise.all(Object.values(strings).map(passwordLines))
    await writeFile(passwords, lines.flat().join(''))
    await promisify(execFile)(foreignCommand('mosquitto_passwd') ?? '', ['-U', passwords])
    const { caFile, server } = certificates
    mosquitto = await startMosquitto({
      tls: { caFile, certFile: server.certFile, keyFile: server.keyFile },
      config: ['allow_anonymous false', `password_file ${passwords}`],
    })
  })
  afterAll(async () => {
    await mosquitto.stop()
    await Promise.all([certificates.remove(), rm(folder, { recursive: true })])
  })

  const options = (): DeviceOptions => ({ url: mosquitto.tlsUrl ?? '', ca: certificates.ca })

  it('unlocks a car at Mosquitto with TLS and passwords', async () => {
    expect(await unlockOnce(strings, options())).toBe('Success')
  })

  it('fails with return code 5 at Mosquitto with the wrong key', async () => {
    const stranger = connectDevice(strings.car1.replace('MDEy', 'ABCD'), options())
    expect(await firstState(stranger.state$)).toMatchObject({ status: 'closed', error: { reasonCode: 5 } })
    await stranger.close()
  })
})
