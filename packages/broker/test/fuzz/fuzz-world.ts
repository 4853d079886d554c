import { parser } from 'mqtt-packet'
import { VirtualTimeScheduler } from 'rxjs'
import { expect } from 'vitest'
import { Connection } from '../../src/connection/connection.js'
import { createEngine } from '../../src/engine.js'
import { resolveOptions } from '../../src/options.js'
import { snapshot } from '../../src/stats.js'
import type { BrokerStats } from '../../src/stats.js'
import { connectBytes, packet, properties, publishBytes, text, word } from '../conformance/bytes.js'
import { FakeChannel } from '../world.js'
import type { AnyPacket } from '../world.js'

/** A broker without sockets, a neighbour who minds its own business, and any number of attackers. */
export interface FuzzWorld {
  readonly attack: () => FakeChannel
  readonly advance: (milliseconds: number) => void
  /** The neighbour pings, and publishes to itself; nothing else may come to it. */
  readonly visitNeighbour: () => void
  /** Everybody else goes, and the time of all they left behind runs out. */
  readonly clear: () => void
  /** What is there now, counters left out. */
  readonly holdings: () => Partial<BrokerStats> & { readonly deadlines: number }
}

/** The longest that anything of an attacker's may stay, in seconds. */
const sessionExpiryInterval = 3_600

/** Makes a world. */
export function makeFuzzWorld(): FuzzWorld {
  const scheduler = new VirtualTimeScheduler()
  const engine = createEngine(
    resolveOptions({
      scheduler,
      authenticationMethods: ['riddle'],
      limits: { sessionExpiryInterval, retainedMessages: 100, packetSize: 10_000, connectTimeout: 5_000 },
      authority: {
        authenticate: ({ authenticationMethod, step }) =>
          authenticationMethod !== undefined && step === 0
            ? { challenge: Buffer.from('?') }
            : { admit: true },
      },
    }),
    { observed: true, next: () => undefined },
  )
  const channels = new Set<FakeChannel>()
  const attack = (): FakeChannel => {
    const channel = new FakeChannel()
    const connection = new Connection(engine, channel, () => {
      engine.connections.delete(connection)
      channels.delete(channel)
    })
    engine.connections.add(connection)
    channels.add(channel)
    return channel
  }
  const advance = (milliseconds: number): void => {
    scheduler.maxFrames = scheduler.frame + milliseconds
    scheduler.flush()
    scheduler.frame = scheduler.maxFrames
  }
  const neighbour = attack()
  channels.delete(neighbour)
  const hear = (): string[] => {
    advance(0)
    return read(neighbour, 5).map(({ cmd, topic }) => topic ?? cmd ?? '')
  }
  neighbour.feed(connectBytes(5, { payload: text('neighbour') }))
  neighbour.feed(packet(0x82, word(1), properties(), text('neighbour'), Buffer.from([0])))
  hear()

  return {
    attack,
    advance,
    visitNeighbour: () => {
      neighbour.feed(Buffer.from([0xc0, 0]))
      neighbour.feed(publishBytes(5, 'neighbour', { flags: 2, id: 1 }))
      expect(hear().sort()).toEqual(['neighbour', 'pingresp', 'puback'])
    },
    clear: () => {
      for (const channel of [...channels]) channel.close()
      advance(sessionExpiryInterval * 1_000 + 1)
      for (const { topic } of [...engine.retained]) neighbour.feed(publishBytes(5, topic, { flags: 1 }))
      hear()
    },
    holdings: () => {
      const { connections, sessions, subscriptions, retained, retainedBytes, inFlight, queued, heldBytes } =
        snapshot(engine)
      return {
        connections,
        sessions,
        subscriptions,
        retained,
        retainedBytes,
        inFlight,
        queued,
        heldBytes,
        deadlines: engine.deadlines.size,
      }
    },
  }
}

/** The packets written to a channel since it was last read; fails for what is none. */
export function read(channel: FakeChannel, protocolVersion: 4 | 5): AnyPacket[] {
  const codec = parser({ protocolVersion })
  const packets: AnyPacket[] = []
  codec.on('packet', (each) => packets.push(each as unknown as AnyPacket))
  codec.on('error', (error: unknown) => {
    throw error
  })
  const rest = codec.parse(Buffer.concat(channel.written.splice(0)))
  if (rest > 0) throw new Error(`${rest} bytes of an unfinished packet were written`)
  return packets
}
