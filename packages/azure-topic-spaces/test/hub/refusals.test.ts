import { randomBytes } from 'node:crypto'
import type { IConnectPacket, Packet } from 'mqtt-packet'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { toCredentials, type CredentialRequest } from '../../src/index.js'
import { createHub } from '../../src/hub/index.js'
import { unlockSpaces } from '../unlock-spaces.js'
import { connectPacket, rawClient, type RawClient } from './raw-client.js'

const policyKey = randomBytes(32).toString('base64')
const hub = createHub({ hostName: 'hub.test', policies: { device: policyKey } })
for (const deviceId of ['car1', 'mobile1', 'mobile2', 'fleet']) hub.devices.create(deviceId)
for (const { name, type, templates } of unlockSpaces) hub.topicSpaces.create({ name, type, templates })
hub.topicSpaces.create({
  name: 'many',
  type: 'LowFanout',
  templates: ['many/${principal.deviceid}/0/#', 'few/#', 'wide/${principal.deviceid}/+/#'],
})
hub.topicSpaces.create({ name: 'crowd', type: 'HighFanout', templates: ['crowd/#'] })
hub.topicSpaces.create({ name: 'free', type: 'PublishOnly', templates: ['free/#'] })

let port = 0
const open: RawClient[] = []
beforeAll(async () => ({ port } = await hub.listen({ protocol: 'tcp' })))
afterEach(() => {
  for (const client of open.splice(0)) client.end()
  for (const { clientId } of hub.broker.sessions()) hub.broker.forget(clientId)
})
afterAll(() => hub.close())

interface Knock extends Partial<CredentialRequest> {
  readonly key?: string
  readonly hostName?: string
  readonly deviceId?: string
  readonly moduleId?: string
  readonly packet?: Partial<IConnectPacket>
  readonly username?: (username: string) => string
}

async function knock(options: Knock = {}): Promise<[RawClient, Packet | undefined]> {
  const { deviceId = 'mobile1', hostName = 'hub.test', moduleId, packet, key, username, ...request } = options
  const sharedAccessKey = key ?? hub.devices.get(deviceId)?.keys[0] ?? policyKey
  const credentials = await toCredentials(
    { hostName, deviceId, sharedAccessKey, ...(moduleId !== undefined && { moduleId }) },
    { issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000, ...request },
  )
  const client = rawClient(port)
  open.push(client)
  client.say(
    connectPacket({
      clientId: moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`,
      username: (username ?? String)(credentials.username),
      password: Buffer.from(credentials.password ?? ''),
      ...packet,
    }),
  )
  return [client, await client.hear()]
}

async function enter(deviceId: string): Promise<RawClient> {
  const [client, response] = await knock({ deviceId })
  expect(response).toMatchObject({ cmd: 'connack', returnCode: 0 })
  return client
}

async function subscribe(
  client: RawClient,
  filters: readonly string[],
  qos: 0 | 1 | 2 = 1,
): Promise<unknown> {
  const subscriptions = filters.map((topic) => ({ topic, qos }))
  client.say({ cmd: 'subscribe', messageId: 7, subscriptions })
  const response = await client.hear()
  return response?.cmd === 'suback' ? response.granted : response
}

async function publish(client: RawClient, topic: string, more: object = {}): Promise<unknown> {
  const publish = {
    cmd: 'publish',
    messageId: 9,
    topic,
    payload: 'x',
    qos: 1,
    dup: false,
    retain: false,
  } as const
  client.say({ ...publish, ...more })
  return (await client.hear())?.cmd ?? 'closed'
}

describe('connecting', () => {
  it.each([
    ['with the primary key', {}],
    ['with the secondary key', { key: hub.devices.get('mobile1')?.keys[1] ?? '' }],
    ['with the key of a policy', { key: policyKey, policy: 'device' }],
    ['with a raw signature', { method: 'SAS' as const }],
    ['as a module', { moduleId: 'm' }],
    ['with its pairs in any order', { username: (name: string) => name.split('&').reverse().join('&') }],
  ])('a device comes in %s', async (_, options) => {
    expect((await knock(options))[1]).toMatchObject({ cmd: 'connack', returnCode: 0 })
  })

  it.each([
    ['no am', 4, { username: (name: string) => name.replace('&am=SASb64', '') }],
    ['no username of pairs', 4, { username: () => 'admin' }],
    ['a wrong method', 5, { username: (name: string) => name.replace('SASb64', 'PLAIN') }],
    ['X509 without a certificate', 5, { username: (name: string) => name.replace('SASb64', 'X509') }],
    ['a wrong signature', 5, { key: policyKey }],
    ['the key of another policy', 5, { policy: 'admin' }],
    ['an expired credential', 5, { expiresAt: Date.now() - 1_000 }],
    [
      'a credential of another time than it says',
      5,
      { username: (name: string) => name.replace('&se=1', '&se=2') },
    ],
    ['no end of its credential', 5, { username: (name: string) => name.replace(/&se=\d+/, '') }],
    ['an unknown device', 5, { deviceId: 'nobody' }],
    ['the id of another device', 5, { packet: { clientId: 'mobile2' } }],
    ['the name of another hub', 5, { hostName: 'other.test' }],
    ['no version', 5, { username: (name: string) => name.replace('&av=2021-06-30-preview', '') }],
    ['a keep alive beyond 19 minutes', 5, { packet: { keepalive: 1_141 } }],
    ['no keep alive', 5, { packet: { keepalive: 0 } }],
  ])('with %s: CONNACK %i', async (_, returnCode, options: Knock) => {
    const [client, response] = await knock(options)
    expect(response).toMatchObject({ cmd: 'connack', returnCode })
    expect(await client.hear()).toBeUndefined()
  })

  it.each([
    ['a will', { will: { topic: 'free/x', payload: Buffer.from('x'), qos: 0 as const, retain: false } }],
    ['no client id', { clientId: '', clean: true }],
    ['MQTT 5', { protocolVersion: 5 as const, properties: {} }],
  ])('with %s nobody comes in', async (_, packet) => {
    const [, response] = await knock({ packet })
    expect(response === undefined || (response.cmd === 'connack' && response.returnCode !== 0)).toBe(true)
  })

  it('a disabled device is refused, and the one that is connected has to go', async () => {
    const client = await enter('fleet')
    hub.devices.enable('fleet', false)
    expect(await client.hear()).toBeUndefined()
    expect((await knock({ deviceId: 'fleet' }))[1]).toMatchObject({ returnCode: 5 })
    hub.devices.enable('fleet', true)
    await enter('fleet')
  })

  it('same client id again: the old connection goes', async () => {
    const first = await enter('mobile1')
    await enter('mobile1')
    expect(await first.hear()).toBeUndefined()
  })
})

describe('subscribing', () => {
  it('where it is not allowed: SUBACK 0x80, the connection stays', async () => {
    const client = await enter('mobile1')
    const res = 'vehicles/unlock/res'
    expect(await subscribe(client, [`${res}/+/#`, `${res}/mobile2/#`, `${res}/mobile1/#`])).toEqual([
      0x80, 0x80, 1,
    ])
    expect(await subscribe(client, ['free/x', '$share/g/few/1', '#'])).toEqual([0x80, 0x80, 0x80])
    expect(await subscribe(client, [`${res}/mobile1/car1`], 2)).toEqual([1])
  })

  it('8 filters per SUBSCRIBE, the ninth is refused', async () => {
    const client = await enter('mobile1')
    const filters = Array.from({ length: 9 }, (_, n) => `many/mobile1/0/${n}`)
    expect(await subscribe(client, filters)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0x80])
  })

  it('10 subscriptions per substituted template, the 11th is refused', async () => {
    const client = await enter('mobile1')
    const filters = Array.from({ length: 12 }, (_, n) => `few/${n}`)
    expect(await subscribe(client, filters.slice(0, 4))).toEqual([1, 1, 1, 1])
    const other = await enter('mobile2')
    expect(await subscribe(other, filters.slice(4))).toEqual([1, 1, 1, 1, 1, 1, 0x80, 0x80])
    expect(await subscribe(other, ['few/4', 'few/#'])).toEqual([1, 0x80])
    client.say({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['few/0'] })
    await client.hear()
    expect(await subscribe(other, ['few/#'])).toEqual([1])
  })

  it('HighFanout has no such limit, but a client has 50 subscriptions', async () => {
    const client = await enter('mobile1')
    for (let n = 0; n < 50; n++) expect(await subscribe(client, [`crowd/${n}`])).toEqual([1])
    expect(await subscribe(client, ['crowd/50', 'crowd/49'])).toEqual([0x80, 1])
  })

  it('topic ≤ 256 bytes and 10 slashes', async () => {
    const client = await enter('mobile1')
    const deep = `crowd${'/x'.repeat(10)}`
    expect(await subscribe(client, [deep, `${deep}/x`])).toEqual([1, 0x80])
    const long = `crowd/${'x'.repeat(250)}`
    expect(await subscribe(client, [long, `${long}x`])).toEqual([1, 0x80])
  })
})

describe('publishing', () => {
  it('where it is allowed: PUBACK', async () => {
    expect(await publish(await enter('mobile1'), 'vehicles/unlock/req/car1/mobile1')).toBe('puback')
    expect(await publish(await enter('car1'), 'vehicles/unlock/res/mobile1/car1')).toBe('puback')
  })

  it.each([
    ['another phone', 'mobile1', 'vehicles/unlock/req/car1/mobile2', {}],
    ['a car', 'mobile1', 'vehicles/unlock/res/x/car1', {}],
    ['another car', 'car1', 'vehicles/unlock/res/mobile1/car2', {}],
    ['nobody, outside every space', 'mobile1', 'elsewhere', {}],
    ['itself, at QoS 2', 'mobile1', 'free/x', { qos: 2 }],
    ['itself, retained', 'mobile1', 'free/x', { retain: true }],
    ['itself, to 11 slashes', 'mobile1', `free${'/x'.repeat(11)}`, {}],
    ['itself, to 257 bytes', 'mobile1', `free/${'x'.repeat(252)}`, {}],
    ['itself, more than 256 KiB', 'mobile1', 'free/x', { payload: 'x'.repeat(262_144) }],
  ])('as %s: the connection is closed, no PUBACK', async (_, deviceId, topic, more) => {
    expect(await publish(await enter(deviceId), topic, more)).toBe('closed')
  })
})

describe('16 unacknowledged QoS 1', () => {
  it('are on their way to a client at the most; each acknowledgement makes room for one', async () => {
    const [reader, writer] = [await enter('mobile1'), await enter('mobile2')]
    expect(await subscribe(reader, ['crowd/x'])).toEqual([1])
    const heard: number[] = []
    const next = async (): Promise<void> => {
      const packet = await reader.hear()
      heard.push(packet?.cmd === 'publish' ? (packet.messageId ?? 0) : -1)
    }
    for (let n = 0; n < 20; n++) expect(await publish(writer, 'crowd/x')).toBe('puback')
    for (let n = 0; n < 16; n++) await next()
    reader.say({ cmd: 'pingreq' })
    expect(await reader.hear()).toMatchObject({ cmd: 'pingresp' })
    for (let n = 0; n < 4; n++) {
      reader.say({ cmd: 'puback', messageId: heard[n] ?? 0 })
      await next()
    }
    expect(new Set(heard)).not.toContain(-1)
    expect(heard).toHaveLength(20)
  })
})
