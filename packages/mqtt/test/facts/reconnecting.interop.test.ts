import type { AntiphonError, LinkState, OutgoingMessage } from '@antiphon/core'
import { linkOver } from '@antiphon/core/link'
import { connect, mqttTransport } from '@antiphon/mqtt'
import { describeForeign, type Mosquitto, startMosquitto } from '@antiphon/workshop'
import type { IPublishPacket } from 'mqtt-packet'
import { asyncScheduler, filter, firstValueFrom, type Observable, type SchedulerLike, toArray } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  subscribeRequest,
  openConnection,
  disconnect,
  textMessage,
  publish,
  subscribe,
  textOf,
  until,
} from '../test-connection.js'
import { type Proxy, startProxy } from '../proxy.js'

describeForeign(['mosquitto'], 'facts of MQTT.js about lost connections', () => {
  let broker: Mosquitto
  let proxy: Proxy
  beforeEach(async () => {
    broker = await startMosquitto()
    proxy = await startProxy(broker.port)
  })
  afterEach(async () => {
    await proxy.stop()
    await broker.stop()
  })

  /** The PUBLISH packets that passed the proxy. */
  const published = (): readonly IPublishPacket[] =>
    proxy.sent.filter((packet): packet is IPublishPacket => packet.cmd === 'publish')

  it('fact 5: resends all unacknowledged messages at once and in order after a resumed session', async () => {
    const transport = mqttTransport(proxy.url)
    const first = await openConnection(transport)
    proxy.isHoldingInbound = true
    const acks = [1, 2, 1, 2].map((qos, index) =>
      publish(transport, textMessage('a', `${index}`, { qos: qos as 1 | 2 })),
    )
    await until(() => published().length === 4)
    proxy.cut()
    await first.ended
    // MQTT.js would resend the second only after the first is acknowledged, and emit `connect` only after that.
    proxy.isHoldingInbound = false
    const second = await openConnection(transport)
    expect(second.info.sessionPresent).toBe(true)
    await Promise.all(acks)
    expect(published().map(({ payload, messageId, dup }) => [String(payload), messageId, dup])).toEqual([
      ...['0', '1', '2', '3'].map((text, index) => [text, index + 1, false]),
      ...['0', '1', '2', '3'].map((text, index) => [text, index + 1, true]),
    ])
    await disconnect(transport)
  })

  it('fact 5: fails unacknowledged messages with session-lost before online after a lost session', async () => {
    const transport = mqttTransport(proxy.url, { clean: true })
    const first = await openConnection(transport)
    proxy.isHoldingInbound = true
    const events: string[] = []
    const lost = publish(transport, textMessage('a', 'x')).catch((error: AntiphonError) => {
      events.push('sender')
      return error
    })
    await until(() => published().length === 1)
    proxy.cut()
    await first.ended
    proxy.isHoldingInbound = false
    transport.connect$(2).subscribe({ next: ({ type }) => events.push(type), error: () => undefined })
    await until(() => events.includes('online'))
    expect(await lost).toMatchObject({ code: 'session-lost', topic: 'a', phase: 'after-network' })
    await publish(transport, textMessage('b', 'y'))
    expect(published().map(({ topic }) => topic)).toEqual(['a', 'b'])
    await disconnect(transport)
  })

  it('fact 5: resends PUBREL, not PUBLISH, for a QoS 2 message that got PUBREC', async () => {
    const listener = mqttTransport(broker.url)
    const listening = await openConnection(listener)
    await subscribe(listener, subscribeRequest('a', { qos: 2 }))
    const transport = mqttTransport(proxy.url)
    const first = await openConnection(transport)
    const releases = (): number => proxy.sent.filter(({ cmd }) => cmd === 'pubrel').length
    proxy.isHoldingInbound = true
    const ack = publish(transport, textMessage('a', 'x', { qos: 2 }))
    await until(() => {
      if (releases() > 0) return true
      // Delivers PUBREC if it has arrived, and holds PUBCOMP back, which follows PUBREL.
      proxy.isHoldingInbound = false
      proxy.isHoldingInbound = true
      return false
    })
    proxy.cut()
    await first.ended
    proxy.isHoldingInbound = false
    await openConnection(transport)
    expect(await ack).toEqual({ reasonCode: 0 })
    await publish(transport, textMessage('a', 'last', { qos: 2 }))
    expect((await listening.received(2)).map(textOf)).toEqual(['x', 'last'])
    expect(published().map(({ payload }) => String(payload))).toEqual(['x', 'last'])
    // Two for the first message.
    expect(releases()).toBe(3)
    await Promise.all([disconnect(transport), disconnect(listener)])
  })

  it('fact 6: resends with DUP and the remaining expiry, and fails expired QoS 1 messages', async () => {
    const clock = { now: Date.now(), at: 0 }
    const scheduler = withClock(() => clock.now + clock.at)
    const link = connect(proxy.url, { scheduler, reconnect: { initial: 10, maximum: 10 } })
    await isOnline(link.state$)
    proxy.isHoldingInbound = true
    const publishText = (text: string, options: Partial<OutgoingMessage>): Promise<unknown> =>
      firstValueFrom(link.publish$(textMessage('a', text, options)))
    const lasting = publishText('lasting', { messageExpiryInterval: 60 })
    const brief = publishText('brief', { messageExpiryInterval: 5 }).catch((error: unknown) => error)
    const twice = publishText('exactly once', { messageExpiryInterval: 5, qos: 2 })
    await until(() => published().length === 3)
    clock.at = 10_500
    proxy.cut()
    proxy.isHoldingInbound = false
    expect(await brief).toMatchObject({ code: 'expired', topic: 'a', phase: 'after-network' })
    await Promise.all([lasting, twice])
    const resent = published().slice(3)
    expect(
      resent.map(({ payload, dup, properties }) => [String(payload), dup, properties?.messageExpiryInterval]),
    ).toEqual([
      ['lasting', true, 50],
      // The broker may hold its Packet Identifier, so it must be resent although it has expired.
      ['exactly once', true, 1],
    ])
    await link.close()
  })

  it('fact 8: settles an interrupted publish by the resumed session, or with link-closed', async () => {
    const link = connect(proxy.url, { reconnect: { initial: 10, maximum: 10 }, closeTimeout: 0 })
    await isOnline(link.state$)
    proxy.isHoldingInbound = true
    const resumed = firstValueFrom(link.publish$(textMessage('a', 'x')))
    await until(() => published().length === 1)
    proxy.cut()
    proxy.isHoldingInbound = false
    expect(await resumed).toEqual({ reasonCode: 0x10 })
    proxy.isHoldingInbound = true
    const closed = firstValueFrom(link.publish$(textMessage('a', 'x'))).catch((error: unknown) => error)
    await until(() => published().length === 3)
    await link.close()
    expect(await closed).toMatchObject({ code: 'link-closed' })
  })

  it('fact 14: closes the link when another client connects with its client identifier', async () => {
    const link = connect(proxy.url, { reconnect: { initial: 1, maximum: 1 } })
    const states = firstValueFrom(link.state$.pipe(toArray()))
    await isOnline(link.state$)
    // Mosquitto 2.0.11 closes the old connection without DISCONNECT 0x8E; other brokers send it [MQTT-3.1.4-3].
    proxy.inject(Uint8Array.of(0xe0, 1, 0x8e))
    expect((await states).slice(-1)).toMatchObject([
      {
        status: 'closed',
        error: {
          code: 'connection-lost',
          reasonCode: 0x8e,
          message: expect.stringContaining('same clientId') as string,
        },
      },
    ])
    expect(proxy.sent.map(({ cmd }) => cmd)).toEqual(['connect'])
  })

  it('fact 14: names the likely cause to both links that disconnect each other without DISCONNECT 0x8E', async () => {
    // On 3.1.1 a broker cannot send a reason.
    const options = { protocolVersion: 4, clientId: 'same', reconnect: { initial: 10, maximum: 20 } } as const
    const links = [connect(broker.url, options), connect(broker.url, options)]
    const incidents = links.map((link) => firstValueFrom(link.incidents$))
    for (const link of links) link.state$.subscribe()
    const message = expect.stringContaining('another client may use the client id "same"') as string
    for (const incident of await Promise.all(incidents))
      expect(incident).toMatchObject({
        kind: 'short-connections',
        error: { code: 'connection-lost', message },
      })
    await Promise.all(links.map((link) => link.close()))
  })

  it('fact 15: retries with exponential back-off while the broker is unreachable', async () => {
    await broker.kill()
    const waits: number[] = []
    const link = linkOver(mqttTransport(broker.url), { reconnect: { initial: 10, maximum: 40, jitter: 0 } })
    link.state$.subscribe((state) => {
      if (state.status === 'offline') waits.push(state.retryIn)
    })
    await until(() => waits.length === 4)
    await broker.restart()
    await isOnline(link.state$)
    expect(waits.slice(0, 4)).toEqual([10, 20, 40, 40])
    await link.close()
  })

  it('fact 15: closes the link on a refusal that retrying cannot fix', async () => {
    await broker.stop()
    const closed = await startMosquitto({ config: ['allow_anonymous false'] })
    const states = connect(closed.url).state$.pipe(toArray())
    const error = {
      code: 'connection-refused',
      reasonCode: 0x87,
      message: expect.stringContaining('not authorized') as string,
    }
    expect(await firstValueFrom(states)).toMatchObject([
      { status: 'connecting', attempt: 1 },
      { status: 'closed', error },
    ])
    await closed.stop()
  })

  it('fact 16: disconnects without waiting for acknowledgements that cannot arrive', async () => {
    const transport = mqttTransport(proxy.url)
    const first = await openConnection(transport)
    proxy.isHoldingInbound = true
    const acks: unknown[] = []
    transport
      .publish$(textMessage('a', 'x'))
      .subscribe({ next: (ack) => acks.push(ack), error: () => undefined })
    await until(() => published().length === 1)
    proxy.isRefusing = true
    proxy.cut()
    await first.ended
    await disconnect(transport)
    await expect(openConnection(transport)).rejects.toMatchObject({ code: 'connection-lost' })
    await disconnect(transport)
    expect(acks).toEqual([])
  })

  it('fact 16: disconnects within a limited time from a broker that hangs', async () => {
    const transport = mqttTransport(broker.url)
    const { ended } = await openConnection(transport)
    process.kill(broker.pid() ?? 0, 'SIGSTOP')
    transport.publish$(textMessage('a', 'x')).subscribe({ error: () => undefined })
    await disconnect(transport)
    expect(await ended).toBe('complete')
    process.kill(broker.pid() ?? 0, 'SIGCONT')
  })
})

async function isOnline(state$: Observable<LinkState>): Promise<void> {
  await firstValueFrom(state$.pipe(filter(({ status }) => status === 'online')))
}

/** Creates a scheduler with real timers and the given clock. */
function withClock(now: () => number): SchedulerLike {
  return Object.create(asyncScheduler, { now: { value: now } }) as SchedulerLike
}
