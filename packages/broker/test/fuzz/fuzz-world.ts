import { parser } from 'mqtt-packet'
import { VirtualTimeScheduler } from 'rxjs'
import { expect } from 'vitest'
import { Connection } from '../../src/connection/connection.js'
import { createEngine } from '../../src/engine/engine.js'
import { resolveOptions } from '../../src/options.js'
import { snapshot } from '../../src/stats.js'
import type { BrokerStats } from '../../src/stats.js'
import { connectBytes, packet, properties, publishBytes, text, uint16 } from '../conformance/bytes.js'
import { FakeChannel } from '../world.js'
import type { AnyPacket } from '../world.js'

/** A broker without sockets, a well-behaved neighbour client, and any number of attackers. */
export interface FuzzWorld {
  /** Opens a connection to the broker. */
  readonly connectAttacker: () => FakeChannel
  readonly advance: (milliseconds: number) => void
  /** Lets the neighbour ping and publish to itself, and expects it to receive nothing else. */
  readonly checkNeighbour: () => void
  /** Closes all attackers, lets their sessions expire and removes all retained messages. */
  readonly endAttacks: () => void
  /** Returns the broker’s current resources, without counters. */
  readonly resources: () => Partial<BrokerStats> & { readonly deadlines: number }
}

/** The longest lifetime of an attacker's session, in seconds. */
const sessionExpiryInterval = 3_600

/** Creates a broker with a connected neighbour. */
export function makeFuzzWorld(): FuzzWorld {
  const scheduler = new VirtualTimeScheduler()
  const engine = createEngine(
    resolveOptions({
      scheduler,
      authenticationMethods: ['challenge'],
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
  const readNeighbour = (): string[] => {
    advance(0)
    return read(neighbour, 5).map(({ cmd, topic }) => topic ?? cmd ?? '')
  }
  neighbour.feed(connectBytes(5, { payload: text('neighbour') }))
  neighbour.feed(packet(0x82, uint16(1), properties(), text('neighbour'), Buffer.from([0])))
  readNeighbour()

  return {
    connectAttacker: attack,
    advance,
    checkNeighbour: () => {
      neighbour.feed(Buffer.from([0xc0, 0]))
      neighbour.feed(publishBytes(5, 'neighbour', { flags: 2, id: 1 }))
      expect(readNeighbour().sort()).toEqual(['neighbour', 'pingresp', 'puback'])
    },
    endAttacks: () => {
      for (const channel of [...channels]) channel.close()
      advance(sessionExpiryInterval * 1_000 + 1)
      for (const { topic } of [...engine.retained]) neighbour.feed(publishBytes(5, topic, { flags: 1 }))
      readNeighbour()
    },
    resources: () => {
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

/** Returns the packets written to a channel since the last call; throws if the bytes are not whole packets. */
export function read(channel: FakeChannel, protocolVersion: 4 | 5): AnyPacket[] {
  const codec = parser({ protocolVersion })
  const packets: AnyPacket[] = []
  codec.on('packet', (received) => packets.push(received as unknown as AnyPacket))
  codec.on('error', (error: unknown) => {
    throw error
  })
  const incompleteBytes = codec.parse(Buffer.concat(channel.written.splice(0)))
  if (incompleteBytes > 0)
    throw new Error(`the broker wrote ${incompleteBytes} bytes of an incomplete packet`)
  return packets
}
