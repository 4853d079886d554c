import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { publishBytes } from '../conformance/bytes.js'
import type { RawClient } from '../conformance/raw-client.js'
import { persistent, receive, useDurableBroker } from './durable-broker.js'

const kills = Number(process.env['ANTIPHON_KILLS'] ?? 2)
/** Messages per second, published in ticks of `tick` milliseconds. */
const rate = 1_000
const tick = 10
const broker = useDurableBroker()

/**
 * Publishes at `rate` until the connection is closed and returns the next message number.
 * Adds the acknowledged messages to `acknowledged`.
 */
async function publishUntilKilled(
  client: RawClient,
  first: number,
  acknowledged: Set<number>,
): Promise<number> {
  let next = first
  let isClosed = false
  const pending = new Map<number, number>()
  const acknowledging = (async () => {
    for (;;) {
      const { cmd, messageId = 0, reasonCode = 0 } = await client.next()
      const number = pending.get(messageId)
      if (cmd !== 'puback' || number === undefined) continue
      if (reasonCode < 0x80) acknowledged.add(number)
      pending.delete(messageId)
    }
  })().catch(() => (isClosed = true))
  while (!isClosed) {
    for (let count = 0; count < (rate * tick) / 1_000 && pending.size < 500; count++, next++) {
      const id = (next % 60_000) + 1
      pending.set(id, next)
      client.send(publishBytes(5, 'durable', { flags: 2, id, payload: `${next}` }))
    }
    // The rate needs real time.
    await wait(tick)
  }
  await acknowledging
  return next
}

describe('a broker with durable storage', () => {
  it(
    `loses no acknowledged message when it is killed ${kills} times under ${rate} publishes per second`,
    { timeout: 120_000 + kills * 30_000 },
    async () => {
      const acknowledged = new Set<number>()
      const seen = new Set<number>()
      let next = 0
      const [first] = await broker.connect('receiver', persistent)
      await first.subscribe('durable', { qos: 1 })
      first.send('e0 00')
      for (let kill = 0; kill < kills; kill++) {
        const before = acknowledged.size
        const [sender] = await broker.connect('sender')
        // In every other round the receiver is connected: the kill then hits messages in flight.
        const receiving =
          kill % 2 === 0
            ? receive((await broker.connect('receiver', persistent))[0], seen, () => false)
            : undefined
        const publishing = publishUntilKilled(sender, next, acknowledged)
        while (acknowledged.size === before) await wait(tick)
        await wait(300 + Math.floor(Math.random() * 300))
        await broker.kill()
        next = await publishing
        await receiving
        expect(acknowledged.size).toBeGreaterThan(before)
        await broker.start()
        const [receiver, connack] = await broker.connect('receiver', persistent)
        expect(connack.sessionPresent).toBe(true)
        // The end mark is queued after all waiting messages.
        receiver.send(publishBytes(5, 'durable', { flags: 2, id: 1, payload: '-1' }))
        seen.delete(-1)
        await receive(receiver, seen, () => seen.has(-1))
        receiver.send('e0 00')
        expect([...acknowledged].filter((number) => !seen.has(number))).toEqual([])
      }
      if (process.env['ANTIPHON_KILLS'] !== undefined)
        console.log(`${kills} kills, ${acknowledged.size} of ${next} messages acknowledged, none lost`)
    },
  )

  it('keeps retained messages, subscriptions and wills when it is killed', async () => {
    const [client] = await broker.connect('a', {
      ...persistent,
      will: { topic: 'will', payload: 'gone', qos: 1, retain: false },
    })
    expect(await client.subscribe('t/#', { qos: 2, properties: { subscriptionIdentifier: 7 } })).toEqual([2])
    const [watcher] = await broker.connect('watcher', persistent)
    await watcher.subscribe('will', { qos: 1 })
    for (const [id, topic] of ['retained/1', 'retained/2', 'retained/1'].entries())
      watcher.send(publishBytes(5, topic, { flags: 3, id: id + 1, payload: `${id}` }))
    watcher.send(publishBytes(5, 'retained/2', { flags: 3, id: 9 }))
    await watcher.take(4)
    // A QoS 2 message between PUBREC and PUBREL: its Packet Identifier must denote the same message after the restart.
    client.send(publishBytes(5, 'inbound', { flags: 4, id: 5, payload: 'once' }))
    await client.next('pubrec')
    await broker.kill()
    await broker.start()

    const [again, connack] = await broker.connect('watcher', persistent)
    expect(connack.sessionPresent).toBe(true)
    expect(await again.next('publish')).toMatchObject({ topic: 'will', payload: Buffer.from('gone') })
    await again.subscribe('retained/#', { qos: 0 })
    expect(await again.receiveAll()).toMatchObject([
      { topic: 'retained/1', payload: Buffer.from('2'), retain: true },
    ])
    await again.subscribe('inbound', { qos: 0 })
    const [back, present] = await broker.connect('a', persistent)
    expect(present.sessionPresent).toBe(true)
    back.send(publishBytes(5, 'inbound', { flags: 0x0c, id: 5, payload: 'once' }))
    expect(await back.next('pubrec')).toMatchObject({ reasonCode: 0 })
    await again.expectQuiet()
    again.send(publishBytes(5, 't/1', { flags: 2, id: 1, payload: 'x' }))
    expect(await back.next('publish')).toMatchObject({ qos: 1, properties: { subscriptionIdentifier: 7 } })
  })
})
