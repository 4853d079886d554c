import { expect } from 'vitest'
import { connectBytes, publishBytes, text } from '../bytes.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

/** CONNECT: what a client says first, and what becomes of it. */
export const connectRows: readonly Row[] = rows(
  {
    norm: '3.1.0-1',
    says: 'the first packet is CONNECT, or the connection ends',
    run: async ({ dial }) => {
      const client = await dial()
      client.send('c0 00')
      expect(await client.ended()).toEqual([])
    },
  },
  {
    norm: '3.1.0-2',
    says: 'a second CONNECT is a protocol error',
    run: async ({ join }) => {
      const client = await join('twice')
      client.send(connectBytes(client.version))
      await client.expelled(0x82)
    },
  },
  {
    norm: '3.1.2-1',
    says: 'what does not call itself MQTT is not answered',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { name: 'MQTX' }))
      expect(await client.ended()).toEqual([])
    },
  },
  {
    norm: '3.1.2-2',
    says: 'an unknown protocol level is refused with 0x84, an older one with return code 1',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { level: version === 5 ? 6 : 3 }))
      await client.refused(0x84, 1)
    },
  },
  {
    norm: '3.1.2-3',
    says: 'the reserved connect flag is 0, or the packet is malformed',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 3 }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.2-4',
    norm311: '3.1.2-6',
    says: 'a clean start ends the session that was',
    run: async ({ join, enter, version }) => {
      const kept = version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}
      const before = await join('a', { clean: false, ...kept })
      await before.subscribe('t')
      before.cut()
      const [after, connack] = await enter('a')
      expect(connack.sessionPresent).toBe(false)
      after.send(publishBytes(version, 't', { payload: 'x' }))
      await after.quiet()
    },
  },
  {
    norm: '3.1.2-5',
    norm311: '3.1.2-4',
    says: 'a session that is there is resumed',
    run: async ({ join, enter, version }) => {
      const kept = version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}
      const before = await join('a', { clean: false, ...kept })
      await before.subscribe('t')
      before.cut()
      const [after, connack] = await enter('a', { clean: false })
      expect(connack.sessionPresent).toBe(true)
      after.send(publishBytes(version, 't', { payload: 'x' }))
      expect(await after.next('publish')).toMatchObject({ topic: 't' })
    },
  },
  {
    norm: '3.1.2-6',
    norm311: '3.1.2-4',
    says: 'a session that is not there is begun',
    run: async ({ enter }) => {
      const [client, connack] = await enter('nobody', { clean: false })
      expect(connack.sessionPresent).toBe(false)
      await client.quiet()
    },
  },
  {
    norm: '3.1.2-17',
    norm311: '3.1.2-19',
    says: 'the user name flag asks for a user name',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0x82 }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.2-16',
    norm311: '3.1.2-18',
    says: 'a user name without its flag is malformed',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { payload: Buffer.concat([text('a'), text('user')]) }))
      await client.refused(0x81)
    },
  },
  {
    norm: '3.1.2.9 (password)',
    norm311: '3.1.2-22',
    says: 'a password without a user name is malformed in 3.1.1, and is none in 5',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0x42, payload: Buffer.concat([text('a'), text('secret')]) }))
      if (version === 4) await client.refused()
      else expect(await client.next('connack')).toMatchObject({ reasonCode: 0 })
    },
  },
  {
    norm: '3.1.2-22',
    norm311: '3.1.2-24',
    says: 'silence for one and a half times the keep alive ends the connection, with 0x8D',
    run: async ({ join, advance }) => {
      const client = await join('a', { keepalive: 10 })
      advance(14_900)
      await client.quiet()
      advance(15_000)
      await client.expelled(0x8d)
    },
  },
  {
    norm: '3.1.2-23',
    norm311: '3.1.2-5',
    says: 'the session is kept for as long as it was to be',
    run: async ({ join, enter, advance, version }) => {
      const kept = version === 5 ? { properties: { sessionExpiryInterval: 60 } } : {}
      const first = await join('a', { clean: false, ...kept })
      await first.subscribe('t')
      first.cut()
      const sender = await join('sender')
      await sender.quiet()
      advance(59_000)
      sender.send(publishBytes(version, 't', { flags: 2, id: 1, payload: 'kept' }))
      await sender.next('puback')
      const [second, connack] = await enter('a', { clean: false, ...kept })
      expect(connack.sessionPresent).toBe(true)
      expect(await second.next('publish')).toMatchObject({ qos: 1, payload: Buffer.from('kept') })
      second.cut()
      await sender.quiet()
      advance(61_000)
      const [, last] = await enter('a', { clean: false, ...kept })
      expect(last.sessionPresent).toBe(version === 4)
    },
  },
)
