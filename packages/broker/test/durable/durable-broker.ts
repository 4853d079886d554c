import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { packet, uint16 } from '../conformance/bytes.js'
import { dialTcp } from '../conformance/raw-client.js'
import type { RawClient } from '../conformance/raw-client.js'
import type { AnyPacket } from '../world.js'
import { bundleBroker, removeBrokerBundle, startBroker } from './broker-process.js'
import type { BrokerProcess } from './broker-process.js'

/** The fields of a CONNECT with a persistent session. */
export const persistent = { clean: false, properties: { sessionExpiryInterval: 3_600 } }

/** A broker with durable storage in its own process. */
export interface DurableBroker {
  readonly folder: string
  readonly pid: number
  readonly port: number
  /** Kills the process and waits until it has exited. */
  readonly kill: () => Promise<void>
  /** Starts the broker again on the same folder. */
  readonly start: () => Promise<void>
  /** Connects a client with MQTT 5 and returns it with its CONNACK. */
  readonly connect: (clientId: string, connect?: AnyPacket) => Promise<[RawClient, AnyPacket]>
}

/** Starts a durable broker on an empty folder for each test of a file. */
export function useDurableBroker(): DurableBroker {
  let folder: string
  let broker: BrokerProcess
  const clients = new Set<RawClient>()
  beforeAll(bundleBroker)
  afterAll(removeBrokerBundle)
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'antiphon-kill-'))
    broker = await startBroker(folder)
  })
  afterEach(async () => {
    for (const client of clients) client.cut()
    clients.clear()
    await broker.kill()
    await rm(folder, { recursive: true, maxRetries: 5 })
  })
  return {
    get folder() {
      return folder
    },
    get pid() {
      return broker.pid
    },
    get port() {
      return broker.port
    },
    kill: () => broker.kill(),
    start: async () => {
      broker = await startBroker(folder)
    },
    connect: async (clientId, connect = {}) => {
      const client = await dialTcp(broker.port, 5)
      clients.add(client)
      const defaults = {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 5,
        clean: true,
        keepalive: 0,
        clientId,
      }
      client.send({ ...defaults, ...connect })
      const connack = await client.next('connack')
      expect(connack.reasonCode).toBe(0)
      return [client, connack]
    },
  }
}

/** Records and acknowledges messages until `isDone` returns true or the connection is closed. */
export async function receive(client: RawClient, seen: Set<number>, isDone: () => boolean): Promise<void> {
  try {
    while (!isDone()) {
      const { cmd, messageId = 0, payload } = await client.next()
      if (cmd !== 'publish') continue
      seen.add(Number(String(payload)))
      client.send(packet(0x40, uint16(messageId)))
    }
  } catch (error) {
    if (!(error as Error).message.includes('ended')) throw error
  }
}
