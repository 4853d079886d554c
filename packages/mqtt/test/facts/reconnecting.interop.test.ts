import type { AntiphonError, LinkState, PublishAck } from '@antiphon/core'
import { linkOver } from '@antiphon/core/link'
import { connect, mqttTransport } from '@antiphon/mqtt'
import { describeForeign, type Mosquitto, startMosquitto } from '@antiphon/workshop'
import type { IPublishPacket } from 'mqtt-packet'
import { asyncScheduler, filter, firstValueFrom, type Observable, type SchedulerLike, toArray } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { asking, converse, disconnect, outgoing, publish, subscribe, textOf, until } from '../conversation.js'
import { type Proxy, startProxy } from '../proxy.js'

describeForeign(['mosquitto'], 'what MQTT.js does when a connection is lost, and what we do', () => {
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

  /** The PUBLISH packets that came through the proxy. */
  const published = (): readonly IPublishPacket[] =>
    proxy.sent.filter((packet): packet is IPublishPacket => packet.cmd === 'publish')

  it('fact 5: a resumed session gets what is unanswered again, all at once and in order', async () => {
    const transport = mqttTransport(proxy.url)
    const first = await converse(transport)
    proxy.isDeaf = true
    const acks = [1, 2, 1, 2].map((qos, place) =>
      publish(transport, outgoing('a', `${place}`, { qos: qos as 1 | 2 })),
    )
    await until(() => published().length === 4)
    proxy.cut()
    await first.ended
    // Still deaf: MQTT.js would send the second only when the first is answered, and tell of no connection before.
    proxy.isDeaf = false
    const second = await converse(transport)
    expect(second.grant.sessionPresent).toBe(true)
    await Promise.all(acks)
    expect(published().map(({ payload, messageId, dup }) => [String(payload), messageId, dup])).toEqual([
      ...['0', '1', '2', '3'].map((text, place) => [text, place + 1, false]),
      ...['0', '1', '2', '3'].map((text, place) => [text, place + 1, true]),
    ])
    await disconnect(transport)
  })

  it('fact 5: a lost session gets nothing again; the sender is told before the connection is', async () => {
    const transport = mqttTransport(proxy.url, { clean: true })
    const first = await converse(transport)
    proxy.isDeaf = true
    const told: string[] = []
    const lost = publish(transport, outgoing('a', 'x')).catch((error: AntiphonError) => {
      told.push('sender')
      return error
    })
    await until(() => published().length === 1)
    proxy.cut()
    await first.ended
    proxy.isDeaf = false
    transport.connect$(2).subscribe({ next: ({ type }) => told.push(type), error: () => undefined })
    await until(() => told.includes('online'))
    expect(await lost).toMatchObject({ code: 'session-lost', topic: 'a', phase: 'after-network' })
    await publish(transport, outgoing('b', 'y'))
    expect(published().map(({ topic }) => topic)).toEqual(['a', 'b'])
    await disconnect(transport)
  })

  it('fact 5: a QoS 2 message goes on where it stopped: its PUBREL is sent again, not its PUBLISH', async () => {
    const listener = mqttTransport(broker.url)
    const heard = await converse(listener)
    await subscribe(listener, asking('a', { qos: 2 }))
    const transport = mqttTransport(proxy.url)
    const first = await converse(transport)
    const releases = (): number => proxy.sent.filter(({ cmd }) => cmd === 'pubrel').length
    const ack = publish(transport, outgoing('a', 'x', { qos: 2 }))
    await until(() => {
      // From the moment of the release on, the broker is not heard.
      proxy.isDeaf = releases() > 0
      return proxy.isDeaf
    })
    proxy.cut()
    await first.ended
    proxy.isDeaf = false
    await converse(transport)
    expect(await ack).toEqual({ reasonCode: 0 })
    await publish(transport, outgoing('a', 'last', { qos: 2 }))
    expect((await heard.arrived(2)).map(textOf)).toEqual(['x', 'last'])
    expect(published().map(({ payload }) => String(payload))).toEqual(['x', 'last'])
    await Promise.all([disconnect(transport), disconnect(listener)])
  })

  it('fact 6: what is sent again says so, and carries what is left of its expiry', async () => {
    const clock = { now: Date.now(), at: 0 }
    const transport = mqttTransport(proxy.url, { scheduler: withClock(() => clock.now + clock.at) })
    const first = await converse(transport)
    proxy.isDeaf = true
    const lasting = publish(transport, outgoing('a', 'lasting', { messageExpiryInterval: 60 }))
    const brief = publish(transport, outgoing('a', 'brief', { messageExpiryInterval: 5 })).catch(
      (error: unknown) => error,
    )
    const twice = publish(transport, outgoing('a', 'exactly once', { messageExpiryInterval: 5, qos: 2 }))
    await until(() => published().length === 3)
    proxy.cut()
    await first.ended
    proxy.isDeaf = false
    clock.at = 10_500
    await converse(transport)
    expect(await brief).toMatchObject({ code: 'expired', topic: 'a', phase: 'after-network' })
    await Promise.all([lasting, twice])
    const again = published().slice(3)
    expect(
      again.map(({ payload, dup, properties }) => [String(payload), dup, properties?.messageExpiryInterval]),
    ).toEqual([
      ['lasting', true, 50],
      // Its packet identifier may be known to the broker, so that it cannot be given up.
      ['exactly once', true, 1],
    ])
    await disconnect(transport)
  })

  it('fact 8: a publish cut off is settled: by the resumed session, by session-lost, or by close', async () => {
    const link = connect(proxy.url, { reconnect: { initial: 10, maximum: 10 }, closeWithin: 0 })
    await isOnline(link.state$)
    proxy.isDeaf = true
    const resumed = firstValueFrom(link.publish$(outgoing('a', 'x')))
    await until(() => published().length === 1)
    proxy.cut()
    proxy.isDeaf = false
    expect(await resumed).toEqual({ reasonCode: 0x10 })
    proxy.isDeaf = true
    const closed = firstValueFrom(link.publish$(outgoing('a', 'x'))).catch((error: unknown) => error)
    await until(() => published().length === 3)
    await link.close()
    expect(await closed).toMatchObject({ code: 'link-closed' })
  })

  it('fact 14: a link whose client id is taken over stops, and says why', async () => {
    const link = connect(proxy.url, { reconnect: { initial: 1, maximum: 1 } })
    const states = firstValueFrom(link.state$.pipe(toArray()))
    await isOnline(link.state$)
    // Mosquitto 2.0.11 closes the old connection without this word; other brokers say it [MQTT-3.1.4-3].
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

  it('fact 15: attempts that can succeed later go on, ever further apart', async () => {
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

  it('fact 15: a refusal that no attempt can mend ends the link', async () => {
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

  it('fact 16: the farewell does not wait for answers that cannot come', async () => {
    const transport = mqttTransport(proxy.url)
    const first = await converse(transport)
    proxy.isDeaf = true
    const acks: PublishAck[] = []
    transport
      .publish$(outgoing('a', 'x'))
      .subscribe({ next: (ack) => acks.push(ack), error: () => undefined })
    await until(() => published().length === 1)
    proxy.isRefusing = true
    proxy.cut()
    await first.ended
    await disconnect(transport)
    await expect(converse(transport)).rejects.toMatchObject({ code: 'connection-lost' })
    await disconnect(transport)
    expect(acks).toEqual([])
  })

  it('fact 16: the farewell to a broker that hangs is cut short', async () => {
    const transport = mqttTransport(broker.url)
    const { ended } = await converse(transport)
    process.kill(broker.pid() ?? 0, 'SIGSTOP')
    transport.publish$(outgoing('a', 'x')).subscribe({ error: () => undefined })
    await disconnect(transport)
    expect(await ended).toBe('complete')
    process.kill(broker.pid() ?? 0, 'SIGCONT')
  })
})

async function isOnline(state$: Observable<LinkState>): Promise<void> {
  await firstValueFrom(state$.pipe(filter(({ status }) => status === 'online')))
}

/** Real timers under a clock of one's own. */
function withClock(now: () => number): SchedulerLike {
  return Object.create(asyncScheduler, { now: { value: now } }) as SchedulerLike
}
