import type { AntiphonError } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { parser } from 'mqtt-packet'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { firstValueFrom } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { textMessage } from './test-connection.js'

/** Accepts connections, resumes the session, and loses the first `losses` connections at a PUBLISH. */
async function startLossyBroker(
  protocolVersion: 4 | 5,
  losses: number,
  lose: (socket: Socket) => void,
): Promise<{ readonly url: string; readonly stop: () => void }> {
  let connections = 0
  const server = createServer((socket) => {
    const isLost = (connections += 1) <= losses
    const reader = parser({ protocolVersion }).on('packet', (packet) => {
      const properties = protocolVersion === 5 ? [0] : []
      if (packet.cmd === 'connect')
        socket.write(Uint8Array.of(0x20, 2 + properties.length, connections > 1 ? 1 : 0, 0, ...properties))
      else if (packet.cmd !== 'publish') return
      else if (isLost) lose(socket)
      else socket.write(Uint8Array.of(0x40, 2, 0, packet.messageId ?? 0))
    })
    socket.on('data', (bytes) => reader.parse(bytes)).on('error', () => undefined)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => server.close(),
  }
}

const end = (socket: Socket): void => void socket.end()
const reset = (socket: Socket): void => void socket.resetAndDestroy()

describe('an unstable network', () => {
  it.each([
    ['closed', end],
    ['reset', reset],
  ])(
    'does not refuse a message for which five connections were %s before PUBACK, on MQTT 5',
    async (_, lose) => {
      const broker = await startLossyBroker(5, 5, lose)
      const link = connect(broker.url, { reconnect: { initial: 1, maximum: 1 } })
      expect(await firstValueFrom(link.publish$(textMessage('a', 'x')))).toEqual({ reasonCode: 0 })
      await link.close()
      broker.stop()
    },
  )

  it('refuses a message after three connections with a DISCONNECT that a message can cause, on MQTT 5', async () => {
    const payloadFormatInvalid = Uint8Array.of(0xe0, 1, 0x99)
    const broker = await startLossyBroker(5, 5, (socket) => void socket.end(payloadFormatInvalid))
    const link = connect(broker.url, { reconnect: { initial: 1, maximum: 1 } })
    const outcome = firstValueFrom(link.publish$(textMessage('a', 'x'))).catch(
      (error: AntiphonError) => error,
    )
    expect(await outcome).toMatchObject({ code: 'publish-refused', reasonCode: 0x99 })
    await link.close()
    broker.stop()
  })

  it('refuses a message after three closed connections on MQTT 3.1.1, which has no other refusal', async () => {
    const broker = await startLossyBroker(4, 5, end)
    const link = connect(broker.url, {
      protocolVersion: 4,
      clean: false,
      clientId: 'device',
      reconnect: { initial: 1, maximum: 1 },
    })
    const outcome = firstValueFrom(link.publish$(textMessage('a', 'x'))).catch(
      (error: AntiphonError) => error,
    )
    expect(await outcome).toMatchObject({ code: 'publish-refused' })
    await link.close()
    broker.stop()
  })
})
