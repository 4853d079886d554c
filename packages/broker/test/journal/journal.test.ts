import type { OutgoingMessage } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { deliver$ } from '../../src/control/deliver.js'
import { makeWorld } from '../world.js'
import type { AnyPacket, World } from '../world.js'
import { memoryStorage } from '../storage/memory-storage.js'

const persistent = (seconds = 1_000): AnyPacket => ({
  clean: false,
  properties: { sessionExpiryInterval: seconds },
})
const publish = (payload: string, more: AnyPacket = {}): AnyPacket => ({
  cmd: 'publish',
  topic: 't',
  payload,
  qos: 1,
  messageId: 1,
  ...more,
})
const payloads = (packets: AnyPacket[]): string[] =>
  packets.filter(({ cmd }) => cmd === 'publish').map(({ payload }) => String(payload))

/** Starts a broker with a storage and waits until it has loaded it. */
async function start(
  storage = memoryStorage(),
  options: AnyPacket = {},
): Promise<World & { readonly storage: typeof storage }> {
  const world = makeWorld({ storage, ...options })
  await world.engine.ready
  return { ...world, storage }
}

async function subscribed(
  world: World,
  clientId: string,
  qos = 2,
  topic = 't',
): Promise<ReturnType<World['join']>> {
  const client = world.join(clientId, persistent())
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] })
  await world.settle()
  client.take()
  return client
}

/** Connects a client with a persistent session and returns the payloads that it receives. */
async function received(world: World, clientId: string): Promise<string[]> {
  const client = world.join(clientId, persistent())
  await world.settle()
  return payloads(client.take())
}

describe('a broker with storage', () => {
  it('acknowledges messages in order after they are committed to the storage', async () => {
    const world = await start()
    ;(await subscribed(world, 'a')).cut()
    await world.settle()
    const from = world.join('from')
    from.take()
    let releaseCommits = (): void => undefined
    world.storage.commitGate = new Promise((resolve) => (releaseCommits = resolve))
    for (const messageId of [1, 2, 3])
      from.send(publish(`${messageId}`, { messageId, qos: messageId === 2 ? 2 : 1 }))
    await world.settle()
    expect(from.take()).toEqual([])
    releaseCommits()
    await world.settle()
    expect(from.take().map(({ cmd, messageId }) => [cmd, messageId])).toEqual([
      ['puback', 1],
      ['pubrec', 2],
      ['puback', 3],
    ])
  })

  it('sends SUBACK and UNSUBACK of a persistent session after the subscription is committed', async () => {
    const world = await start()
    const client = world.join('a', persistent())
    await world.settle()
    client.take()
    let releaseCommits = (): void => undefined
    const stopCommits = (): void => {
      world.storage.commitGate = new Promise((resolve) => (releaseCommits = resolve))
    }
    stopCommits()
    for (const messageId of [1, 2])
      client.send({ cmd: 'subscribe', messageId, subscriptions: [{ topic: `t/${messageId}`, qos: 1 }] })
    await world.settle()
    expect(client.take()).toEqual([])
    releaseCommits()
    await world.settle()
    expect(client.take().map(({ cmd, messageId }) => [cmd, messageId])).toEqual([
      ['suback', 1],
      ['suback', 2],
    ])
    stopCommits()
    client.send({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['t/1'] })
    await world.settle()
    expect(client.take()).toEqual([])
    releaseCommits()
    await world.settle()
    expect(client.take()).toMatchObject([{ cmd: 'unsuback', messageId: 3 }])
  })

  it('sends SUBACK and UNSUBACK in process after the subscription is committed', async () => {
    const world = await start()
    const transport = world.broker.transport({ clientId: 'a', clean: false })
    transport.connect$(1).subscribe()
    await world.settle()
    let releaseCommits = (): void => undefined
    world.storage.commitGate = new Promise((resolve) => (releaseCommits = resolve))
    const seen: string[] = []
    const request = {
      filter: 't',
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const
    transport.subscribe$([request], undefined).subscribe(() => seen.push('suback'))
    transport.unsubscribe$(['t']).subscribe(() => seen.push('unsuback'))
    await world.settle()
    expect(seen).toEqual([])
    releaseCommits()
    await world.settle()
    expect(seen).toEqual(['suback', 'unsuback'])
  })

  it('sends SUBACK of a session that ends with its connection although the storage fails', async () => {
    const world = await start()
    world.storage.isFailing = true
    const client = world.join('a')
    client.take()
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 1 }] })
    expect(client.take()).toMatchObject([{ cmd: 'suback' }])
  })

  it('does not send a shared QoS 2 message to another member when the broker crashes after sending it', async () => {
    const first = await start()
    const share = '$share/g/t'
    const client = await subscribed(first, 'a', 2, share)
    const other = await subscribed(first, 'b', 2, share)
    other.cut()
    await first.settle()
    const from = first.join('from', persistent())
    from.send(publish('x', { qos: 2 }))
    await first.settle()
    expect(payloads(client.take())).toEqual(['x'])
    // The broker crashes: what has been written until now is all that the next one has.
    const next = await start(memoryStorage(first.storage))
    expect(await received(next, 'b')).toEqual([])
    expect(await received(next, 'a')).toEqual(['x'])
  })

  it('keeps a shared QoS 2 message that waited for its member with that member when the broker crashes', async () => {
    const first = await start()
    const share = '$share/g/t'
    for (const name of ['a', 'b']) (await subscribed(first, name, 2, share)).cut()
    await first.settle()
    first.join('from', persistent()).send(publish('x', { qos: 2 }))
    await first.settle()
    const receiver = first.engine.sessions.get('a')?.outbound.queuedCount === 1 ? 'a' : 'b'
    const member = first.join(receiver, persistent())
    // Everything that is committed before the message is sent survives the crash, and nothing after it.
    let stored = memoryStorage(first.storage)
    for (let round = 0; round < 20 && payloads(member.take()).length === 0; round++) {
      stored = memoryStorage(first.storage)
      await Promise.resolve()
    }
    const next = await start(stored)
    expect(await received(next, receiver === 'a' ? 'b' : 'a')).toEqual([])
    expect(await received(next, receiver)).toEqual(['x'])
  })

  it('moves a shared QoS 2 message to another member after a restart if it was never sent', async () => {
    const first = await start()
    const share = '$share/g/t'
    for (const name of ['a', 'b']) (await subscribed(first, name, 2, share)).cut()
    await first.settle()
    first.join('from', persistent()).send(publish('x', { qos: 2 }))
    await first.settle()
    const receiver = first.engine.sessions.get('a')?.outbound.queuedCount === 1 ? 'a' : 'b'
    const next = await start(first.storage)
    expect(await received(next, receiver === 'a' ? 'b' : 'a')).toEqual(['x'])
  })

  it('sends a QoS 2 message after the Packet Identifier of its publisher is committed', async () => {
    const world = await start()
    const client = world.join('a')
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 2 }] })
    const from = world.join('from', persistent())
    await world.settle()
    client.take()
    let releaseCommits = (): void => undefined
    world.storage.commitGate = new Promise((resolve) => (releaseCommits = resolve))
    from.send(publish('x', { qos: 2 }))
    from.send(publish('y', { qos: 1, messageId: 2 }))
    await world.settle()
    expect(payloads(client.take())).toEqual([])
    releaseCommits()
    await world.settle()
    expect(payloads(client.take())).toEqual(['x', 'y'])
  })

  it('commits messages of one turn together', async () => {
    const world = await start()
    ;(await subscribed(world, 'a')).cut()
    await world.settle()
    const from = world.join('from')
    const before = world.storage.commits.length
    for (let index = 0; index < 50; index++) from.channel.feed(publishBytes(index))
    await world.settle()
    expect(world.storage.commits.length - before).toBeLessThanOrEqual(2)
    expect(payloads(world.join('a', persistent()).take())).toHaveLength(50)
  })

  it('removes an unsubscribed delivery in flight from the storage', async () => {
    const first = await start()
    const client = await subscribed(first, 'a')
    const message = { topic: 't', payload: Buffer.from('command'), qos: 1 as const }
    const following = deliver$(first.engine, 'a', message).subscribe()
    await first.settle()
    expect(payloads(client.take())).toEqual(['command'])
    following.unsubscribe()
    await first.settle()
    const second = await start(first.storage)
    expect(payloads(second.join('a', persistent()).take())).toEqual([])
  })

  it('neither commits nor acknowledges messages after the journal stops', async () => {
    const world = await start()
    ;(await subscribed(world, 'a')).cut()
    await world.settle()
    const [before, waiting] = [world.storage.commits.length, world.engine.deadlines.size]
    world.storage.isFailing = true
    const from = world.join('from')
    from.take()
    from.send(publish('lost'))
    world.engine.journal?.stop()
    await world.settle()
    from.send(publish('late', { messageId: 2 }))
    world.storage.isFailing = false
    await world.settle()
    world.advance(10_000)
    await world.settle()
    expect(from.take()).toEqual([])
    expect(world.storage.commits.length).toBe(before)
    expect(world.engine.deadlines.size).toBe(waiting)
  })

  it('acknowledges a message without a subscriber without a commit', async () => {
    const world = await start()
    const from = world.join('from')
    from.take()
    from.send(publish('x'))
    expect(from.take()).toMatchObject([{ cmd: 'puback', reasonCode: 0x10 }])
  })

  it('restores sessions, queues and retained messages from the storage', async () => {
    const first = await start()
    ;(await subscribed(first, 'a', 2, 't/#')).cut()
    const from = first.join('from')
    const properties = { contentType: 'x', messageExpiryInterval: 100 }
    from.send(publish('1', { topic: 't/1', properties }))
    from.send(publish('2', { topic: 't/2', qos: 2, messageId: 2 }))
    from.send(publish('retained', { topic: 'r', retain: true, qos: 0 }))
    from.send(publish('gone', { topic: 'r/2', retain: true, qos: 0 }))
    from.send(publish('', { topic: 'r/2', retain: true, qos: 0 }))
    await first.settle()

    const second = await start(first.storage)
    const back = second.join('a', persistent())
    const got = back.take()
    expect(got[0]).toMatchObject({ cmd: 'connack', sessionPresent: true })
    expect(got.slice(1).map(({ topic, payload, qos, dup }) => [topic, String(payload), qos, dup])).toEqual([
      ['t/1', '1', 1, false],
      ['t/2', '2', 2, false],
    ])
    expect(got[1]?.properties).toEqual(properties)
    back.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'r/#', qos: 1 }] })
    await second.settle()
    expect(payloads(back.take())).toEqual(['retained'])
    second.join('from').send(publish('live', { topic: 't/3' }))
    expect(payloads(back.take())).toEqual(['live'])
  })

  it('resends messages in flight with DUP and their Packet Identifiers after a restart', async () => {
    const first = await start()
    const client = await subscribed(first, 'a')
    const from = first.join('from')
    for (const qos of [1, 2, 2]) from.send(publish(`${qos}`, { qos, messageId: qos + 1 }))
    from.send(publish('last', { messageId: 9 }))
    await first.settle()
    const sent = client.take().filter(({ cmd }) => cmd === 'publish')
    const [, second] = sent
    client.send({ cmd: 'pubrec', messageId: second?.messageId ?? 0 })
    await first.settle()
    expect(client.take()).toMatchObject([{ cmd: 'pubrel', messageId: second?.messageId }])

    const next = await start(first.storage)
    const again = next.join('a', persistent()).take().slice(1)
    expect(again.map(({ cmd, messageId, dup }) => [cmd, messageId, dup])).toEqual(
      sent.map(({ messageId }) =>
        messageId === second?.messageId ? ['pubrel', messageId, undefined] : ['publish', messageId, true],
      ),
    )
  })

  it('recognizes a QoS 2 duplicate after a restart', async () => {
    const first = await start()
    const watcher = await subscribed(first, 'watcher')
    const from = first.join('from', persistent())
    from.send(publish('once', { qos: 2, messageId: 7 }))
    await first.settle()
    expect(from.take()).toMatchObject([{ cmd: 'connack' }, { cmd: 'pubrec', messageId: 7 }])
    watcher.cut()

    const next = await start(first.storage)
    const back = next.join('from', persistent())
    back.take()
    back.send(publish('once', { qos: 2, messageId: 7, dup: true }))
    expect(back.take()).toMatchObject([{ cmd: 'pubrec', messageId: 7, reasonCode: 0 }])
    back.send({ cmd: 'pubrel', messageId: 7 })
    await next.settle()
    expect(back.take()).toMatchObject([{ cmd: 'pubcomp', messageId: 7, reasonCode: 0 }])
    expect(next.engine.sessions.get('watcher')?.outbound.inFlightCount).toBe(1)
  })

  it('sends a QoS 2 message to a persistent session after it is committed', async () => {
    const world = await start()
    const client = await subscribed(world, 'a')
    const from = world.join('from')
    from.send(publish('1'))
    await world.settle()
    const { messageId = 0 } = client.first()
    let releaseCommits = (): void => undefined
    world.storage.commitGate = new Promise((resolve) => (releaseCommits = resolve))
    from.send(publish('2', { qos: 2 }))
    client.send({ cmd: 'puback', messageId })
    await world.settle()
    expect(payloads(client.take())).toEqual([])
    releaseCommits()
    await world.settle()
    expect(payloads(client.take())).toEqual(['2'])
  })

  it('publishes the wills of clients that were connected at the crash and ends expired sessions', async () => {
    const first = await start()
    const will = { topic: 't', payload: 'gone', qos: 1, retain: false, properties: { willDelayInterval: 5 } }
    first.join('crashed', { ...persistent(), will })
    ;(await subscribed(first, 'short')).cut()
    ;(await subscribed(first, 'a')).cut()
    await first.settle()

    const next = await start(first.storage)
    next.advance(5_000)
    await next.settle()
    const client = next.join('a', persistent())
    expect(payloads(client.take())).toEqual(['gone'])
    client.cut()
    next.advance(1_000_000)
    await next.settle()
    expect(next.engine.sessions.size).toBe(0)
    expect([...next.storage.contents.keys()]).toEqual(['f:format'])
  })

  it('delivers the Will of a session that expired before the restart to sessions that are stored after it', async () => {
    const first = await start()
    const will = {
      topic: 't',
      payload: 'gone',
      qos: 1,
      retain: false,
      properties: { willDelayInterval: 900 },
    }
    first.join('expired', { ...persistent(1), will }).cut()
    await first.settle()
    ;(await subscribed(first, 'a')).cut()
    await first.settle()
    // The virtual time of the next broker begins at 0 too, so the session is made older instead.
    const key = [...first.storage.contents].find(([, value]) =>
      String(Buffer.from(value)).includes('"expired"'),
    )
    const record = JSON.parse(String(Buffer.from(key?.[1] ?? ''))) as AnyPacket
    first.storage.contents.set(
      key?.[0] ?? '',
      Buffer.from(JSON.stringify({ ...record, disconnectedAt: -5_000 })),
    )

    const next = await start(first.storage)
    await next.settle()
    expect(next.engine.sessions.get('expired')).toBeUndefined()
    expect(payloads(next.join('a', persistent()).take())).toEqual(['gone'])
  })

  it('names the entry of the storage that is corrupt', async () => {
    const storage = memoryStorage()
    storage.contents.set('s:1', Buffer.from('{"clientId"'))
    const { engine } = makeWorld({ storage })
    await expect(engine.ready).rejects.toThrow('cannot restore the entry s:1 of the storage: it is corrupt')
  })

  it('removes acknowledged messages and ended sessions from the storage', async () => {
    const world = await start()
    const client = await subscribed(world, 'a')
    const from = world.join('from', persistent())
    for (let index = 0; index < 10; index++)
      from.send(publish(`${index}`, { messageId: 1 + index, qos: 1 + (index % 2) }))
    await world.settle()
    for (let index = 0; index < 10; index += 2) from.send({ cmd: 'pubrel', messageId: 2 + index })
    await world.settle()
    for (const { cmd, qos, messageId = 0 } of client.take()) {
      if (cmd === 'publish') client.send({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId })
    }
    await world.settle()
    for (const { cmd, messageId = 0 } of client.take())
      if (cmd === 'pubrel') client.send({ cmd: 'pubcomp', messageId })
    await world.settle()
    expect([...world.storage.contents.keys()].map((key) => key.slice(0, 2)).sort()).toEqual([
      'f:',
      's:',
      's:',
    ])
    world.engine.sessions.end(world.engine.sessions.get('a') as never)
    world.engine.sessions.end(world.engine.sessions.get('from') as never)
    await world.settle()
    expect([...world.storage.contents.keys()]).toEqual(['f:format'])
  })

  it('acknowledges nothing while the storage fails, emits storage-failed and retries the commit', async () => {
    const world = await start()
    ;(await subscribed(world, 'a')).cut()
    await world.settle()
    const from = world.join('from')
    from.take()
    world.storage.isFailing = true
    from.send(publish('1'))
    await world.settle()
    expect(from.take()).toEqual([])
    expect(world.events.at(-1)).toMatchObject({ type: 'storage-failed' })
    world.storage.isFailing = false
    from.send(publish('2', { messageId: 2 }))
    world.advance(1_000)
    await world.settle()
    expect(from.take().map(({ messageId }) => messageId)).toEqual([1, 2])
    expect(payloads(world.join('a', persistent()).take())).toEqual(['1', '2'])
  })
})

function publishBytes(index: number): Buffer {
  return Buffer.from([0x32, 7, 0, 1, 0x74, 0, 1 + index, 0, 0x61])
}

describe('deliver$ of a broker with storage', () => {
  it('delivers after a restart, unless the message was delivered with `stored: false`', async () => {
    const world = await start()
    ;(await subscribed(world, 'a')).cut()
    await world.settle()
    const message = (text: string): OutgoingMessage => ({ topic: 't', payload: Buffer.from(text), qos: 1 })
    const seen: string[] = []
    deliver$(world.engine, 'a', message('stored')).subscribe()
    deliver$(world.engine, 'a', message('not stored'), { stored: false }).subscribe(({ status }) =>
      seen.push(status),
    )
    await world.settle()
    expect(seen).toEqual(['queued'])
    const next = await start(memoryStorage(world.storage))
    expect(await received(next, 'a')).toEqual(['stored'])
    expect(await received(world, 'a')).toEqual(['stored', 'not stored'])
  })
})
