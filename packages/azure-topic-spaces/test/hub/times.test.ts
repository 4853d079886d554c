import type { Packet } from 'mqtt-packet'
import { VirtualTimeScheduler } from 'rxjs'
import { expect, it } from 'vitest'
import { toCredentials } from '../../src/index.js'
import { createHub } from '../../src/hub/index.js'
import { connectPacket, rawClient, type RawClient } from './raw-client.js'

/** A hub with a TCP listener and a virtual clock that moves only with `advance`. */
interface FrozenClockWorld {
  readonly client: () => RawClient
  readonly connect: (client: RawClient, expiresAt: number) => Promise<void>
  readonly advance: (milliseconds: number) => void
  /** Resolves with the next packet of a client, without advancing the clock. */
  readonly receive: (client: RawClient) => Promise<Packet | undefined>
}

async function withFrozenClock(test: (world: FrozenClockWorld) => Promise<void>): Promise<void> {
  const scheduler = new VirtualTimeScheduler()
  const hub = createHub({ scheduler })
  const clientId = hub.devices.create('car1').deviceId
  const { port } = await hub.listen({ protocol: 'tcp' })
  const advance = (milliseconds: number): void => {
    scheduler.maxFrames = scheduler.now() + milliseconds
    scheduler.schedule(() => undefined, milliseconds)
    scheduler.flush()
  }
  /** Awaits `work`. Flushes the hub's scheduler in every turn of the event loop, on which the sockets depend. */
  const flushUntil = async <T>(work: Promise<T>, millisecondsPerTurn = 0): Promise<T> => {
    let isDone = false
    const done = work.finally(() => (isDone = true))
    for (; !isDone; await new Promise((resolve) => setImmediate(resolve))) advance(millisecondsPerTurn)
    return done
  }
  const receive: FrozenClockWorld['receive'] = (client) => flushUntil(client.receive())
  const clients: RawClient[] = []
  try {
    await test({
      advance,
      receive,
      client: () => {
        const client = rawClient(port)
        clients.push(client)
        return client
      },
      connect: async (client, expiresAt) => {
        const device = hub.devices.connectionString(clientId)
        const { username, password } = await toCredentials(device, { issuedAt: scheduler.now(), expiresAt })
        client.send(connectPacket({ clientId, username, password: Buffer.from(password ?? '') }))
        expect(await receive(client)).toMatchObject({ cmd: 'connack', returnCode: 0 })
      },
    })
  } finally {
    for (const client of clients) client.end()
    await flushUntil(hub.close(), 10)
  }
}

it('closes a connection when its credential expires', () =>
  withFrozenClock(async ({ client, connect, advance, receive }) => {
    const car = client()
    await connect(car, 3_600_000)
    // The client has a Keep Alive of one minute.
    for (let minutes = 1; minutes < 60; minutes++) {
      advance(60_000)
      car.send({ cmd: 'pingreq' })
      expect(await receive(car)).toMatchObject({ cmd: 'pingresp' })
    }
    advance(59_999)
    car.send({ cmd: 'pingreq' })
    expect(await receive(car)).toMatchObject({ cmd: 'pingresp' })
    advance(2)
    expect(await receive(car)).toBeUndefined()
  }))

it('closes a connection without CONNECT after 30 s', () =>
  withFrozenClock(async ({ client, connect, advance, receive }) => {
    const [slow, silent, last] = [client(), client(), client()]
    await Promise.all([slow.opened, silent.opened, last.opened])
    // The hub accepts sockets in order: once it has closed this one, it has accepted the others.
    last.send({ cmd: 'pingreq' })
    expect(await receive(last)).toBeUndefined()
    advance(29_000)
    await connect(slow, 3_600_000)
    advance(1_001)
    expect(await receive(silent)).toBeUndefined()
    slow.send({ cmd: 'pingreq' })
    expect(await receive(slow)).toMatchObject({ cmd: 'pingresp' })
  }))
