import { expect } from 'vitest'
import { connectBytes, publishBytes, text } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

/** CONNECT: the first packet, its flags, sessions and Keep Alive. */
export const connectCases: readonly NormCase[] = normCases(
  {
    norm: '3.1.0-1',
    title: 'closes a connection whose first packet is not CONNECT',
    run: async ({ dial }) => {
      const client = await dial()
      client.send('c0 00')
      expect(await client.untilClosed()).toEqual([])
    },
  },
  {
    norm: '3.1.0-2',
    title: 'disconnects a client that sends a second CONNECT, with 0x82',
    run: async ({ join }) => {
      const client = await join('twice')
      client.send(connectBytes(client.version))
      await client.expectDisconnected(0x82)
    },
  },
  {
    norm: '3.1.2-1',
    title: 'closes without CONNACK when the protocol name is not MQTT',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { name: 'MQTX' }))
      expect(await client.untilClosed()).toEqual([])
    },
  },
  {
    norm: '3.1.2-2',
    title: 'refuses an unknown protocol version with 0x84, in 3.1.1 with return code 1',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { level: version === 5 ? 6 : 3 }))
      await client.expectRefused(0x84, 1)
    },
  },
  {
    norm: '3.1.2-3',
    title: 'refuses a CONNECT whose reserved flag is set, with 0x81',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 3 }))
      await client.expectRefused(0x81)
    },
  },
  {
    norm: '3.1.2-4',
    norm311: '3.1.2-6',
    title: 'ends the existing session on Clean Start',
    run: async ({ join, connect, version }) => {
      const persistent = version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}
      const before = await join('a', { clean: false, ...persistent })
      await before.subscribe('t')
      before.cut()
      const [after, connack] = await connect('a')
      expect(connack.sessionPresent).toBe(false)
      after.send(publishBytes(version, 't', { payload: 'x' }))
      await after.expectQuiet()
    },
  },
  {
    norm: '3.1.2-5',
    norm311: '3.1.2-4',
    title: 'resumes an existing session without Clean Start',
    run: async ({ join, connect, version }) => {
      const persistent = version === 5 ? { properties: { sessionExpiryInterval: 100 } } : {}
      const before = await join('a', { clean: false, ...persistent })
      await before.subscribe('t')
      before.cut()
      const [after, connack] = await connect('a', { clean: false })
      expect(connack.sessionPresent).toBe(true)
      after.send(publishBytes(version, 't', { payload: 'x' }))
      expect(await after.next('publish')).toMatchObject({ topic: 't' })
    },
  },
  {
    norm: '3.1.2-6',
    norm311: '3.1.2-4',
    title: 'starts a session without Clean Start when none exists',
    run: async ({ connect }) => {
      const [client, connack] = await connect('new', { clean: false })
      expect(connack.sessionPresent).toBe(false)
      await client.expectQuiet()
    },
  },
  {
    norm: '3.1.2-17',
    norm311: '3.1.2-19',
    title: 'refuses a CONNECT whose User Name Flag is set without a User Name, with 0x81',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0x82 }))
      await client.expectRefused(0x81)
    },
  },
  {
    norm: '3.1.2-16',
    norm311: '3.1.2-18',
    title: 'refuses a CONNECT with a User Name but without its flag, with 0x81',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { payload: Buffer.concat([text('a'), text('user')]) }))
      await client.expectRefused(0x81)
    },
  },
  {
    norm: '3.1.2.9 (password)',
    norm311: '3.1.2-22',
    title: 'accepts a password without a user name in MQTT 5 and closes in 3.1.1',
    run: async ({ dial, version }) => {
      const client = await dial()
      client.send(connectBytes(version, { flags: 0x42, payload: Buffer.concat([text('a'), text('secret')]) }))
      if (version === 4) await client.expectRefused()
      else expect(await client.next('connack')).toMatchObject({ reasonCode: 0 })
    },
  },
  {
    norm: '3.1.2-22',
    norm311: '3.1.2-24',
    title: 'disconnects a client silent for 1.5 times the Keep Alive, with 0x8D',
    run: async ({ join, advance }) => {
      const client = await join('a', { keepalive: 10 })
      advance(14_900)
      await client.expectQuiet()
      advance(15_000)
      await client.expectDisconnected(0x8d)
    },
  },
  {
    norm: '3.1.2-23',
    norm311: '3.1.2-5',
    title: 'keeps a session until its Session Expiry Interval has passed',
    run: async ({ join, connect, advance, version }) => {
      const persistent = version === 5 ? { properties: { sessionExpiryInterval: 60 } } : {}
      const first = await join('a', { clean: false, ...persistent })
      await first.subscribe('t')
      first.cut()
      const sender = await join('sender')
      await sender.expectQuiet()
      advance(59_000)
      sender.send(publishBytes(version, 't', { flags: 2, id: 1, payload: 'queued' }))
      await sender.next('puback')
      const [second, connack] = await connect('a', { clean: false, ...persistent })
      expect(connack.sessionPresent).toBe(true)
      expect(await second.next('publish')).toMatchObject({ qos: 1, payload: Buffer.from('queued') })
      second.cut()
      await sender.expectQuiet()
      advance(61_000)
      const [, last] = await connect('a', { clean: false, ...persistent })
      expect(last.sessionPresent).toBe(version === 4)
    },
  },
)
