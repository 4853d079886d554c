import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { firstValueFrom } from 'rxjs'
import { expect } from 'vitest'
import type { Broker } from '../../src/index.js'
import { packet, publishBytes, uint16 } from '../conformance/bytes.js'
import { dialTcp } from '../conformance/raw-client.js'
import type { RawClient } from '../conformance/raw-client.js'
import type { AnyPacket } from '../world.js'

const forever = 0xffffffff

/** Connects a client with a session that does not expire. */
async function join5(
  port: number,
  clientId: string,
  connect: AnyPacket = {},
): Promise<[RawClient, AnyPacket]> {
  const client = await dialTcp(port, 5)
  const header = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, keepalive: 0 }
  const properties = { sessionExpiryInterval: forever }
  client.send({ ...header, clean: false, clientId, properties, ...connect })
  return [client, await client.next('connack')]
}

/**
 * Fills the storage of a broker with one record of each kind: sessions with all options of subscriptions, messages that are
 * queued, sent and received, a QoS 2 message of a client without PUBREL, a Will, retained messages.
 */
export async function fillStorage(broker: Broker): Promise<void> {
  const { port } = await broker.listen({ protocol: 'tcp' })
  const will = {
    topic: 'will',
    payload: 'gone',
    qos: 1,
    retain: false,
    properties: { willDelayInterval: 60 },
  }
  const [reader] = await join5(port, 'reader', { will })
  const [sleeper] = await join5(port, 'sleeper')
  await sleeper.subscribe('a/#', { qos: 2 })
  sleeper.send('e0 00')
  await sleeper.untilClosed()
  await reader.subscribe('a/+', {
    ...{ qos: 2, rap: true, rh: 1 },
    properties: { subscriptionIdentifier: 7 },
  })
  await reader.subscribe('$share/g/jobs', { qos: 1 })
  const publish = async (topic: string, qos: 1 | 2, payload: string, retain = false): Promise<void> => {
    const userProperties = [['city', 'Wien']] as const
    await firstValueFrom(
      broker.publish$({
        topic,
        qos,
        payload: Buffer.from(payload),
        retain,
        contentType: 'text/plain',
        userProperties,
      }),
    )
  }
  await publish('config/1', 1, 'kept', true)
  await publish('config/2', 1, 'removed', true)
  await publish('config/2', 1, '', true)
  await publish('a/1', 1, 'one')
  expect(await reader.next('publish')).toMatchObject({ topic: 'a/1', qos: 1 })
  await publish('a/2', 2, 'two')
  const { messageId = 0 } = await reader.next('publish')
  // Received, and not completed: after a restart, the broker sends PUBREL.
  reader.send(packet(0x50, uint16(messageId)))
  await reader.next('pubrel')
  reader.send(publishBytes(5, 'inbound', { flags: 4, id: 5, payload: 'once' }))
  await reader.next('pubrec')
}

/** Expects a broker to have the state that {@link fillStorage} made. */
export async function expectStoredState(broker: Broker): Promise<void> {
  const { port } = await broker.listen({ protocol: 'tcp' })
  expect(broker.retained()).toMatchObject([
    {
      ...{ topic: 'config/1', payload: Buffer.from('kept'), contentType: 'text/plain' },
      userProperties: [['city', 'Wien']],
    },
  ])
  expect(broker.session('reader')?.subscriptions).toEqual([
    {
      ...{ filter: 'a/+', qos: 2, noLocal: false, retainAsPublished: true, retainHandling: 1 },
      subscriptionIdentifier: 7,
    },
    { filter: '$share/g/jobs', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
  ])
  const [sleeper, ofSleeper] = await join5(port, 'sleeper')
  expect(ofSleeper.sessionPresent).toBe(true)
  expect((await sleeper.take(2)).map(({ topic, qos, dup }) => [topic, qos, dup])).toEqual([
    ['a/1', 1, false],
    ['a/2', 2, false],
  ])
  const [watcher] = await join5(port, 'watcher')
  await watcher.subscribe('inbound', { qos: 0 })
  const [reader, ofReader] = await join5(port, 'reader')
  expect(ofReader.sessionPresent).toBe(true)
  expect(await reader.take(2)).toMatchObject([
    { cmd: 'publish', topic: 'a/1', dup: true, properties: { subscriptionIdentifier: 7 } },
    { cmd: 'pubrel' },
  ])
  // A duplicate of a QoS 2 message that was routed before.
  reader.send(publishBytes(5, 'inbound', { flags: 0x0c, id: 5, payload: 'once' }))
  expect(await reader.next('pubrec')).toMatchObject({ reasonCode: 0 })
  await watcher.expectQuiet()
  for (const client of [sleeper, watcher, reader]) client.cut()
}

/** Writes the files of a folder into one JSON file. */
export async function packFolder(folder: string, file: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name !== 'LOCK' && !name.startsWith('LOG'))
  const entries = await Promise.all(
    names
      .sort()
      .map(async (name) => [name, (await readFile(join(folder, name))).toString('base64')] as const),
  )
  await writeFile(file, `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`)
}

/** Writes the files that {@link packFolder} has packed into a folder. */
export async function unpackFolder(file: string, folder: string): Promise<void> {
  const files = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>
  await mkdir(folder, { recursive: true })
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, name), Buffer.from(content, 'base64'))
}
