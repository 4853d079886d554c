import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../storage/memory-storage.js'
import type { MemoryStorage } from '../storage/memory-storage.js'
import { makeWorld } from '../world.js'
import type { AnyPacket, Client, World } from '../world.js'

const persistent = { clean: false, properties: { sessionExpiryInterval: 1_000 } }

async function start(storage: MemoryStorage = memoryStorage()): Promise<World> {
  const world = makeWorld({ storage })
  await world.engine.ready
  return world
}

/** Runs `work` while no commit completes, and returns a broker on what was committed before: the state after a crash. */
async function crashAfter(world: World, storage: MemoryStorage, work: () => void): Promise<World> {
  await world.settle()
  let release = (): void => undefined
  storage.commitGate = new Promise((resolve) => (release = resolve))
  const before = memoryStorage(storage)
  work()
  await world.settle()
  release()
  return start(before)
}

async function subscribed(world: World, clientId: string, topic: string, qos: number): Promise<Client> {
  const client = world.join(clientId, persistent)
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] })
  await world.settle()
  client.take()
  return client
}

/** Connects a client with a persistent session and returns the packets that it receives. */
async function resume(world: World, clientId: string): Promise<AnyPacket[]> {
  const client = world.join(clientId, persistent)
  await world.settle()
  return client.take()
}

const message = (more: AnyPacket): AnyPacket => ({ cmd: 'publish', topic: 't', payload: 'x', ...more })

describe('after a crash', () => {
  it('a new session without subscriptions may be absent although CONNACK was sent', async () => {
    const storage = memoryStorage()
    const world = await start(storage)
    let connack: AnyPacket | undefined
    const next = await crashAfter(world, storage, () => (connack = world.join('a', persistent).first()))
    expect(connack).toMatchObject({ reasonCode: 0 })
    expect(await resume(next, 'a')).toMatchObject([{ sessionPresent: false }])
  })

  it('a session that Clean Start has discarded just before may be present', async () => {
    const storage = memoryStorage()
    const world = await start(storage)
    await subscribed(world, 'a', 't', 1)
    const next = await crashAfter(world, storage, () => world.join('a', { clean: true }))
    expect(await resume(next, 'a')).toMatchObject([{ sessionPresent: true }])
  })

  it('a QoS 0 message that was queued or in flight is lost', async () => {
    const storage = memoryStorage()
    const world = await start(storage)
    ;(await subscribed(world, 'a', 't', 0)).cut()
    world.join('from').send(message({ qos: 0 }))
    await world.settle()
    const next = await crashAfter(world, storage, () => undefined)
    expect(await resume(next, 'a')).toMatchObject([{ sessionPresent: true }])
  })

  it('a retained QoS 0 message is kept once it is committed', async () => {
    const storage = memoryStorage()
    const world = await start(storage)
    const from = world.join('from')
    from.send(message({ qos: 0, retain: true }))
    const next = await crashAfter(world, storage, () =>
      from.send(message({ qos: 0, retain: true, topic: 'late' })),
    )
    expect(next.broker.retained().map(({ topic }) => topic)).toEqual(['t'])
  })

  it('PUBCOMP is sent after the Packet Identifier is free in the storage', async () => {
    const storage = memoryStorage()
    const world = await start(storage)
    const from = world.join('from', persistent)
    from.send(message({ qos: 2, messageId: 5 }))
    await world.settle()
    from.take()
    let early: AnyPacket[] = []
    const next = await crashAfter(world, storage, () => {
      from.send({ cmd: 'pubrel', messageId: 5 })
      early = from.take()
    })
    expect(early).toEqual([])
    await world.settle()
    expect(from.take()).toMatchObject([{ cmd: 'pubcomp', messageId: 5, reasonCode: 0 }])
    const again = next.join('from', persistent)
    again.send({ cmd: 'pubrel', messageId: 5 })
    await next.settle()
    expect(again.take()).toMatchObject([{ sessionPresent: true }, { cmd: 'pubcomp', reasonCode: 0 }])
  })

  it('a message whose PUBACK or PUBCOMP was received just before is sent again', async () => {
    const storage = memoryStorage()
    const world = await start(storage)
    const client = await subscribed(world, 'a', 't', 2)
    const from = world.join('from')
    from.send(message({ qos: 1, messageId: 1 }))
    from.send(message({ qos: 2, messageId: 2 }))
    await world.settle()
    const [first, second] = client.take()
    client.send({ cmd: 'pubrec', messageId: second?.messageId ?? 0 })
    await world.settle()
    const next = await crashAfter(world, storage, () => {
      client.send({ cmd: 'puback', messageId: first?.messageId ?? 0 })
      client.send({ cmd: 'pubcomp', messageId: second?.messageId ?? 0 })
    })
    expect(await resume(next, 'a')).toMatchObject([
      { sessionPresent: true },
      { cmd: 'publish', qos: 1, dup: true, messageId: first?.messageId },
      { cmd: 'pubrel', messageId: second?.messageId },
    ])
  })

  it('the Will of a client that sent DISCONNECT just before may be published', async () => {
    const storage = memoryStorage()
    const world = await start(storage)
    ;(await subscribed(world, 'watcher', 'will', 1)).cut()
    const will = { topic: 'will', payload: 'gone', qos: 1, retain: false }
    const client = world.join('a', { ...persistent, will })
    const next = await crashAfter(world, storage, () => client.send({ cmd: 'disconnect', reasonCode: 0 }))
    const payloads = (await resume(next, 'watcher')).filter(({ cmd }) => cmd === 'publish')
    expect(payloads).toMatchObject([{ topic: 'will' }])
  })

  it('PINGREQ has changed nothing in the storage', async () => {
    const storage = memoryStorage()
    const world = await start(storage)
    const client = await subscribed(world, 'a', 't', 1)
    const { length } = storage.commits
    client.send({ cmd: 'pingreq' })
    await world.settle()
    expect([client.take(), storage.commits.length]).toEqual([[{ cmd: 'pingresp' }], length])
  })
})

describe('the size of the storage', () => {
  it('follows the limits of sessions and retained messages', async () => {
    const storage = memoryStorage()
    const limits = { totalBytes: 200_000, retainedBytes: 100_000, queueMessages: 500 }
    const world = makeWorld({ storage, limits })
    await world.engine.ready
    for (const clientId of ['a', 'b', 'c']) (await subscribed(world, clientId, '#', 1)).cut()
    for (let index = 0; index < 3_000; index++) {
      const payload = Buffer.alloc(200)
      world.broker.publish$({ topic: `t/${index}`, payload, qos: 1, retain: true }).subscribe()
      if (index % 100 === 0) await world.settle()
    }
    await world.settle()
    let bytes = 0
    for (const [key, value] of storage.contents) bytes += key.length + value.length
    expect(bytes).toBeGreaterThan(limits.totalBytes / 2)
    expect(bytes).toBeLessThan(2 * (limits.totalBytes + limits.retainedBytes))
  })
})

describe('the table of crash guarantees', () => {
  it('names a test that exists in every row', () => {
    const page = readFileSync(
      new URL('../../../../docs/guide/store-broker-state.md', import.meta.url),
      'utf8',
    )
    const [, table = ''] = /^\| packet .*?\n\|[-| ]+\n(.*?)\n\n/ms.exec(page) ?? []
    const named = table
      .split('\n')
      .map((row) => /`(?:([a-z-]+): )?([^`]+)` +\|$/.exec(row)?.[2] ?? `no test: ${row}`)
    const folder = new URL('..', import.meta.url)
    const sources = readdirSync(folder, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    expect(named.length).toBeGreaterThan(12)
    expect(named.filter((title) => !sources.some((source) => source.includes(title)))).toEqual([])
  })
})
