import { Reason, type BrokerEvent } from '@antiphon/broker'
import { AntiphonError, type Link, type LinkState } from '@antiphon/core'
import { linkOver } from '@antiphon/core/link'
import { connect } from '@antiphon/mqtt'
import { createAuthority, type CertificateAuthority, type Identity } from '@antiphon/workshop/certificates'
import { X509Certificate } from 'node:crypto'
import { filter, firstValueFrom, lastValueFrom, of, ReplaySubject } from 'rxjs'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serveUnlock, unlock$ } from '../../src/index.js'
import { connectEventGrid, eventGridLinkOptions, type EventGridOptions } from '../../src/event-grid/index.js'
import {
  createNamespace,
  type EventGridNamespace,
  type NamespaceOptions,
} from '../../src/event-grid/namespace/index.js'
import { addUnlockAccess } from './unlock-namespace.js'

let authority: CertificateAuthority
let server: Identity
beforeAll(async () => {
  authority = await createAuthority()
  server = await authority.issue({ commonName: 'localhost', usage: 'server', hosts: ['localhost'] })
})

let namespace: EventGridNamespace
let events: BrokerEvent[]
const links: Link[] = []
function start(options: NamespaceOptions = {}): void {
  namespace = createNamespace(options)
  events = []
  namespace.events$.subscribe((event) => events.push(event))
  addUnlockAccess(namespace)
  namespace.clients.create({ name: 'car1', attributes: { type: 'car' } })
  namespace.clients.create({ name: 'mobile1', attributes: { type: 'phone' } })
}
beforeEach(() => start())
afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()))
  await namespace.close()
})

function local(authenticationName: string, sessionName = authenticationName): Link {
  const transport = namespace.transport({ authenticationName, sessionName })
  const link = linkOver(transport, eventGridLinkOptions)
  links.push(link)
  return link
}

/** Listens with TLS and returns the options of a client with a certificate. */
async function listenTls(): Promise<
  (authenticationName: string, commonName?: string) => Promise<EventGridOptions>
> {
  const tls = { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: false }
  const { url } = await namespace.listen({ protocol: 'tls', tls })
  return async (authenticationName, commonName = authenticationName) => ({
    host: 'localhost',
    url: url.replace('127.0.0.1', 'localhost'),
    ca: authority.cert,
    ...(await authority.issue({ commonName, usage: 'client' })),
    authenticationName,
  })
}

function open(options: EventGridOptions): Link {
  const link = connectEventGrid(options)
  links.push(link)
  return link
}

const settled = (link: Link): Promise<LinkState> =>
  firstValueFrom(link.state$.pipe(filter(({ status }) => status !== 'connecting')))

async function unlock(car: Link, phone: Link): Promise<string> {
  const isSubscribed = firstValueFrom(car.subscription$('vehicles/unlock/req/car1/#'))
  serveUnlock(car, 'car1').subscribe()
  await isSubscribed
  return (await lastValueFrom(of('car1').pipe(unlock$(phone, 'mobile1', { timeout: 60_000 })))).result
}

async function codeOf(promise: Promise<unknown>): Promise<[string, number | undefined]> {
  try {
    await promise
    return ['none', undefined]
  } catch (thrown) {
    const { code, reasonCode } = AntiphonError.from(thrown)
    return [code, reasonCode]
  }
}

describe('the unlock story on Event Grid', () => {
  it('unlocks the car over MQTT 5, TLS and certificates, with the code of the preview', async () => {
    const optionsOf = await listenTls()
    const car = open(await optionsOf('car1'))
    const phone = open(await optionsOf('mobile1'))
    expect(await unlock(car, phone)).toBe('Success')
    const connected = events.filter((event) => event.type === 'connected')
    expect(connected.map(({ client }) => [client.protocolVersion, client.keepAlive])).toEqual([
      [5, 60],
      [5, 60],
    ])
    expect(namespace.broker.session('car1')).toMatchObject({ sessionExpiryInterval: 3_600 })
  })

  it('unlocks the car in-process, and keeps a command for a car that is offline', async () => {
    const car = local('car1')
    const phone = local('mobile1')
    expect(await unlock(car, phone)).toBe('Success')
    await car.close()
    const published = firstValueFrom(
      namespace.events$.pipe(filter((event) => event.type === 'published' && event.clientId === 'mobile1')),
    )
    const unlocked = lastValueFrom(of('car1').pipe(unlock$(phone, 'mobile1', { timeout: 60_000 })))
    await published
    serveUnlock(local('car1'), 'car1').subscribe()
    expect((await unlocked).result).toBe('Success')
  })
})

describe('clients of a namespace', () => {
  it('refuses who is not a client, is disabled, or has the certificate of another client', async () => {
    const optionsOf = await listenTls()
    namespace.clients.create({ name: 'off', isEnabled: false })
    const refused = async (options: EventGridOptions): Promise<string> => {
      expect(await settled(open(options))).toMatchObject({ status: 'closed', error: { reasonCode: 0x87 } })
      const last = events.filter((event) => event.type === 'refused').at(-1)
      return last?.reason ?? ''
    }
    expect(await refused(await optionsOf('stranger'))).toContain(
      'no client has the authentication name stranger',
    )
    expect(await refused(await optionsOf('off'))).toContain('the client off is disabled')
    expect(await refused(await optionsOf('mobile1', 'car1'))).toContain(
      'the common name of the certificate is car1: it must be the authentication name, mobile1',
    )
    const { cert: _, key: __, ...withoutCertificate } = await optionsOf('car1')
    expect(await refused(withoutCertificate)).toContain('no certificate')
    expect(
      await refused({ ...(await optionsOf('x', 'car1')), authenticationName: '', sessionName: 's' }),
    ).toContain('the user name is empty')
  })

  it('compares authentication names without case, and takes them from the certificate if configured', async () => {
    await namespace.close()
    start({ alternativeAuthenticationNameSources: ['ClientCertificateSubject'] })
    const optionsOf = await listenTls()
    expect(await settled(open(await optionsOf('CAR1')))).toMatchObject({ status: 'online' })
    const { url = '', ca = '', cert = '', key = '' } = await optionsOf('mobile1')
    const link = connect(url, { ca, cert, key, clientId: 'mobile1', protocolVersion: 5 })
    links.push(link)
    expect(await settled(link)).toMatchObject({ status: 'online' })
  })

  it('admits a certificate by its thumbprint', async () => {
    const optionsOf = await listenTls()
    const good = await optionsOf('by-thumbprint', 'anything')
    const { fingerprint256 } = new X509Certificate(String(good.cert))
    namespace.clients.create({
      name: 'by-thumbprint',
      validationScheme: 'ThumbprintMatch',
      allowedThumbprints: [fingerprint256.replaceAll(':', '').toLowerCase()],
    })
    expect(await settled(open(good))).toMatchObject({ status: 'online' })
    const other = await optionsOf('by-thumbprint', 'anything')
    expect(await settled(open({ ...other, sessionName: 'other' }))).toMatchObject({
      status: 'closed',
      error: { reasonCode: 0x87 },
    })
  })

  it('refuses a second session of a client with 0x97, and the session of another client with 0x87', async () => {
    const first = local('car1', 'session-1')
    expect(await settled(first)).toMatchObject({ status: 'online' })
    expect(await settled(local('car1', 'session-2'))).toMatchObject({ error: { reasonCode: 0x97 } })
    expect(await settled(local('mobile1', 'session-1'))).toMatchObject({ error: { reasonCode: 0x87 } })
    // The limit counts offline sessions as well, until they end.
    await first.close()
    expect(await settled(local('car1', 'session-2'))).toMatchObject({ error: { reasonCode: 0x97 } })
    namespace.broker.forget('session-1')
    expect(await settled(local('car1', 'session-2'))).toMatchObject({ status: 'online' })
  })

  it('admits as many sessions of a client as the namespace allows', async () => {
    await namespace.close()
    start({ maximumClientSessionsPerAuthenticationName: 2 })
    for (const sessionName of ['session-1', 'session-2'])
      expect(await settled(local('car1', sessionName))).toMatchObject({ status: 'online' })
    expect(await settled(local('car1', 'session-3'))).toMatchObject({ error: { reasonCode: 0x97 } })
  })

  it('disconnects a client that is disabled or deleted', async () => {
    for (const end of [
      () => namespace.clients.create({ name: 'car1', isEnabled: false }),
      () => namespace.clients.delete('mobile1'),
    ]) {
      const link = local(end.toString().includes('delete') ? 'mobile1' : 'car1')
      await settled(link)
      const offline = firstValueFrom(link.state$.pipe(filter(({ status }) => status !== 'online')))
      end()
      expect((await offline).status).not.toBe('online')
    }
    expect(namespace.broker.sessions().every(({ client }) => client === null || client === undefined)).toBe(
      true,
    )
  })
})

describe('access in a namespace', () => {
  it('acknowledges a publish that no binding allows with 0x87 over MQTT 5, and disconnects over MQTT 3.1.1', async () => {
    const message = { topic: 'vehicles/unlock/res/mobile1/car1', payload: new Uint8Array(), qos: 1 } as const
    const phone = local('mobile1')
    expect(await codeOf(firstValueFrom(phone.publish$(message)))).toEqual([
      'publish-refused',
      Reason.notAuthorized,
    ])
    expect(events.filter((event) => event.type === 'published').at(-1)).toMatchObject({
      reason: 'no permission binding allows mobile1 to publish to vehicles/unlock/res/mobile1/car1',
    })
    const optionsOf = await listenTls()
    const { url = '', ca = '', cert = '', key = '' } = await optionsOf('car1')
    const old = connect(url, { ca, cert, key, clientId: 'car1', username: 'car1', protocolVersion: 4 })
    links.push(old)
    const ended = firstValueFrom(
      namespace.events$.pipe(filter((event) => event.type === 'disconnected' && event.by === 'broker')),
    )
    old.publish$({ ...message, topic: 'elsewhere' }).subscribe({ error: () => undefined })
    expect(await ended).toMatchObject({ reasonCode: Reason.notAuthorized })
  })

  it('refuses a subscription that no binding allows, retained messages, QoS 2 and shared subscriptions', async () => {
    const phone = local('mobile1')
    const codesOf = (filterOf: string): Promise<[string, number | undefined]> =>
      codeOf(firstValueFrom(phone.subscription$(filterOf)))
    expect(await codesOf('vehicles/#')).toEqual(['subscribe-refused', Reason.notAuthorized])
    expect(await settled(phone)).toMatchObject({
      info: { maximumQoS: 1, retainAvailable: false, sharedSubscriptions: false, maximumPacketSize: 524_288 },
    })
  })

  it('delivers nothing to a subscription whose permission binding was deleted', async () => {
    const car = local('car1')
    const received: string[] = []
    const subscribed$ = new ReplaySubject<unknown>(1)
    car.subscription$('vehicles/unlock/req/car1/#').subscribe(subscribed$)
    car.messages$('vehicles/unlock/req/car1/#').subscribe(({ topic }) => received.push(topic))
    await firstValueFrom(subscribed$)
    const phone = local('mobile1')
    const publish = (): Promise<unknown> =>
      firstValueFrom(
        phone.publish$({ topic: 'vehicles/unlock/req/car1/mobile1', payload: new Uint8Array(), qos: 1 }),
      )
    namespace.permissionBindings.delete('cars-receive-requests')
    await publish()
    expect(received).toEqual([])
    expect(events.filter((event) => event.type === 'dropped').at(-1)).toMatchObject({
      loss: 'not-authorized',
    })
  })

  it('ends a session whose queue is full', async () => {
    const car = local('car1')
    const subscribed$ = new ReplaySubject<unknown>(1)
    car.subscription$('vehicles/unlock/req/car1/#').subscribe(subscribed$)
    await firstValueFrom(subscribed$)
    await car.close()
    const phone = local('mobile1')
    const ended = firstValueFrom(namespace.events$.pipe(filter(({ type }) => type === 'session-ended')))
    const topic = 'vehicles/unlock/req/car1/mobile1'
    for (let n = 0; n <= 100; n++)
      phone.publish$({ topic, payload: new Uint8Array(), qos: 1 }).subscribe({ error: () => undefined })
    expect(await ended).toMatchObject({ clientId: 'car1' })
    expect(namespace.broker.session('car1')).toBeUndefined()
  })
})
