import { expect } from 'vitest'
import { connectBytes, uint32, packet, properties, property, publishBytes, text } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

const will = { topic: 'will', payload: 'gone', qos: 0, retain: false }

/** PINGREQ, DISCONNECT and AUTH. */
export const disconnectCases: readonly NormCase[] = normCases(
  {
    norm: '3.12.4-1',
    title: 'answers PINGREQ with PINGRESP',
    run: async ({ join }) => {
      const client = await join('a')
      client.send('c0 00')
      expect(await client.next()).toMatchObject({ cmd: 'pingresp' })
    },
  },
  {
    norm: '3.14.4-1',
    norm311: '3.14.4-2',
    title: 'ignores packets that a client sends after DISCONNECT',
    run: async ({ join, version }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('t')
      const client = await join('a')
      client.send('e0 00', publishBytes(version, 't'), 'c0 00')
      expect(await client.untilClosed()).toEqual([])
      await watcher.expectQuiet()
    },
  },
  {
    norm: '3.14.4-2',
    norm311: '3.14.4-1',
    title: 'closes the connection after DISCONNECT',
    run: async ({ join }) => {
      const client = await join('a')
      client.send('e0 00')
      expect(await client.untilClosed()).toEqual([])
    },
  },
  {
    norm: '3.14.4-3',
    title: 'does not publish the will after DISCONNECT with 0x00',
    run: async ({ join }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('will')
      const client = await join('a', { will })
      client.send('e0 00')
      await client.untilClosed()
      await watcher.expectQuiet()
    },
  },
  {
    norm: '3.14.4 (0x04)',
    versions: [5],
    title: 'publishes the will after DISCONNECT with 0x04 or an error code',
    run: async ({ join }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('will')
      for (const digits of ['e0 01 04', 'e0 02 80 00']) {
        const client = await join('a', { will })
        client.send(digits)
        await client.untilClosed()
        expect(await watcher.next('publish')).toMatchObject({ topic: 'will' })
      }
    },
  },
  {
    norm: '3.14.2.2.2 (Session Expiry)',
    versions: [5],
    title: 'changes the Session Expiry Interval at DISCONNECT, unless it was 0 in CONNECT',
    run: async ({ join, broker, advance }) => {
      const prolong = packet(0xe0, Buffer.from([0]), properties(property(0x11, uint32(50))))
      const client = await join('a', { properties: { sessionExpiryInterval: 5 } })
      client.send(prolong)
      await client.untilClosed()
      advance(49_000)
      expect(broker.session('a')).toBeDefined()
      advance(2_000)
      expect(broker.session('a')).toBeUndefined()
      const brief = await join('b')
      brief.send(prolong)
      await brief.expectDisconnected(0x82)
    },
  },
  {
    norm: '3.14.2-2',
    versions: [5],
    title: 'sends DISCONNECT without a Session Expiry Interval',
    run: async ({ join, broker }) => {
      const client = await join('a', { properties: { sessionExpiryInterval: 5 } })
      broker.disconnect('a')
      const [last] = await client.untilClosed()
      expect(last).toMatchObject({ cmd: 'disconnect', reasonCode: 0x98 })
      expect(last?.properties?.sessionExpiryInterval).toBeUndefined()
    },
  },
  {
    norm: '3.14.2-3',
    versions: [5],
    title: 'omits the Reason String of DISCONNECT when it is too large or not requested',
    run: async ({ join }) => {
      for (const [limits, isPresent] of [
        [{}, true],
        [{ maximumPacketSize: 30 }, false],
        [{ requestProblemInformation: false }, false],
      ] as const) {
        const client = await join('a', { properties: limits })
        client.send('00 00')
        const [last] = await client.untilClosed()
        expect(last?.properties?.reasonString !== undefined).toBe(isPresent)
      }
    },
  },
  {
    norm: '4.12.0-1',
    versions: [5],
    title: 'refuses an unknown Authentication Method, with 0x8C',
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(5, { section: properties(property(0x15, text('unknown'))) }))
      await client.expectRefused(0x8c)
    },
  },
  {
    norm: '4.12.0-2',
    versions: [5],
    title: 'exchanges AUTH packets with 0x18 in the method of CONNECT until CONNACK',
    options: {
      authenticationMethods: ['challenge'],
      authority: {
        authenticate: ({ step, authenticationData }) =>
          step < 2
            ? { challenge: Buffer.from(`${step}`) }
            : String(authenticationData) === 'right'
              ? { admit: true, authenticationData: Buffer.from('welcome') }
              : { admit: false, reasonCode: 0x87 },
      },
    },
    run: async ({ dial }) => {
      const method = property(0x15, text('challenge'))
      const response = (data: string, name = method): Buffer =>
        packet(0xf0, Buffer.from([0x18]), properties(name, property(0x16, text(data))))
      for (const [data, reasonCode] of [
        ['right', 0],
        ['wrong', 0x87],
      ] as const) {
        const client = await dial()
        client.send(connectBytes(5, { section: properties(method) }))
        for (const step of ['0', '1']) {
          const { reasonCode: authReasonCode, properties: section } = await client.next('auth')
          expect([
            authReasonCode,
            section?.authenticationMethod,
            String(section?.authenticationData),
          ]).toEqual([0x18, 'challenge', step])
          client.send(response(data))
        }
        const connack = await client.next('connack')
        expect(connack.reasonCode).toBe(reasonCode)
        if (reasonCode === 0) expect(connack.properties?.authenticationMethod).toBe('challenge')
      }
      const client = await dial()
      client.send(connectBytes(5, { section: properties(method) }))
      await client.next('auth')
      client.send(response('right', property(0x15, text('other'))))
      await client.expectRefused(0x82)
    },
  },
  {
    norm: '4.12.0-6',
    versions: [5],
    title: 'disconnects on AUTH from a client whose CONNECT had no Authentication Method, with 0x82',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(packet(0xf0, Buffer.from([0x19]), properties(property(0x15, text('challenge')))))
      await client.expectDisconnected(0x82)
    },
  },
  {
    norm: '4.12.1-1',
    versions: [5],
    title: 're-authenticates a connected client',
    options: { authenticationMethods: ['challenge'], authority: { authenticate: () => ({ admit: true }) } },
    run: async ({ dial }) => {
      const method = property(0x15, text('challenge'))
      const client = await dial()
      client.send(connectBytes(5, { section: properties(method) }))
      await client.next('connack')
      client.send(packet(0xf0, Buffer.from([0x19]), properties(method)))
      expect(await client.next('auth')).toMatchObject({ reasonCode: 0 })
      await client.expectQuiet()
    },
  },
)
