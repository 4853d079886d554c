import { generate, parser } from 'mqtt-packet'
import type { Packet } from 'mqtt-packet'
import { VirtualTimeScheduler } from 'rxjs'
import type { Channel, ChannelListener } from '../src/connection/channel.js'
import { toBroker } from '../src/broker.js'
import type { Broker } from '../src/broker.js'
import { Connection } from '../src/connection/connection.js'
import { createEngine } from '../src/engine/engine.js'
import type { Engine } from '../src/engine/engine.js'
import { EventSubject } from '../src/event-subject.js'
import type { BrokerEvent } from '../src/events.js'
import { resolveOptions } from '../src/options.js'
import type { BrokerOptions } from '../src/options.js'

/** A packet as tests write and read it; its type is looser than the codec's. */
export interface AnyPacket {
  readonly cmd?: string
  readonly messageId?: number
  readonly reasonCode?: number
  readonly returnCode?: number
  readonly sessionPresent?: boolean
  readonly granted?: readonly number[]
  readonly topic?: string
  readonly payload?: Buffer | string
  readonly qos?: number
  readonly retain?: boolean
  readonly dup?: boolean
  readonly protocolVersion?: number
  readonly properties?: AnyProperties
  readonly [name: string]: unknown
}

/** The properties of an `AnyPacket`. */
export interface AnyProperties {
  readonly assignedClientIdentifier?: string
  readonly serverKeepAlive?: number
  readonly sessionExpiryInterval?: number
  readonly reasonString?: string
  readonly authenticationData?: Buffer
  readonly subscriptionIdentifier?: number | readonly number[]
  readonly userProperties?: Readonly<Record<string, string | readonly string[]>>
  readonly [name: string]: unknown
}

/** A broker without sockets on virtual time, and clients that send and receive packets. */
export interface World {
  readonly engine: Engine
  /** The public API of the same engine. */
  readonly broker: Broker
  readonly events: BrokerEvent[]
  /** Advances virtual time and runs everything that is due. */
  readonly advance: (milliseconds?: number) => void
  /** Runs everything that waits for a Promise. */
  readonly settle: () => Promise<void>
  /** Opens a connection without sending CONNECT. */
  readonly dial: (version?: 4 | 5) => Client
  /** Opens a connection and sends CONNECT with the fields of `connect`. */
  readonly join: (clientId: string, connect?: AnyPacket) => Client
}

/** A client on one connection to the broker. */
export interface Client {
  /** Sends a packet or raw bytes. */
  readonly send: (packet: AnyPacket | Uint8Array) => void
  /** Returns the packets received since the last call. */
  readonly take: () => AnyPacket[]
  /** Returns the first packet received since the last call; throws if it received no packet. */
  readonly first: () => AnyPacket
  /** Returns all bytes received since the connection was opened. */
  readonly bytes: () => Buffer
  /** Closes the connection without DISCONNECT. */
  readonly cut: () => void
  readonly channel: FakeChannel
}

/** A channel in memory. While `isBlocked`, its peer reads nothing and written bytes stay `pending`. */
export class FakeChannel implements Channel {
  readonly remoteAddress = 'test:1'
  readonly listener = 'test'
  isBlocked = false
  isPaused = false
  isEnded = false
  isClosed = false
  pending = 0
  readonly written: Buffer[] = []
  #listener: ChannelListener | undefined

  listen(listener: ChannelListener): void {
    this.#listener = listener
  }

  write(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      this.written.push(Buffer.from(chunk))
      if (this.isBlocked) this.pending += chunk.length
    }
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  end(): void {
    this.isEnded = true
  }

  destroy(): void {
    this.close()
  }

  feed(bytes: Uint8Array): void {
    this.#listener?.onData(Buffer.from(bytes))
  }

  /** Lets the peer read everything that is pending. */
  unblock(): void {
    this.isBlocked = false
    this.pending = 0
    this.#listener?.onDrain()
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#listener?.onClose()
  }
}

/** Creates a broker without sockets on virtual time. */
export function makeWorld(options: BrokerOptions = {}): World {
  const scheduler = new VirtualTimeScheduler()
  const events: BrokerEvent[] = []
  const eventSubject = new EventSubject()
  eventSubject.subscribe((event) => events.push(event))
  const engine = createEngine(resolveOptions({ scheduler, ...options }), eventSubject)
  const broker = toBroker(engine, eventSubject)

  const advance = (milliseconds = 0): void => {
    const until = scheduler.frame + milliseconds
    scheduler.maxFrames = until
    scheduler.flush()
    scheduler.frame = until
  }
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 20; round++) {
      await Promise.resolve()
      advance()
    }
  }
  const dial = (version: 4 | 5 = 5): Client => makeClient(engine, version, advance)
  return {
    engine,
    broker,
    events,
    advance,
    settle,
    dial,
    join: (clientId, connect = {}) => {
      const client = dial(connect.protocolVersion === 4 ? 4 : 5)
      client.send({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 5,
        clean: true,
        keepalive: 0,
        clientId,
        ...connect,
      })
      return client
    },
  }
}

function makeClient(engine: Engine, protocolVersion: 4 | 5, advance: () => void): Client {
  const channel = new FakeChannel()
  const connection = new Connection(engine, channel, () => engine.connections.delete(connection))
  engine.connections.add(connection)
  const codec = parser({ protocolVersion })
  const received: Packet[] = []
  codec.on('packet', (packet) => received.push(packet))
  let parsedChunks = 0
  const take = (): AnyPacket[] => {
    advance()
    for (; parsedChunks < channel.written.length; parsedChunks++)
      codec.parse(channel.written[parsedChunks] as Buffer)
    return received.splice(0).map((packet) => withoutCodecDefaults(packet as unknown as AnyPacket))
  }
  return {
    channel,
    take,
    first: () => {
      const [packet] = take()
      if (packet === undefined) throw new Error('the client received no packet')
      return packet
    },
    send: (packet) => {
      channel.feed(
        packet instanceof Uint8Array ? packet : generate(packet as unknown as Packet, { protocolVersion }),
      )
      advance()
    },
    bytes: () => Buffer.concat(channel.written),
    cut: () => {
      channel.close()
      advance()
    },
  }
}

/** Removes the fields that the codec adds to every packet. */
function withoutCodecDefaults(packet: AnyPacket): AnyPacket {
  const { length: _, ...rest } = packet
  const entries = Object.entries(rest).filter(
    ([name, value]) => value !== null && !isCodecDefault(packet.cmd ?? '', name, value),
  )
  return Object.fromEntries(entries)
}

function isCodecDefault(cmd: string, name: string, value: unknown): boolean {
  return (
    cmd !== 'publish' &&
    ((name === 'retain' && value === false) || (name === 'dup' && value === false) || name === 'qos')
  )
}

/** Returns the bytes of hexadecimal digits; ignores blanks. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(/\s/g, ''), 'hex')
}
