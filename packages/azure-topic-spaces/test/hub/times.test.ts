import { VirtualTimeScheduler } from 'rxjs'
import { expect, it } from 'vitest'
import { toCredentials } from '../../src/index.js'
import { createHub } from '../../src/hub/index.js'
import { connectPacket, rawClient, type RawClient } from './raw-client.js'

/** A hub that hears through a socket, and whose clock stands still until it is moved. */
async function inStillTime(
  test: (world: {
    readonly client: () => RawClient
    readonly connect: (client: RawClient, expiresAt: number) => Promise<void>
    readonly advance: (milliseconds: number) => void
  }) => Promise<void>,
): Promise<void> {
  const scheduler = new VirtualTimeScheduler()
  const hub = createHub({ scheduler })
  const clientId = hub.devices.create('car1').deviceId
  const { port } = await hub.listen({ protocol: 'tcp' })
  const advance = (milliseconds: number): void => {
    scheduler.maxFrames = scheduler.now() + milliseconds
    scheduler.schedule(() => undefined, milliseconds)
    scheduler.flush()
  }
  const clients: RawClient[] = []
  try {
    await test({
      advance,
      client: () => {
        const client = rawClient(port)
        clients.push(client)
        return client
      },
      connect: async (client, expiresAt) => {
        const device = hub.devices.connectionString(clientId)
        const { username, password } = await toCredentials(device, { issuedAt: scheduler.now(), expiresAt })
        client.say(connectPacket({ clientId, username, password: Buffer.from(password ?? '') }))
        expect(await client.hear()).toMatchObject({ cmd: 'connack', returnCode: 0 })
      },
    })
  } finally {
    for (const client of clients) client.end()
    await hub.close()
  }
}

it('at se the hub closes', () =>
  inStillTime(async ({ client, connect, advance }) => {
    const car = client()
    await connect(car, 3_600_000)
    advance(3_599_000)
    car.say({ cmd: 'pingreq' })
    expect(await car.hear()).toMatchObject({ cmd: 'pingresp' })
    advance(1_001)
    expect(await car.hear()).toBeUndefined()
  }))

it('CONNECT within 30 s of the connection, or the hub closes', () =>
  inStillTime(async ({ client, connect, advance }) => {
    const [slow, silent] = [client(), client()]
    await Promise.all([slow.opened, silent.opened])
    advance(29_000)
    await connect(slow, 3_600_000)
    advance(1_001)
    expect(await silent.hear()).toBeUndefined()
    slow.say({ cmd: 'pingreq' })
    expect(await slow.hear()).toMatchObject({ cmd: 'pingresp' })
  }))
