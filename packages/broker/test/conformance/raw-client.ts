import { connect } from 'node:net'
import { clearTimeout, setTimeout } from 'node:timers'
import { parser } from 'mqtt-packet'
import { expect } from 'vitest'
import type { AnyPacket } from '../world.js'
import { toBytes } from './bytes.js'
import type { Sendable } from './bytes.js'

/** The transport of a raw client, for example a socket or a WebSocket. */
export interface ByteStream {
  readonly write: (bytes: Uint8Array) => void
  readonly onData: (listener: (bytes: Buffer) => void) => void
  readonly onClose: (listener: () => void) => void
  /** Closes the transport without DISCONNECT. */
  readonly cut: () => void
}

/** A client that writes bytes and reads packets. It sends no acknowledgement and no PINGREQ by itself. */
export interface RawClient {
  readonly version: 4 | 5
  readonly send: (...packets: readonly Sendable[]) => void
  /** Returns the next packet; fails if none arrives, or one of another type than `cmd`. */
  readonly next: (cmd?: string) => Promise<AnyPacket>
  /** Returns the next `count` packets. */
  readonly take: (count: number) => Promise<AnyPacket[]>
  /** Sends PINGREQ and returns the packets received before PINGRESP. */
  readonly receiveAll: () => Promise<AnyPacket[]>
  /** Sends PINGREQ and expects no packet before PINGRESP. */
  readonly expectQuiet: () => Promise<void>
  /** Waits until the broker closes the connection and returns the packets received before. */
  readonly untilClosed: () => Promise<AnyPacket[]>
  /** Expects the broker to close the connection, in MQTT 5 after a DISCONNECT with this reason code. */
  readonly expectDisconnected: (reasonCode: number) => Promise<void>
  /**
   * Expects the broker to close the connection after one CONNACK with this code.
   * Without a code for the version of the client, expects no CONNACK.
   */
  readonly expectRefused: (reasonCode?: number, returnCode?: number) => Promise<void>
  /** Subscribes to one filter and returns the reason codes of the SUBACK. */
  readonly subscribe: (filter: string, options?: AnyPacket) => Promise<readonly number[]>
  /** Returns all bytes received since the connection was opened. */
  readonly bytes: () => Buffer
  /** Closes the connection without DISCONNECT. */
  readonly cut: () => void
}

const receiveTimeout = 60_000
let lastSubscribeId = 0x7000

/** Opens a TCP connection and returns a raw client on it. */
export async function dialTcp(port: number, version: 4 | 5): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('connect', resolve))
  return rawClientOver(version, {
    write: (bytes) => void socket.write(bytes),
    onData: (listener) => void socket.on('data', listener),
    onClose: (listener) => void socket.on('close', listener),
    cut: () => socket.destroy(),
  })
}

/** Returns a raw client on a transport. */
export function rawClientOver(version: 4 | 5, stream: ByteStream): RawClient {
  const codec = parser({ protocolVersion: version })
  const chunks: Buffer[] = []
  const packetQueue: AnyPacket[] = []
  let isClosed = false
  let wake = (): void => undefined
  codec.on('packet', (received) => packetQueue.push(received as unknown as AnyPacket))
  stream.onData((chunk) => {
    chunks.push(Buffer.from(chunk))
    codec.parse(Buffer.from(chunk))
    wake()
  })
  stream.onClose(() => {
    isClosed = true
    wake()
  })
  /** Waits for a condition, checked at each event. The timer only makes a condition that never holds fail. */
  const until = async (isTrue: () => boolean, expected: string): Promise<void> => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      wake()
    }, receiveTimeout)
    while (!isTrue()) {
      if (isLate)
        throw new Error(
          `no ${expected} within ${receiveTimeout} ms; received: ${JSON.stringify(packetQueue)}`,
        )
      await new Promise<void>((resolve) => (wake = resolve))
    }
    clearTimeout(timer)
  }
  const send = (...packets: readonly Sendable[]): void =>
    stream.write(Buffer.concat(packets.map((packet) => toBytes(packet, version))))
  const next = async (cmd?: string): Promise<AnyPacket> => {
    await until(() => packetQueue.length > 0 || isClosed, cmd ?? 'packet')
    const received = packetQueue.shift()
    if (received === undefined) throw new Error(`the connection ended before a ${cmd ?? 'packet'}`)
    if (cmd !== undefined) expect(received.cmd).toBe(cmd)
    return received
  }
  const receiveAll = async (): Promise<AnyPacket[]> => {
    send('c0 00')
    const packets: AnyPacket[] = []
    for (let packet = await next(); packet.cmd !== 'pingresp'; packet = await next()) packets.push(packet)
    return packets
  }
  const untilClosed = async (): Promise<AnyPacket[]> => {
    await until(() => isClosed, 'close')
    return packetQueue.splice(0)
  }
  return {
    version,
    send,
    next,
    take: async (count) => {
      const packets: AnyPacket[] = []
      while (packets.length < count) packets.push(await next())
      return packets
    },
    receiveAll: receiveAll,
    expectQuiet: async () => expect(await receiveAll()).toEqual([]),
    untilClosed,
    expectDisconnected: async (reasonCode) => {
      const last = (await untilClosed()).filter(({ cmd }) => cmd === 'disconnect')
      expect(last.map((packet) => packet.reasonCode)).toEqual(version === 5 ? [reasonCode] : [])
    },
    expectRefused: async (reasonCode, returnCode) => {
      const [connack, ...others] = await untilClosed()
      expect(others).toEqual([])
      const expectedCode = version === 5 ? reasonCode : returnCode
      if (expectedCode === undefined) expect(connack).toBeUndefined()
      else expect(connack).toMatchObject({ cmd: 'connack', sessionPresent: false })
      if (expectedCode !== undefined)
        expect(connack?.[version === 5 ? 'reasonCode' : 'returnCode']).toBe(expectedCode)
    },
    subscribe: async (filter, options = {}) => {
      const { properties, ...subscription } = options
      lastSubscribeId++
      send({
        cmd: 'subscribe',
        messageId: lastSubscribeId,
        subscriptions: [{ topic: filter, qos: 2, ...subscription }],
        ...(properties === undefined ? {} : { properties }),
      })
      return (await next('suback')).granted ?? []
    },
    bytes: () => Buffer.concat(chunks),
    cut: stream.cut,
  }
}
