import { createServer, type AddressInfo, type Socket } from 'node:net'
import { AntiphonError, type QoS } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { filter, firstValueFrom } from 'rxjs'
import { expect, it } from 'vitest'
import { connackBytes } from './scripted-broker.js'

const mebibyte = 2 ** 20

it.each<[qos: QoS]>([[0], [1]])(
  'bounds the bytes of QoS %d messages that a socket does not accept, as its peer reads nothing',
  async (qos) => {
    let socket: Socket | undefined
    const server = createServer((accepted) => {
      socket = accepted
      accepted.on('error', () => undefined)
      accepted.once('data', () => {
        accepted.pause()
        accepted.write(Uint8Array.from(connackBytes(5)))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const link = connect(`mqtt://127.0.0.1:${port}`, { queue: { bytes: 8 * mebibyte }, keepalive: 0 })
    await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))

    const payload = new Uint8Array(mebibyte)
    const errors: AntiphonError[] = []
    for (let sent = 0; sent < 200; sent++) {
      link.publish$({ topic: 'stalled', payload, qos }).subscribe({
        error: (error: unknown) => errors.push(AntiphonError.from(error)),
      })
      // Lets the socket write what it can.
      await new Promise((resolve) => setImmediate(resolve))
    }
    const overflows = errors.filter(({ code }) => code === 'overflow').length
    // Eight wait in the queue, and what is in flight and in the buffers of the operating system is less than 64.
    expect(overflows).toBeGreaterThanOrEqual(200 - 8 - 64)
    expect(overflows).toBeLessThanOrEqual(200 - 8)
    expect(errors).toHaveLength(overflows)
    socket?.destroy()
    await link.close()
    server.close()
  },
)
