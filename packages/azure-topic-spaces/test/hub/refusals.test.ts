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

interface ConnectAttemptOptions extends Partial<CredentialRequest> {
  readonly key?: string
  readonly hostName?: string
  readonly deviceId?: string
  readonly moduleId?: string
  readonly packet?: Partial<IConnectPacket>
  readonly username?: (username: string) => string
}

async function attemptConnect(options: ConnectAttemptOptions = {}): Promise<[RawClient, Packet | undefined]> {
  const { deviceId = 'mobile1', hostName = 'hub.test', moduleId, packet, key, username, ...request } = options
  const sharedAccessKey = key ?? hub.devices.get(deviceId)?.keys[0] ?? policyKey
  const credentials = await toCredentials(
    { hostName, deviceId, sharedAccessKey, ...(moduleId !== undefined && { moduleId }) },
    { issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000, ...request },
  )
  const client = rawClient(port)
  open.push(client)
  client.send(
    connectPacket({
      clientId: moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`,
      username: (username ?? String)(credentials.username),
      password: Buffer.from(credentials.password ?? ''),
      ...packet,
    }),
  )
  return [client, await client.receive()]
}

async function connectAccepted(deviceId: string): Promise<RawClient> {
  const [client, response] = await attemptConnect({ deviceId })
  expect(response).toMatchObject({ cmd: 'connack', returnCode: 0 })
  return client
}

async function subscribe(
  client: RawClient,
  filters: readonly string[],
  qos: 0 | 1 | 2 = 1,
): Promise<unknown> {
  const subscriptions = filters.map((topic) => ({ topic, qos }))
  client.send({ cmd: 'subscribe', messageId: 7, subscriptions })
  const response = await client.receive()
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
  client.send({ ...publish, ...more })
  return (await client.receive())?.cmd ?? 'closed'
}

describe('connecting', () => {
  it.each([
    ['with the primary key', {}],
    ['with the secondary key', { key: hub.devices.get('mobile1')?.keys[1] ?? '' }],
    ['with the key of a policy', { key: policyKey, policy: 'device' }],
    ['with a raw signature', { method: 'SAS' as const }],
    ['as a module', { moduleId: 'm' }],
    ['without h', { username: (name: string) => name.replace(/^h=[^&]*&/, '') }],
    ['without did', { username: (name: string) => name.replace(/did=[^&]*&/, '') }],
    [
      'as a module without did and mid',
      { moduleId: 'm', username: (name: string) => name.replace(/[dm]id=[^&]*&/g, '') },
    ],
    ['with its pairs in any order', { username: (name: string) => name.split('&').reverse().join('&') }],
  ])('accepts a device %s', async (_, options) => {
    expect((await attemptConnect(options))[1]).toMatchObject({ cmd: 'connack', returnCode: 0 })
  })

  it.each([
    ['no am', 4, { username: (name: string) => name.replace('&am=SASb64', '') }],
    ['a username without fields', 4, { username: () => 'admin' }],
    ['an unknown method', 5, { username: (name: string) => name.replace('SASb64', 'PLAIN') }],
    ['X509 without a certificate', 5, { username: (name: string) => name.replace('SASb64', 'X509') }],
    ['a wrong signature', 5, { key: policyKey }],
    ['the key of another policy', 5, { policy: 'admin' }],
    ['an expired credential', 5, { expiresAt: Date.now() - 1_000 }],
    [
      'an expiry that is not the signed one',
      5,
      { username: (name: string) => name.replace('&se=1', '&se=2') },
    ],
    ['no expiry', 5, { username: (name: string) => name.replace(/&se=\d+/, '') }],
    ['an unknown device', 5, { deviceId: 'unknown' }],
    ['the client identifier of another device', 5, { packet: { clientId: 'mobile2' } }],
    ['the name of another hub', 5, { hostName: 'other.test' }],
    ['no API version', 5, { username: (name: string) => name.replace('&av=2021-06-30-preview', '') }],
    [
      'another API version',
      5,
      { username: (name: string) => name.replace('2021-06-30-preview', '2021-04-12') },
    ],
    ['an unknown policy and a right signature', 5, { username: (name: string) => `${name}&sp=unknown` }],
    [
      'a policy named like a property of objects',
      5,
      { username: (name: string) => `${name}&sp=constructor` },
    ],
    [
      'another device without did',
      5,
      { username: (name: string) => name.replace(/did=[^&]*&/, ''), packet: { clientId: 'mobile2' } },
    ],
    ['a Keep Alive above 19 minutes', 5, { packet: { keepalive: 1_141 } }],
    ['no Keep Alive', 5, { packet: { keepalive: 0 } }],
  ])('refuses a client with %s by CONNACK %i', async (_, returnCode, options: ConnectAttemptOptions) => {
    const [client, response] = await attemptConnect(options)
    expect(response).toMatchObject({ cmd: 'connack', returnCode })
    expect(await client.receive()).toBeUndefined()
  })

  it.each([
    ['a will', { will: { topic: 'free/x', payload: Buffer.from('x'), qos: 0 as const, retain: false } }],
    ['no client identifier', { clientId: '', clean: true }],
    ['MQTT 5', { protocolVersion: 5 as const, properties: {} }],
  ])('refuses a client with %s', async (_, packet) => {
    const [, response] = await attemptConnect({ packet })
    expect(response === undefined || (response.cmd === 'connack' && response.returnCode !== 0)).toBe(true)
  })

  it('disconnects and refuses a disabled device, and accepts it again when enabled', async () => {
    const client = await connectAccepted('fleet')
    hub.devices.setEnabled('fleet', false)
    expect(await client.receive()).toBeUndefined()
    expect((await attemptConnect({ deviceId: 'fleet' }))[1]).toMatchObject({ returnCode: 5 })
    hub.devices.setEnabled('fleet', true)
    await connectAccepted('fleet')
  })

  it('closes the older connection when a device connects again', async () => {
    const first = await connectAccepted('mobile1')
    await connectAccepted('mobile1')
    expect(await first.receive()).toBeUndefined()
  })
})

describe('subscribing', () => {
  it('answers a filter without rights with SUBACK 0x80 and keeps the connection', async () => {
    const client = await connectAccepted('mobile1')
    const res = 'vehicles/unlock/res'
    expect(await subscribe(client, [`${res}/+/#`, `${res}/mobile2/#`, `${res}/mobile1/#`])).toEqual([
      0x80, 0x80, 1,
    ])
    expect(await subscribe(client, ['free/x', '$share/g/few/1', '#'])).toEqual([0x80, 0x80, 0x80])
    expect(await subscribe(client, [`${res}/mobile1/car1`], 2)).toEqual([1])
  })

  it('refuses the ninth filter of a SUBSCRIBE', async () => {
    const client = await connectAccepted('mobile1')
    const filters = Array.from({ length: 9 }, (_, n) => `many/mobile1/0/${n}`)
    expect(await subscribe(client, filters)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0x80])
  })

  it('refuses the 11th subscription within a substituted LowFanout template', async () => {
    const client = await connectAccepted('mobile1')
    const filters = Array.from({ length: 12 }, (_, n) => `few/${n}`)
    expect(await subscribe(client, filters.slice(0, 4))).toEqual([1, 1, 1, 1])
    const other = await connectAccepted('mobile2')
    expect(await subscribe(other, filters.slice(4))).toEqual([1, 1, 1, 1, 1, 1, 0x80, 0x80])
    expect(await subscribe(other, ['few/4', 'few/#'])).toEqual([1, 0x80])
    client.send({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['few/0'] })
    await client.receive()
    expect(await subscribe(other, ['few/#'])).toEqual([1])
  })

  it('does not limit subscriptions of a HighFanout template, but refuses the 51st of a client', async () => {
    const client = await connectAccepted('mobile1')
    for (let n = 0; n < 50; n++) expect(await subscribe(client, [`crowd/${n}`])).toEqual([1])
    expect(await subscribe(client, ['crowd/50', 'crowd/49'])).toEqual([0x80, 1])
  })

  it('refuses filters of more than 256 bytes or 10 slashes', async () => {
    const client = await connectAccepted('mobile1')
    const deep = `crowd${'/x'.repeat(10)}`
    expect(await subscribe(client, [deep, `${deep}/x`])).toEqual([1, 0x80])
    const long = `crowd/${'x'.repeat(250)}`
    expect(await subscribe(client, [long, `${long}x`])).toEqual([1, 0x80])
  })
})

describe('publishing', () => {
  it('acknowledges a publish with rights by PUBACK', async () => {
    expect(await publish(await connectAccepted('mobile1'), 'vehicles/unlock/req/car1/mobile1')).toBe('puback')
    expect(await publish(await connectAccepted('car1'), 'vehicles/unlock/res/mobile1/car1')).toBe('puback')
  })

  it.each([
    ['another phone', 'mobile1', 'vehicles/unlock/req/car1/mobile2', {}],
    ['a car', 'mobile1', 'vehicles/unlock/res/x/car1', {}],
    ['another car', 'car1', 'vehicles/unlock/res/mobile1/car2', {}],
    ['itself, outside every space', 'mobile1', 'elsewhere', {}],
    ['itself, at QoS 2', 'mobile1', 'free/x', { qos: 2 }],
    ['itself, retained', 'mobile1', 'free/x', { retain: true }],
    ['itself, to 11 slashes', 'mobile1', `free${'/x'.repeat(11)}`, {}],
    ['itself, to 257 bytes', 'mobile1', `free/${'x'.repeat(252)}`, {}],
    ['itself, more than 256 KiB', 'mobile1', 'free/x', { payload: 'x'.repeat(262_144) }],
  ])(
    'closes the connection without PUBACK when a device publishes as %s',
    async (_, deviceId, topic, more) => {
      expect(await publish(await connectAccepted(deviceId), topic, more)).toBe('closed')
    },
  )
})

describe('flow control', () => {
  it('sends at most 16 unacknowledged QoS 1 messages to a client, and one more per acknowledgement', async () => {
    const [reader, writer] = [await connectAccepted('mobile1'), await connectAccepted('mobile2')]
    expect(await subscribe(reader, ['crowd/x'])).toEqual([1])
    const messageIds: number[] = []
    const next = async (): Promise<void> => {
      const packet = await reader.receive()
      messageIds.push(packet?.cmd === 'publish' ? (packet.messageId ?? 0) : -1)
    }
    for (let n = 0; n < 20; n++) expect(await publish(writer, 'crowd/x')).toBe('puback')
    for (let n = 0; n < 16; n++) await next()
    reader.send({ cmd: 'pingreq' })
    expect(await reader.receive()).toMatchObject({ cmd: 'pingresp' })
    for (let n = 0; n < 4; n++) {
      reader.send({ cmd: 'puback', messageId: messageIds[n] ?? 0 })
      await next()
    }
    expect(new Set(messageIds)).not.toContain(-1)
    expect(messageIds).toHaveLength(20)
  })
})
