import { connect } from 'node:net'
import { clearTimeout, setTimeout } from 'node:timers'
import { parser } from 'mqtt-packet'
import { expect } from 'vitest'
import type { AnyPacket } from '../world.js'
import { toBytes } from './bytes.js'
import type { Sendable } from './bytes.js'

/** The bytes of one client: a socket, a WebSocket, whatever carries them. */
export interface Wire {
  readonly write: (bytes: Uint8Array) => void
  readonly onData: (take: (bytes: Buffer) => void) => void
  readonly onClose: (note: () => void) => void
  /** Ends it without a word of MQTT. */
  readonly cut: () => void
}

/** A client that writes bytes and reads packets, and does nothing of itself: no acknowledgement, no ping. */
export interface RawClient {
  readonly version: 4 | 5
  readonly send: (...what: readonly Sendable[]) => void
  /** The next packet; it must come. */
  readonly next: (cmd?: string) => Promise<AnyPacket>
  /** The next packets, that many. */
  readonly take: (count: number) => Promise<AnyPacket[]>
  /** What came before the answer to a ping: everything that was under way. */
  readonly gather: () => Promise<AnyPacket[]>
  /** Nothing is under way. */
  readonly quiet: () => Promise<void>
  /** What came before the broker closed the connection; it must. */
  readonly ended: () => Promise<AnyPacket[]>
  /** The connection ends: on v5 after a DISCONNECT with this reason code, on 3.1.1 without a word. */
  readonly expelled: (reasonCode: number) => Promise<void>
  /** A CONNECT is refused and the connection ends; without codes, without a CONNACK. */
  readonly refused: (reasonCode?: number, returnCode?: number) => Promise<void>
  /** Subscribes and tells the reason codes. */
  readonly subscribe: (filter: string, options?: AnyPacket) => Promise<readonly number[]>
  /** Everything that ever came. */
  readonly bytes: () => Buffer
  readonly cut: () => void
}

const patience = 5_000
let lastSubscribeId = 0x7000

/** A raw client over a new TCP connection. */
export async function dialTcp(port: number, version: 4 | 5): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('connect', resolve))
  return rawClient(version, {
    write: (bytes) => void socket.write(bytes),
    onData: (take) => void socket.on('data', take),
    onClose: (note) => void socket.on('close', note),
    cut: () => socket.destroy(),
  })
}

/** A raw client over any wire. */
export function rawClient(version: 4 | 5, wire: Wire): RawClient {
  const codec = parser({ protocolVersion: version })
  const chunks: Buffer[] = []
  const inbox: AnyPacket[] = []
  let isClosed = false
  let wake = (): void => undefined
  codec.on('packet', (received) => inbox.push(received as unknown as AnyPacket))
  wire.onData((chunk) => {
    chunks.push(Buffer.from(chunk))
    codec.parse(Buffer.from(chunk))
    wake()
  })
  wire.onClose(() => {
    isClosed = true
    wake()
  })
  /** Waits until it is so, by events; the clock only ends what would never end. */
  const until = async (isSo: () => boolean, what: string): Promise<void> => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      wake()
    }, patience)
    while (!isSo()) {
      if (isLate) throw new Error(`${what} did not come; what came: ${JSON.stringify(inbox)}`)
      await new Promise<void>((resolve) => (wake = resolve))
    }
    clearTimeout(timer)
  }
  const send = (...what: readonly Sendable[]): void =>
    wire.write(Buffer.concat(what.map((each) => toBytes(each, version))))
  const next = async (cmd?: string): Promise<AnyPacket> => {
    await until(() => inbox.length > 0 || isClosed, cmd ?? 'a packet')
    const received = inbox.shift()
    if (received === undefined) throw new Error(`the connection ended before ${cmd ?? 'a packet'} came`)
    if (cmd !== undefined) expect(received.cmd).toBe(cmd)
    return received
  }
  const gather = async (): Promise<AnyPacket[]> => {
    send('c0 00')
    const gathered: AnyPacket[] = []
    for (let packet = await next(); packet.cmd !== 'pingresp'; packet = await next()) gathered.push(packet)
    return gathered
  }
  const ended = async (): Promise<AnyPacket[]> => {
    await until(() => isClosed, 'the end')
    return inbox.splice(0)
  }
  return {
    version,
    send,
    next,
    take: async (count) => {
      const taken: AnyPacket[] = []
      while (taken.length < count) taken.push(await next())
      return taken
    },
    gather,
    quiet: async () => expect(await gather()).toEqual([]),
    ended,
    expelled: async (reasonCode) => {
      const last = (await ended()).filter(({ cmd }) => cmd === 'disconnect')
      expect(last.map((packet) => packet.reasonCode)).toEqual(version === 5 ? [reasonCode] : [])
    },
    refused: async (reasonCode, returnCode) => {
      const [connack, ...others] = await ended()
      expect(others).toEqual([])
      const said = version === 5 ? reasonCode : returnCode
      if (said === undefined) expect(connack).toBeUndefined()
      else expect(connack).toMatchObject({ cmd: 'connack', sessionPresent: false })
      if (said !== undefined) expect(connack?.[version === 5 ? 'reasonCode' : 'returnCode']).toBe(said)
    },
    subscribe: async (filter, options = {}) => {
      const { properties, ...line } = options
      lastSubscribeId++
      send({
        cmd: 'subscribe',
        messageId: lastSubscribeId,
        subscriptions: [{ topic: filter, qos: 2, ...line }],
        ...(properties === undefined ? {} : { properties }),
      })
      return (await next('suback')).granted ?? []
    },
    bytes: () => Buffer.concat(chunks),
    cut: wire.cut,
  }
}
