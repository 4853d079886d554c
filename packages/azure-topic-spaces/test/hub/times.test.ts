import type { Packet } from 'mqtt-packet'
import { VirtualTimeScheduler } from 'rxjs'
import { expect, it } from 'vitest'
import { toCredentials } from '../../src/index.js'
import { createHub } from '../../src/hub/index.js'
import { connectPacket, rawClient, type RawClient } from './raw-client.js'

/** A hub that hears through a socket, and whose clock stands still until it is moved. */
interface StillTime {
  readonly client: () => RawClient
  readonly connect: (client: RawClient, expiresAt: number) => Promise<void>
  readonly advance: (milliseconds: number) => void
  /** What a client hears without any time passing. */
  readonly hear: (client: RawClient) => Promise<Packet | undefined>
}

async function inStillTime(test: (world: StillTime) => Promise<void>): Promise<void> {
  const scheduler = new VirtualTimeScheduler()
  const hub = createHub({ scheduler })
  const clientId = hub.devices.create('car1').deviceId
  const { port } = await hub.listen({ protocol: 'tcp' })
  const advance = (milliseconds: number): void => {
    scheduler.maxFrames = scheduler.now() + milliseconds
    scheduler.schedule(() => undefined, milliseconds)
    scheduler.flush()
  }
  /** Waits, and lets the hub end its turns, which it does on its scheduler; sockets go by those of the event loop. */
  const during = async <T>(work: Promise<T>, millisecondsPerTurn = 0): Promise<T> => {
    let isDone = false
    const done = work.finally(() => (isDone = true))
    for (; !isDone; await new Promise((resolve) => setImmediate(resolve))) advance(millisecondsPerTurn)
    return done
  }
  const hear: StillTime['hear'] = (client) => during(client.hear())
  const clients: RawClient[] = []
  try {
    await test({
      advance,
      hear,
      client: () => {
        const client = rawClient(port)
        clients.push(client)
        return client
      },
      connect: async (client, expiresAt) => {
        const device = hub.devices.connectionString(clientId)
        const { username, password } = await toCredentials(device, { issuedAt: scheduler.now(), expiresAt })
        client.say(connectPacket({ clientId, username, password: Buffer.from(password ?? '') }))
        expect(await hear(client)).toMatchObject({ cmd: 'connack', returnCode: 0 })
      },
    })
  } finally {
    for (const client of clients) client.end()
    await during(hub.close(), 10)
  }
}

it('at se the hub closes', () =>
  inStillTime(async ({ client, connect, advance, hear }) => {
    const car = client()
    await connect(car, 3_600_000)
    // It has a keep alive of a minute.
    for (let minutes = 1; minutes < 60; minutes++) {
      advance(60_000)
      car.say({ cmd: 'pingreq' })
      expect(await hear(car)).toMatchObject({ cmd: 'pingresp' })
    }
    advance(59_999)
    car.say({ cmd: 'pingreq' })
    expect(await hear(car)).toMatchObject({ cmd: 'pingresp' })
    advance(2)
    expect(await hear(car)).toBeUndefined()
  }))

it('CONNECT within 30 s of the connection, or the hub closes', () =>
  inStillTime(async ({ client, connect, advance, hear }) => {
    const [slow, silent, last] = [client(), client(), client()]
    await Promise.all([slow.opened, silent.opened, last.opened])
    // That it is heard tells that those before it are known.
    last.say({ cmd: 'pingreq' })
    expect(await hear(last)).toBeUndefined()
    advance(29_000)
    await connect(slow, 3_600_000)
    advance(1_001)
    expect(await hear(silent)).toBeUndefined()
    slow.say({ cmd: 'pingreq' })
    expect(await hear(slow)).toMatchObject({ cmd: 'pingresp' })
  }))
