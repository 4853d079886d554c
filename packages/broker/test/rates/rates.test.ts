import { connect as connectTcp } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createBroker } from '../../src/index.js'
import type { BrokerEvent } from '../../src/index.js'
import { untilClosed } from '../listen/until-closed.js'
import { makeWorld } from '../world.js'

const message = (payload: string): { cmd: string; topic: string; payload: string; qos: number } => ({
  cmd: 'publish',
  topic: 't',
  payload,
  qos: 0,
})

describe('rates', () => {
  it('routes messages beyond clientMessages later, without losing one or disconnecting the client', () => {
    const world = makeWorld({ rates: { clientMessages: 2 } })
    const reader = world.join('reader')
    reader.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 0 }] })
    world.advance(1_000)
    reader.take()
    const writer = world.join('writer', { keepalive: 1 })
    for (const payload of ['1', '2', '3', '4', '5']) writer.send(message(payload))
    const received = (): string[] => reader.take().map(({ payload }) => String(payload))
    // CONNECT, and the message that overdraws the bucket.
    expect(received()).toEqual(['1', '2'])
    expect(writer.channel.isPaused).toBe(true)
    world.advance(500)
    expect(received()).toEqual(['3'])
    // The Keep Alive of 1 s ends no connection that the broker does not read.
    world.advance(1_000)
    expect(received()).toEqual(['4', '5'])
    expect(writer.channel.isPaused).toBe(true)
    world.advance(500)
    expect(writer.channel.isPaused).toBe(false)
    expect(writer.channel.isEnded).toBe(false)
  })

  it('does not count acknowledgements', () => {
    const world = makeWorld({ rates: { clientMessages: 2 } })
    const client = world.join('a')
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 1 }] })
    for (let id = 1; id <= 4; id++) {
      world.broker.publish$({ topic: 't', payload: new Uint8Array(), qos: 1 }).subscribe()
      client.send({ cmd: 'puback', messageId: id })
    }
    expect(client.channel.isPaused).toBe(false)
    expect(world.broker.session('a')).toMatchObject({ inFlight: 0 })
  })

  it('reads no more than clientBytes per second, also if single packets are larger', () => {
    const world = makeWorld({ rates: { clientBytes: 1_024, clientMessages: 1_000 } })
    const client = world.join('a')
    client.send(message('x'.repeat(4_000)))
    const { messagesIn } = world.engine.counters
    expect(messagesIn).toBe(0)
    world.advance(2_500)
    expect(world.engine.counters.messagesIn).toBe(0)
    world.advance(500)
    expect(world.engine.counters.messagesIn).toBe(1)
    client.send({ cmd: 'pingreq' })
    expect(client.channel.isPaused).toBe(false)
  })

  it('leaves no timer behind for a client that disconnects beyond its rate', () => {
    const world = makeWorld({ rates: { addressMessages: 1 } })
    const client = world.join('a')
    client.send({ cmd: 'pingreq' })
    expect(client.channel.isPaused).toBe(true)
    client.cut()
    expect(world.engine.deadlines.size).toBe(0)
  })

  it('closes connections beyond addressConnects and emits 0x9F Connection rate exceeded', async () => {
    const broker = createBroker({ rates: { addressConnects: 0.01 } })
    const events: BrokerEvent[] = []
    broker.events$.subscribe((event) => events.push(event))
    const { port } = await broker.listen({ protocol: 'tcp' })
    const [first, second] = [connectTcp(port, '127.0.0.1'), connectTcp(port, '127.0.0.1')]
    second.on('error', () => undefined)
    await untilClosed(second)
    expect(first.destroyed).toBe(false)
    expect(events.filter(({ type }) => type === 'refused')).toMatchObject([
      {
        reasonCode: 0x9f,
        reason: 'too many connections per second: rates.addressConnects is 0.01',
      },
    ])
    first.destroy()
    await broker.close()
  })

  it('refuses an invalid rate', () => {
    expect(() => createBroker({ rates: { clientBytes: 100 } })).toThrow(
      'rates.clientBytes is 100: it must be a number from 1024',
    )
    expect(() => createBroker({ rates: { clientMesages: 1 } as never })).toThrow(
      'rates.clientMesages is not known: did you mean clientMessages?',
    )
  })
})
