import { describe, expect, it, vi } from 'vitest'
import { createBroker, sysTopics$ } from '../../src/index.js'
import { makeWorld } from '../world.js'
import type { World } from '../world.js'
import { memoryStorage } from '../storage/memory-storage.js'

/** Returns the retained messages below `$SYS/broker/`. */
const topicsOf = ({ broker }: Pick<World, 'broker'>): Record<string, string> =>
  Object.fromEntries(
    broker
      .retained('$SYS/#')
      .map(({ topic, payload }) => [topic.replace('$SYS/broker/', ''), Buffer.from(payload).toString()]),
  )

describe('sysTopics$', () => {
  it('publishes statistics with the names of Mosquitto, and updates them after every period', () => {
    const world = makeWorld()
    const { scheduler } = world.engine.settings
    world.join('gone').cut()
    const client = world.join('a', { properties: { sessionExpiryInterval: 60 } })
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 0 }] })
    sysTopics$(world.broker, { period: 5_000, version: 'x 1', scheduler }).subscribe()
    world.advance()
    expect(topicsOf(world)).toMatchObject({
      version: 'x 1',
      uptime: '0 seconds',
      'clients/connected': '1',
      'clients/disconnected': '0',
      'clients/total': '1',
      'clients/maximum': '1',
      'connections/count': '2',
      'connections/refused': '0',
      'subscriptions/count': '1',
      'publish/messages/received': '0',
      'retained messages/count': '0',
    })
    client.send({ cmd: 'publish', topic: 't', payload: 'x', qos: 0 })
    client.cut()
    world.advance(4_999)
    expect(topicsOf(world)['clients/connected']).toBe('1')
    world.advance(1)
    expect(topicsOf(world)).toMatchObject({
      uptime: '5 seconds',
      'clients/connected': '0',
      'clients/disconnected': '1',
      'clients/maximum': '1',
      'publish/messages/received': '1',
      'publish/messages/sent': '1',
    })
  })

  it('publishes only what has changed, to subscribers of $SYS/# and not of #', () => {
    const world = makeWorld()
    const watcher = world.join('watcher')
    watcher.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [
        { topic: '#', qos: 0 },
        { topic: '$SYS/broker/clients/#', qos: 0 },
      ],
    })
    watcher.take()
    sysTopics$(world.broker, { period: 1_000, scheduler: world.engine.settings.scheduler }).subscribe()
    world.advance()
    expect(watcher.take().map(({ topic }) => topic)).toHaveLength(4)
    world.advance(1_000)
    expect(watcher.take()).toEqual([])
    world.join('other')
    world.advance(1_000)
    expect(watcher.take().map(({ topic, payload }) => [topic, String(payload)])).toEqual([
      ['$SYS/broker/clients/maximum', '2'],
      ['$SYS/broker/clients/connected', '2'],
      ['$SYS/broker/clients/total', '2'],
    ])
  })

  it('writes nothing to the storage', async () => {
    const storage = memoryStorage()
    const world = makeWorld({ storage })
    await world.settle()
    sysTopics$(world.broker, { period: 1_000, scheduler: world.engine.settings.scheduler }).subscribe()
    await world.settle()
    expect(topicsOf(world)).toHaveProperty('uptime')
    world.broker
      .publish$({ topic: '$SYS/broker/uptime', payload: new Uint8Array(), retain: true })
      .subscribe()
    await world.settle()
    expect([...storage.contents.keys()].filter((key) => key.includes('$SYS'))).toEqual([])
  })

  it('stops when it is unsubscribed, and completes when the broker is closed', async () => {
    const broker = createBroker()
    let completed = 0
    const stopped = sysTopics$(broker, { period: 1 }).subscribe()
    sysTopics$(broker).subscribe({ complete: () => completed++ })
    stopped.unsubscribe()
    await broker.close()
    sysTopics$(broker).subscribe({ complete: () => completed++ })
    expect(completed).toBe(2)
  })

  it('refuses a period below a millisecond', () => {
    const error = vi.fn()
    sysTopics$(createBroker(), { period: 0 }).subscribe({ error })
    const rawMessage = 'period is 0: it must be a number from 1'
    expect(error).toHaveBeenCalledWith(expect.objectContaining({ rawMessage }))
  })
})
