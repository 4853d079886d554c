import { generate, parser } from 'mqtt-packet'
import type { Packet } from 'mqtt-packet'
import { Subject, VirtualTimeScheduler } from 'rxjs'
import type { Channel, ChannelListener } from '../src/connection/channel.js'
import { toBroker } from '../src/broker.js'
import type { Broker } from '../src/broker.js'
import { Connection } from '../src/connection/connection.js'
import { createEngine } from '../src/engine.js'
import type { Engine } from '../src/engine.js'
import type { BrokerEvent } from '../src/events.js'
import { resolveOptions } from '../src/options.js'
import type { BrokerOptions } from '../src/options.js'

/** A packet as tests write and read it, looser than the codec's types. */
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

/** The properties of such a packet. */
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

/** A broker's rooms on virtual time, with clients that speak packets. */
export interface World {
  readonly engine: Engine
  /** The same engine as its user sees it: its `events$`, its links in process. */
  readonly broker: Broker
  readonly events: BrokerEvent[]
  /** Lets that many milliseconds pass, and everything due happen. */
  readonly advance: (milliseconds?: number) => void
  /** Lets everything happen that waits for a Promise. */
  readonly settle: () => Promise<void>
  /** A connection that has said nothing yet. */
  readonly dial: (version?: 4 | 5) => Client
  /** A connected client; `connect` is its CONNECT. */
  readonly join: (clientId: string, connect?: AnyPacket) => Client
}

/** One byte stream into the broker. */
export interface Client {
  /** Sends a packet, or bytes as they are. */
  readonly send: (packet: AnyPacket | Uint8Array) => void
  /** What came since the last call. */
  readonly take: () => AnyPacket[]
  /** The first of what came since the last call; there must be one. */
  readonly first: () => AnyPacket
  /** Everything that ever came, byte for byte. */
  readonly bytes: () => Buffer
  /** The stream ends without a word. */
  readonly cut: () => void
  readonly channel: FakeChannel
}

/** A channel in memory; `isStuck` keeps what is written as if nobody read it. */
export class FakeChannel implements Channel {
  readonly remoteAddress = 'test:1'
  readonly listener = 'test'
  isStuck = false
  isPaused = false
  isEnded = false
  isGone = false
  pending = 0
  readonly written: Buffer[] = []
  #listener: ChannelListener | undefined

  listen(listener: ChannelListener): void {
    this.#listener = listener
  }

  write(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      this.written.push(Buffer.from(piece))
      if (this.isStuck) this.pending += piece.length
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

  /** The other side reads again. */
  unstick(): void {
    this.isStuck = false
    this.pending = 0
    this.#listener?.onDrain()
  }

  close(): void {
    if (this.isGone) return
    this.isGone = true
    this.#listener?.onClose()
  }
}

/** Makes a world. */
export function makeWorld(options: BrokerOptions = {}): World {
  const scheduler = new VirtualTimeScheduler()
  const events: BrokerEvent[] = []
  const sink = new Subject<BrokerEvent>()
  sink.subscribe((event) => events.push(event))
  const engine = createEngine(resolveOptions({ scheduler, ...options }), sink)
  const broker = toBroker(engine, sink)

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
  let seen = 0
  const take = (): AnyPacket[] => {
    advance()
    for (; seen < channel.written.length; seen++) codec.parse(channel.written[seen] as Buffer)
    return received.splice(0).map((packet) => plain(packet as unknown as AnyPacket))
  }
  return {
    channel,
    take,
    first: () => {
      const [packet] = take()
      if (packet === undefined) throw new Error('nothing came')
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

/** A packet without what the codec adds for itself. */
function plain(packet: AnyPacket): AnyPacket {
  const { length: _, ...rest } = packet
  const kept = Object.entries(rest).filter(
    ([name, value]) => value !== null && !isNoise(packet.cmd ?? '', name, value),
  )
  return Object.fromEntries(kept)
}

function isNoise(cmd: string, name: string, value: unknown): boolean {
  return (
    cmd !== 'publish' &&
    ((name === 'retain' && value === false) || (name === 'dup' && value === false) || name === 'qos')
  )
}

/** Bytes from hexadecimal digits, blanks ignored. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(/\s/g, ''), 'hex')
}
