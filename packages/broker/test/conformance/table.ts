import { setImmediate } from 'node:timers'
import { setImmediate as turn } from 'node:timers/promises'
import { VirtualTimeScheduler } from 'rxjs'
import type { SchedulerAction, Subscription } from 'rxjs'
import { expect } from 'vitest'
import { createBroker } from '../../src/index.js'
import type { Broker, BrokerOptions } from '../../src/index.js'
import type { AnyPacket } from '../world.js'
import { dialTcp } from './raw-client.js'
import type { RawClient } from './raw-client.js'

/** One normative statement that the broker obeys, and how it is shown from raw packets. */
export interface Row {
  /** Its number in MQTT 5, without the `MQTT-`; `choice` for what the norm leaves open. */
  readonly norm: string
  /** Its number in MQTT 3.1.1, where that is another one. */
  readonly norm311?: string
  /** What it asks for. */
  readonly says: string
  /** The versions it binds. @defaultValue [5, 4] */
  readonly versions?: readonly (4 | 5)[]
  readonly options?: BrokerOptions
  readonly run: (table: Table) => Promise<void>
}

/** Rows as they are, so that what each is given has a type. */
export function rows(...all: readonly Row[]): readonly Row[] {
  return all
}

/** A broker on a real TCP socket, whose clock the row turns. */
export interface Table {
  readonly version: 4 | 5
  readonly broker: Broker
  readonly port: number
  /** A connection that has said nothing yet. */
  readonly dial: (version?: 4 | 5) => Promise<RawClient>
  /** A client that is in, its CONNACK taken. */
  readonly join: (clientId: string, connect?: AnyPacket) => Promise<RawClient>
  /** The same, with its CONNACK. */
  readonly enter: (clientId: string, connect?: AnyPacket) => Promise<[RawClient, AnyPacket]>
  /** Lets that many milliseconds pass for the broker. */
  readonly advance: (milliseconds: number) => void
}

/** Time that stands still until it is turned; what is due at once happens at the end of the turn, as in life. */
class TurnedClock extends VirtualTimeScheduler {
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

/** Sets a table for a row, lets it run, and clears it away. */
export async function runRow({ options, run }: Row, version: 4 | 5): Promise<void> {
  const clock = new TurnedClock()
  const broker = createBroker({ scheduler: clock, ...options })
  const { port } = await broker.listen({ protocol: 'tcp', port: 0 })
  const clients: RawClient[] = []
  const dial = async (spoken = version): Promise<RawClient> => {
    const client = await dialTcp(port, spoken)
    clients.push(client)
    return client
  }
  const enter = async (clientId: string, connect: AnyPacket = {}): Promise<[RawClient, AnyPacket]> => {
    const protocolVersion =
      connect.protocolVersion === 4 || connect.protocolVersion === 5 ? connect.protocolVersion : version
    const client = await dial(protocolVersion)
    const plain = { cmd: 'connect', protocolId: 'MQTT', clean: true, keepalive: 0, clientId }
    client.send({ ...plain, ...connect, protocolVersion })
    return [client, await client.next('connack')]
  }
  const join = async (clientId: string, connect: AnyPacket = {}): Promise<RawClient> => {
    const [client, connack] = await enter(clientId, connect)
    expect(connack.reasonCode ?? connack.returnCode).toBe(0)
    return client
  }
  try {
    await run({ version, broker, port, dial, enter, join, advance: (time) => clock.advance(time) })
  } finally {
    for (const client of clients) client.cut()
    let isClosed = false
    const closed = broker.close().finally(() => (isClosed = true))
    // What close() waits for is on the turned clock.
    for (; !isClosed; clock.advance(10)) await turn()
    await closed
  }
}
