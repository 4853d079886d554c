import { once } from 'node:events'
import { connect as connectTcp, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memoryStorage } from '../storage/memory-storage.js'
import { hex } from '../world.js'
import { connectAndPing, recordAttempts, type RecordingBroker } from './attempts.js'
import { readUntilPingresp } from './read-until-pingresp.js'

/** One end of a pair of streams of which each reads what the other writes. */
class PairedStream extends Duplex {
  #other: PairedStream | undefined

  static pair(): readonly [PairedStream, PairedStream] {
    const [left, right] = [new PairedStream(), new PairedStream()]
    left.#other = right
    right.#other = left
    return [left, right]
  }

  override _read(): void {
    // The other end pushes.
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: () => void): void {
    this.#other?.push(chunk)
    callback()
  }

  override _final(callback: () => void): void {
    this.#other?.push(null)
    callback()
  }
}

describe('handle', () => {
  let recording: RecordingBroker
  beforeEach(() => {
    recording = recordAttempts()
  })
  afterEach(() => recording.broker.close())

  it('serves a client over any stream of bytes', async () => {
    const [client, server] = PairedStream.pair()
    recording.broker.handle(server)
    client.write(connectAndPing)
    expect((await readUntilPingresp(client))[0]).toBe(0x20)
    expect(recording.attempts).toMatchObject([{ clientId: 'a', remoteAddress: 'stream', listener: 'handle' }])
  })

  it('passes the given address, listener and certificate to hooks', async () => {
    const [client, server] = PairedStream.pair()
    const certificate = { commonName: 'c', fingerprint256: 'f', raw: new Uint8Array() }
    const info = { remoteAddress: 'ttyUSB0', listener: 'serial', certificate }
    recording.broker.handle(server, info)
    client.write(connectAndPing)
    await readUntilPingresp(client)
    expect(recording.attempts).toMatchObject([info])
    expect(recording.broker.session('a')?.client).toMatchObject(info)
  })

  it('serves the socket of another server under its address', async () => {
    const server = createServer((socket) => recording.broker.handle(socket)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connectTcp((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write(connectAndPing)
    await once(socket, 'connect')
    const { localPort = 0 } = socket
    await readUntilPingresp(socket)
    expect(recording.attempts).toMatchObject([{ remoteAddress: `127.0.0.1:${localPort}` }])
    server.close()
  })

  it('ends its side of a stream that the client has ended', async () => {
    const [client, server] = PairedStream.pair()
    recording.broker.handle(server)
    client.resume()
    client.end(connectAndPing)
    await once(server, 'close')
    expect(recording.broker.session('a')).toBeUndefined()
  })

  it('closes a stream beyond limits.connections, and one that sends no CONNECT', async () => {
    const { broker, events } = recordAttempts({ limits: { connections: 1, connectTimeout: 20 } })
    const [[, first], [, second]] = [PairedStream.pair(), PairedStream.pair()]
    broker.handle(first)
    broker.handle(second)
    expect([first.destroyed, second.destroyed]).toEqual([false, true])
    await once(first, 'finish')
    await new Promise((resolve) => setImmediate(resolve))
    expect(events.filter(({ type }) => type === 'refused')).toMatchObject([
      { reasonCode: 0x89, remoteAddress: 'stream' },
      { reasonCode: 0x87, remoteAddress: 'stream' },
    ])
    first.destroy()
    await broker.close()
  })

  it('refuses a stream that is destroyed, has an encoding or is in object mode, and unknown infos', () => {
    const { broker } = recording
    const destroyed = new PassThrough().destroy()
    expect(() => broker.handle(destroyed)).toThrow('cannot handle the stream: it is destroyed')
    const rule = 'it has an encoding or is in object mode; MQTT needs bytes'
    for (const stream of [new PassThrough({ objectMode: true }), new PassThrough().setEncoding('utf8')])
      expect(() => broker.handle(stream)).toThrow(rule)
    expect(() => broker.handle(new PassThrough(), { adress: 'x' } as never)).toThrow(
      'info.adress is not known',
    )
  })

  it('throws when the broker is closed', async () => {
    const { broker } = recordAttempts()
    await broker.close()
    expect(() => broker.handle(new PassThrough())).toThrow('cannot handle the stream: the broker is closed')
  })

  describe('while the stored state is restored', () => {
    /** Returns a broker whose storage loads when `finish` is called. */
    function restoring(): RecordingBroker & { readonly finish: (error?: Error) => void } {
      let finish = (_?: Error): void => undefined
      const gate = new Promise<void>((resolve, reject) => {
        finish = (error) => (error === undefined ? resolve() : reject(error))
      })
      const storage = memoryStorage()
      const load = async function* (): AsyncGenerator<[string, Uint8Array]> {
        await gate
        yield* []
      }
      return { ...recordAttempts({ storage: { ...storage, load } }), finish }
    }
    const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

    it('answers a client when the state is restored', async () => {
      const { broker, finish } = restoring()
      const [client, server] = PairedStream.pair()
      broker.handle(server)
      client.write(connectAndPing)
      await settle()
      expect(client.readableLength).toBe(0)
      finish()
      expect((await readUntilPingresp(client))[0]).toBe(0x20)
      await broker.close()
    })

    it('forgets a stream that fails meanwhile', async () => {
      const { broker, finish, events } = restoring()
      const [, server] = PairedStream.pair()
      broker.handle(server)
      server.destroy(new Error('gone'))
      await settle()
      finish()
      await settle()
      expect(events).toEqual([])
      await broker.close()
    })

    it('destroys the stream if the state cannot be restored', async () => {
      const { broker, finish } = restoring()
      const [, server] = PairedStream.pair()
      broker.handle(server)
      finish(new Error('corrupt'))
      await once(server, 'close')
      await broker.close()
    })

    it('destroys the stream if the broker is closed meanwhile', async () => {
      const { broker, finish } = restoring()
      const [, server] = PairedStream.pair()
      broker.handle(server)
      const closed = broker.close()
      finish()
      await once(server, 'close')
      await closed
    })
  })
})

describe('a socket that is passed to handle', () => {
  it('is read from its first byte, also if it is paused', async () => {
    const { broker } = recordAttempts()
    const sockets: Socket[] = []
    const server = createServer({ pauseOnConnect: true }, (socket) => sockets.push(socket)).listen(0)
    await once(server, 'listening')
    const client = connectTcp((server.address() as AddressInfo).port)
    client.write(connectAndPing)
    await once(server, 'connection')
    broker.handle(sockets[0] as Socket)
    expect((await readUntilPingresp(client)).subarray(-2)).toEqual(hex('d0 00'))
    server.close()
    await broker.close()
  })
})
