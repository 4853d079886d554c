import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import { formatHash, hashPassword } from '../../src/access/password-hash.js'
import { cheap } from '../access/cheap-cost.js'
import { publishBytes } from '../conformance/bytes.js'
import { dialTcp } from '../conformance/raw-client.js'
import type { RawClient } from '../conformance/raw-client.js'
import type { AnyPacket } from '../world.js'
import { testCommand } from './command-host.js'
import type { TestCommand } from './command-host.js'

/** The command of the present test, in a folder of its own. */
export interface RunningCommand {
  readonly command: TestCommand
  /** Returns the path of a file in the folder. */
  readonly at: (name: string) => string
  /** Writes a file that only its owner can read, and returns its path. */
  readonly write: (name: string, text: string) => Promise<string>
  /** Starts the broker with settings and returns its port. */
  readonly start: (config: object, ...args: readonly string[]) => Promise<number>
}

/** Creates a command for each test of a file, and stops its broker after the test. */
export function useCommand(): RunningCommand {
  let folder: string
  let command: TestCommand
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'antiphon-command-'))
    command = testCommand()
  })
  afterEach(async () => {
    if (command.printed.some((line) => line.includes('listening on'))) {
      if (!command.printed.some((line) => line.includes('draining'))) command.signal('SIGTERM')
      await command.line(/closed/)
    }
    await rm(folder, { recursive: true })
  })
  const at = (name: string): string => join(folder, name)
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(at(name), text, { mode: 0o600 })
    return at(name)
  }
  return {
    get command() {
      return command
    },
    at,
    write,
    start: async (config, ...args) => {
      const listen = [{ protocol: 'tcp', port: 0 }]
      const file = await write('config.json', JSON.stringify({ listen, ...config }))
      const code = await command.run('--config', file, ...args)
      expect([code, command.errors]).toEqual([0, []])
      return Number(/:(\d+)\W*$/.exec(await command.line(/listening on/))?.[1])
    },
  }
}

/** Returns a line of a password file. */
export async function userLine(user: string, password: string): Promise<string> {
  return `${user}:${formatHash(await hashPassword(password, cheap))}\n`
}

/** Connects a client and returns it with the reason code of its CONNACK, and the CONNACK. */
export async function connectClient(
  port: number,
  connect: AnyPacket,
): Promise<[RawClient, number | undefined, AnyPacket]> {
  const client = await dialTcp(port, 5)
  const header = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, keepalive: 0 }
  client.send({ ...header, ...connect })
  const connack = await client.next('connack')
  return [client, connack.reasonCode, connack]
}

/** Publishes at QoS 1 and returns the reason code of the PUBACK. */
export async function publish(client: RawClient, topic: string): Promise<number | undefined> {
  client.send(publishBytes(5, topic, { flags: 2, id: 7, payload: 'x' }))
  return (await client.next('puback')).reasonCode
}
