import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { packet, word } from '../conformance/bytes.js'
import { dialTcp } from '../conformance/raw-client.js'
import type { RawClient } from '../conformance/raw-client.js'
import type { AnyPacket } from '../world.js'
import { bundleBroker, removeBundle, startBroker } from './broker-process.js'
import type { BrokerProcess } from './broker-process.js'

/** CONNECT of a session that outlives its connection. */
export const kept = { clean: false, properties: { sessionExpiryInterval: 3_600 } }

/** A broker with durable storage, in a process of its own. */
export interface DurableBroker {
  readonly folder: string
  readonly pid: number
  /** Kills the process at once and waits until it is gone. */
  readonly kill: () => Promise<void>
  /** Starts it again on the same folder. */
  readonly start: () => Promise<void>
  /** Connects over MQTT 5; returns the client and its CONNACK. */
  readonly connect: (clientId: string, connect?: AnyPacket) => Promise<[RawClient, AnyPacket]>
}

/** Gives each test of a file a durable broker on an empty folder. */
export function useDurableBroker(): DurableBroker {
  let folder: string
  let broker: BrokerProcess
  const clients = new Set<RawClient>()
  beforeAll(bundleBroker)
  afterAll(removeBundle)
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
    kill: () => broker.kill(),
    start: async () => {
      broker = await startBroker(folder)
    },
    connect: async (clientId, connect = {}) => {
      const client = await dialTcp(broker.port, 5)
      clients.add(client)
      const plain = {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 5,
        clean: true,
        keepalive: 0,
        clientId,
      }
      client.send({ ...plain, ...connect })
      const connack = await client.next('connack')
      expect(connack.reasonCode).toBe(0)
      return [client, connack]
    },
  }
}

/** Records and acknowledges messages until `isDone`, or until the connection is gone. */
export async function receive(client: RawClient, seen: Set<number>, isDone: () => boolean): Promise<void> {
  try {
    while (!isDone()) {
      const { cmd, messageId = 0, payload } = await client.next()
      if (cmd !== 'publish') continue
      seen.add(Number(String(payload)))
      client.send(packet(0x40, word(messageId)))
    }
  } catch (error) {
    if (!(error as Error).message.includes('ended')) throw error
  }
}
