import { expect } from 'vitest'
import { connectBytes, properties, publishBytes, text } from '../bytes.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

/** The client’s name, who may come in, and whose place it takes. */
export const identityRows: readonly Row[] = rows(
  {
    norm: '3.1.3-3',
    says: 'the client identifier is there, or the packet is malformed',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { payload: Buffer.alloc(0) }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.3-4',
    says: 'the client identifier is UTF-8',
    run: async ({ dial, version }) => {
      for (const digits of ['0002 c328', '0001 00', '0003 eda080']) {
        const client = await dial()
        client.send(connectBytes(version, { payload: Buffer.from(digits.replace(' ', ''), 'hex') }))
        await client.refused(0x81)
      }
    },
  },
  {
    norm: '3.1.3-5',
    says: 'identifiers of 1 to 23 letters and digits are accepted, and longer ones here too',
    run: async ({ join }) => {
      for (const clientId of ['a', '0123456789abcdefghijABC', 'ü'.repeat(1_000)]) {
        await (await join(clientId)).quiet()
      }
    },
  },
  {
    norm: '3.1.3-6',
    says: 'a client without an identifier is given one of its own',
    run: async ({ join, broker }) => {
      await Promise.all([join(''), join('')])
      expect(new Set(broker.sessions().map(({ clientId }) => clientId)).size).toBe(2)
    },
  },
  {
    norm: '3.1.3-7',
    versions: [5],
    says: 'the identifier given is told in CONNACK',
    run: async ({ enter, broker }) => {
      const [, connack] = await enter('')
      expect(broker.session(connack.properties?.assignedClientIdentifier ?? '?')).toBeDefined()
      const [, named] = await enter('named')
      expect(named.properties?.assignedClientIdentifier).toBeUndefined()
    },
  },
  {
    norm: '3.1.3-8',
    norm311: '3.1.3-9',
    says: 'a client without an identifier may be refused with 0x85, return code 2',
    options: { assignsClientIds: false },
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { payload: text('') }))
      await client.refused(0x85, 2)
    },
  },
  {
    norm: '3.1.3-8',
    versions: [4],
    says: 'a client without an identifier needs a clean session, or is refused with return code 2',
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(4, { flags: 0, payload: text('') }))
      await client.refused(undefined, 2)
    },
  },
  {
    norm: '3.1.3-11',
    norm311: '3.1.3-10',
    says: 'the will topic and the user name are UTF-8',
    run: async ({ dial, version }) => {
      const bad = Buffer.from('0002c328', 'hex')
      const section = version === 5 ? [properties()] : []
      for (const [flags, payload] of [
        [0x06, Buffer.concat([text('a'), ...section, bad, text('m')])],
        [0x82, Buffer.concat([text('a'), bad])],
      ] as const) {
        const client = await dial()
        client.send(connectBytes(version, { flags, payload }))
        await client.refused(0x81)
      }
    },
  },
  {
    norm: '3.1.4-2',
    norm311: '3.2.2-5',
    says: 'whom the authority does not admit is refused with its reason',
    options: { authority: { authenticate: () => ({ admit: false, reasonCode: 0x86 }) } },
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version))
      await client.refused(0x86, 4)
    },
  },
  {
    norm: '3.1.4-3',
    norm311: '3.1.4-2',
    says: 'whoever has the same identifier is disconnected, with 0x8E',
    run: async ({ join }) => {
      const first = await join('a')
      const second = await join('a')
      await first.expelled(0x8e)
      await second.quiet()
    },
  },
  {
    norm: '3.1.4-6',
    norm311: '3.1.4-5',
    says: 'nothing that follows a refused CONNECT is carried out',
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
      client.send(connectBytes(version), publishBytes(version, 't', { flags: 1, payload: 'sneaked in' }))
      await client.refused(0x87, 5)
      await watcher.quiet()
      expect(broker.retained()).toEqual([])
    },
  },
  {
    norm: '3.1.4 (before CONNACK)',
    says: 'what a client sends before it was answered is carried out once it is in',
    options: { authority: { authenticate: () => Promise.resolve({ admit: true }) } },
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version), 'c0 00', publishBytes(version, 't', { flags: 2, id: 1 }))
      expect((await client.take(3)).map(({ cmd }) => cmd)).toEqual(['connack', 'pingresp', 'puback'])
    },
  },
)
