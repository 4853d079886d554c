import { setImmediate } from 'node:timers'
import { setImmediate as untilNextTurn } from 'node:timers/promises'
import { VirtualTimeScheduler } from 'rxjs'
import type { SchedulerAction, Subscription } from 'rxjs'
import { expect } from 'vitest'
import { createBroker } from '../../src/index.js'
import type { Broker, BrokerOptions } from '../../src/index.js'
import type { AnyPacket } from '../world.js'
import { dialTcp } from './raw-client.js'
import type { RawClient } from './raw-client.js'

/** A test of one normative statement with raw packets. */
export interface NormCase {
  /** The number of the statement in MQTT 5 without `MQTT-`, or `choice: …` for behaviour the standard leaves open. */
  readonly norm: string
  /** The number of the statement in MQTT 3.1.1, if it differs. */
  readonly norm311?: string
  /** The tested behaviour. Reason codes in it are those of MQTT 5; in 3.1.1 the broker closes without sending one. */
  readonly title: string
  /** The protocol versions that have the statement. @defaultValue [5, 4] */
  readonly versions?: readonly (4 | 5)[]
  readonly options?: BrokerOptions
  readonly run: (context: NormCaseContext) => Promise<void>
}

/** Returns its arguments; types the parameters of each `run`. */
export function normCases(...cases: readonly NormCase[]): readonly NormCase[] {
  return cases
}

/** A broker on a TCP socket and a manual clock, and ways to connect to it. */
export interface NormCaseContext {
  readonly version: 4 | 5
  readonly broker: Broker
  readonly port: number
  /** Opens a connection without sending CONNECT. */
  readonly dial: (version?: 4 | 5) => Promise<RawClient>
  /** Connects a client; fails if the broker refuses it. */
  readonly join: (clientId: string, connect?: AnyPacket) => Promise<RawClient>
  /** Connects a client and returns it with its CONNACK. */
  readonly connect: (clientId: string, connect?: AnyPacket) => Promise<[RawClient, AnyPacket]>
  /** Advances the clock of the broker. */
  readonly advance: (milliseconds: number) => void
}

/** A scheduler whose time only `advance` moves. Work without delay runs in the next turn of the event loop. */
class ManualScheduler extends VirtualTimeScheduler {
  override schedule<T>(
    work: (this: SchedulerAction<T>, state?: T) => void,
    delay = 0,
    state?: T,
  ): Subscription {
    if (delay <= 0) setImmediate(() => this.advance(0))
    return super.schedule(work, delay, state)
  }

  advance(milliseconds: number): void {
    const until = this.frame + milliseconds
    this.maxFrames = until
    this.flush()
    this.frame = until
  }
}

/** Starts a broker, runs a case against it and closes the broker. */
export async function runNormCase({ options, run }: NormCase, version: 4 | 5): Promise<void> {
  const scheduler = new ManualScheduler()
  const broker = createBroker({ scheduler, ...options })
  const { port } = await broker.listen({ protocol: 'tcp', port: 0 })
  const clients: RawClient[] = []
  const dial = async (protocolVersion = version): Promise<RawClient> => {
    const client = await dialTcp(port, protocolVersion)
    clients.push(client)
    return client
  }
  const connect = async (clientId: string, packet: AnyPacket = {}): Promise<[RawClient, AnyPacket]> => {
    const protocolVersion =
      packet.protocolVersion === 4 || packet.protocolVersion === 5 ? packet.protocolVersion : version
    const client = await dial(protocolVersion)
    const defaults = { cmd: 'connect', protocolId: 'MQTT', clean: true, keepalive: 0, clientId }
    client.send({ ...defaults, ...packet, protocolVersion })
    return [client, await client.next('connack')]
  }
  const join = async (clientId: string, packet: AnyPacket = {}): Promise<RawClient> => {
    const [client, connack] = await connect(clientId, packet)
    expect(connack.reasonCode ?? connack.returnCode).toBe(0)
    return client
  }
  try {
    await run({
      version,
      broker,
      port,
      dial,
      connect,
      join,
      advance: (time) => scheduler.advance(time),
    })
  } finally {
    for (const client of clients) client.cut()
    let isClosed = false
    const closed = broker.close().finally(() => (isClosed = true))
    // close() waits for timers of the manual clock.
    for (; !isClosed; scheduler.advance(10)) await untilNextTurn()
    await closed
  }
}
