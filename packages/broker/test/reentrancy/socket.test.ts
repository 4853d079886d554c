import { connect } from '@antiphon/mqtt'
import { firstValueFrom } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { createBroker } from '../../src/index.js'
import type { Broker, BrokerEvent, BrokerOptions } from '../../src/index.js'
import { dialTcp } from '../conformance/raw-client.js'
import type { RawClient } from '../conformance/raw-client.js'
import type { AnyPacket } from '../world.js'
import { bytes } from './clients.js'

const started: Broker[] = []

afterEach(() => Promise.all(started.splice(0).map((broker) => broker.close())))

/** Starts a broker on a TCP port; calls `onEvent` for its events. */
async function start(
  onEvent: (event: BrokerEvent, broker: Broker) => void,
  options: BrokerOptions = {},
): Promise<{
  readonly broker: Broker
  readonly url: string
  readonly join: (clientId: string, more?: AnyPacket) => Promise<RawClient>
}> {
  const broker = createBroker({ closeTimeout: 0, ...options })
  started.push(broker)
  const { port, url } = await broker.listen({ protocol: 'tcp' })
  broker.events$.subscribe((event) => onEvent(event, broker))
  const join = async (clientId: string, more: AnyPacket = {}): Promise<RawClient> => {
    const client = await dialTcp(port, 5)
    client.send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 5,
      clean: true,
      keepalive: 0,
      clientId,
      ...more,
    })
    await client.next('connack')
    return client
  }
  return { broker, url, join }
}

const topics = (packets: readonly AnyPacket[]): (string | undefined)[] =>
  packets.filter(({ cmd }) => cmd === 'publish').map(({ topic }) => topic)

describe('re-entrant calls over TCP', () => {
  it('routes a message to other clients when it is too large for one and an observer publishes', async () => {
    const { join } = await start(({ type }, broker) => {
      if (type === 'dropped') broker.publish$({ topic: 'other', payload: bytes('re-entrant') }).subscribe()
    })
    const victim = await join('victim', { properties: { maximumPacketSize: 50 } })
    await victim.subscribe('t')
    const healthy = await join('healthy')
    await healthy.subscribe('t')
    const other = await join('other')
    await other.subscribe('other')
    const from = await join('from')
    from.send({ cmd: 'publish', topic: 't', payload: 'x'.repeat(100), qos: 1, messageId: 1 })
    expect(await from.next('puback')).toMatchObject({ reasonCode: 0 })
    expect(topics(await healthy.receiveAll())).toEqual(['t'])
    expect(topics(await other.receiveAll())).toEqual(['other'])
    await victim.expectQuiet()
  })

  it('routes a message to other clients when one queue is full and an observer publishes over a link', async () => {
    const { broker, join } = await start(
      ({ type }) => {
        if (type === 'dropped') link.publish$({ topic: 'other', payload: bytes('re-entrant') }).subscribe()
      },
      { limits: { queueMessages: 1 } },
    )
    const link = broker.link({ clientId: 'observer' })
    const offline = await join('offline', { clean: false, properties: { sessionExpiryInterval: 100 } })
    await offline.subscribe('t')
    offline.cut()
    const healthy = await join('healthy')
    await healthy.subscribe('t', { qos: 0 })
    const other = link.messages$('other')
    const arrived = firstValueFrom(other)
    await firstValueFrom(link.publish$({ topic: 't', payload: bytes('filling') }))
    await firstValueFrom(link.publish$({ topic: 't', payload: bytes('dropped') }))
    expect((await arrived).topic).toBe('other')
    expect(topics(await healthy.receiveAll())).toEqual(['t', 't'])
    await link.close()
  })

  it('sends CONNACK, message and DISCONNECT when an observer of connected publishes and disconnects', async () => {
    const { join } = await start(({ type, ...event }, broker) => {
      if (type !== 'connected' || !('sessionPresent' in event) || !event.sessionPresent) return
      broker.publish$({ topic: 't', payload: bytes('re-entrant') }).subscribe()
      broker.disconnect('a')
    })
    const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }
    const first = await join('a', persistent)
    await first.subscribe('t')
    first.cut()
    const second = await join('a', persistent)
    expect((await second.untilClosed()).map(({ cmd }) => cmd)).toEqual(['publish', 'disconnect'])
  })

  it('delivers a message to every link when an observer of published closes the broker', async () => {
    let closing: Promise<void> | undefined
    const { broker, url } = await start(({ type }, made) => {
      if (type === 'published') closing ??= made.close()
    })
    const [overTcp, inProcess] = [connect(url), broker.link()]
    const got = [overTcp, inProcess].map((link) => firstValueFrom(link.messages$('t')))
    const subscribed = [overTcp, inProcess].map((link) => firstValueFrom(link.subscription$('t')))
    await Promise.all(subscribed)
    overTcp.publish$({ topic: 't', payload: bytes('x') }).subscribe({ error: () => undefined })
    expect((await Promise.all(got)).map(({ topic }) => topic)).toEqual(['t', 't'])
    await closing
    expect(broker.sessions().map(({ client }) => client)).toEqual([undefined, undefined])
    await Promise.all([overTcp.close(), inProcess.close()])
  })
})
