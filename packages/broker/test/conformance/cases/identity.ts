import { expect } from 'vitest'
import { connectBytes, properties, publishBytes, text } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

/** Client identifiers, authentication and taking over a connection. */
export const identityCases: readonly NormCase[] = normCases(
  {
    norm: '3.1.3-3',
    title: 'refuses a CONNECT without a Client Identifier field, with 0x81',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { payload: Buffer.alloc(0) }))
      await client.expectRefused(0x81)
    },
  },
  {
    norm: '3.1.3-4',
    title: 'refuses a client identifier that is not valid UTF-8, with 0x81',
    run: async ({ dial, version }) => {
      for (const digits of ['0002 c328', '0001 00', '0003 eda080']) {
        const client = await dial()
        client.send(connectBytes(version, { payload: Buffer.from(digits.replace(' ', ''), 'hex') }))
        await client.expectRefused(0x81)
      }
    },
  },
  {
    norm: '3.1.3-5',
    title: 'accepts client identifiers of 1 to 23 letters and digits, and longer ones',
    run: async ({ join }) => {
      for (const clientId of ['a', '0123456789abcdefghijABC', 'ü'.repeat(1_000)]) {
        await (await join(clientId)).expectQuiet()
      }
    },
  },
  {
    norm: '3.1.3-6',
    title: 'assigns a unique identifier to a client that connects without one',
    run: async ({ join, broker }) => {
      await Promise.all([join(''), join('')])
      expect(new Set(broker.sessions().map(({ clientId }) => clientId)).size).toBe(2)
    },
  },
  {
    norm: '3.1.3-7',
    versions: [5],
    title: 'sends the assigned client identifier in CONNACK',
    run: async ({ connect, broker }) => {
      const [, connack] = await connect('')
      expect(broker.session(connack.properties?.assignedClientIdentifier ?? '?')).toBeDefined()
      const [, named] = await connect('named')
      expect(named.properties?.assignedClientIdentifier).toBeUndefined()
    },
  },
  {
    norm: '3.1.3-8',
    norm311: '3.1.3-9',
    title: 'refuses an empty client identifier when assignsClientIds is false, with 0x85 or return code 2',
    options: { assignsClientIds: false },
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { payload: text('') }))
      await client.expectRefused(0x85, 2)
    },
  },
  {
    norm: '3.1.3-8',
    versions: [4],
    title: 'refuses an empty client identifier without Clean Session, with return code 2',
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(4, { flags: 0, payload: text('') }))
      await client.expectRefused(undefined, 2)
    },
  },
  {
    norm: '3.1.3-11',
    norm311: '3.1.3-10',
    title: 'refuses a will topic or user name that is not valid UTF-8, with 0x81',
    run: async ({ dial, version }) => {
      const bad = Buffer.from('0002c328', 'hex')
      const section = version === 5 ? [properties()] : []
      for (const [flags, payload] of [
        [0x06, Buffer.concat([text('a'), ...section, bad, text('m')])],
        [0x82, Buffer.concat([text('a'), bad])],
      ] as const) {
        const client = await dial()
        client.send(connectBytes(version, { flags, payload }))
        await client.expectRefused(0x81)
      }
    },
  },
  {
    norm: '3.1.4-2',
    norm311: '3.2.2-5',
    title: 'refuses a client that authenticate does not admit, with the hook’s reason code',
    options: { authority: { authenticate: () => ({ admit: false, reasonCode: 0x86 }) } },
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version))
      await client.expectRefused(0x86, 4)
    },
  },
  {
    norm: '3.1.4-3',
    norm311: '3.1.4-2',
    title: 'disconnects the older connection with the same client identifier, with 0x8E',
    run: async ({ join }) => {
      const first = await join('a')
      const second = await join('a')
      await first.expectDisconnected(0x8e)
      await second.expectQuiet()
    },
  },
  {
    norm: '3.1.4-6',
    norm311: '3.1.4-5',
    title: 'does not process packets that follow a refused CONNECT',
    options: {
      authority: {
        authenticate: ({ clientId }) =>
          clientId === 'raw' ? { admit: false, reasonCode: 0x87 } : { admit: true },
      },
    },
    run: async ({ dial, join, version, broker }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('#')
      const client = await dial()
      client.send(connectBytes(version), publishBytes(version, 't', { flags: 1, payload: 'unauthenticated' }))
      await client.expectRefused(0x87, 5)
      await watcher.expectQuiet()
      expect(broker.retained()).toEqual([])
    },
  },
  {
    norm: '3.1.4 (before CONNACK)',
    title: 'processes packets sent before the CONNACK once the client is admitted',
    options: { authority: { authenticate: () => Promise.resolve({ admit: true }) } },
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version), 'c0 00', publishBytes(version, 't', { flags: 2, id: 1 }))
      expect((await client.take(3)).map(({ cmd }) => cmd)).toEqual(['connack', 'pingresp', 'puback'])
    },
  },
)
