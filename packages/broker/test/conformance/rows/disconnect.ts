import { expect } from 'vitest'
import { connectBytes, long, packet, properties, property, publishBytes, text } from '../bytes.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

const will = { topic: 'will', payload: 'gone', qos: 0, retain: false }

/** PINGREQ, DISCONNECT and AUTH. */
export const disconnectRows: readonly Row[] = rows(
  {
    norm: '3.12.4-1',
    says: 'PINGREQ is answered by PINGRESP',
    run: async ({ join }) => {
      const client = await join('a')
      client.send('c0 00')
      expect(await client.next()).toMatchObject({ cmd: 'pingresp' })
    },
  },
  {
    norm: '3.14.4-1',
    norm311: '3.14.4-2',
    says: 'nothing a client sends after DISCONNECT is carried out',
    run: async ({ join, version }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('t')
      const client = await join('a')
      client.send('e0 00', publishBytes(version, 't'), 'c0 00')
      expect(await client.ended()).toEqual([])
      await watcher.quiet()
    },
  },
  {
    norm: '3.14.4-2',
    norm311: '3.14.4-1',
    says: 'after DISCONNECT the connection ends',
    run: async ({ join }) => {
      const client = await join('a')
      client.send('e0 00')
      expect(await client.ended()).toEqual([])
    },
  },
  {
    norm: '3.14.4-3',
    says: 'a DISCONNECT with 0x00 forgets the will',
    run: async ({ join }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('will')
      const client = await join('a', { will })
      client.send('e0 00')
      await client.ended()
      await watcher.quiet()
    },
  },
  {
    norm: '3.14.4 (0x04)',
    versions: [5],
    says: 'a DISCONNECT with any other reason publishes the will',
    run: async ({ join }) => {
      const watcher = await join('watcher')
      await watcher.subscribe('will')
      for (const digits of ['e0 01 04', 'e0 02 80 00']) {
        const client = await join('a', { will })
        client.send(digits)
        await client.ended()
        expect(await watcher.next('publish')).toMatchObject({ topic: 'will' })
      }
    },
  },
  {
    norm: '3.14.2.2.2 (Session Expiry)',
    versions: [5],
    says: 'DISCONNECT may change the session’s expiry, but not where CONNECT said 0',
    run: async ({ join, broker, advance }) => {
      const prolong = packet(0xe0, Buffer.from([0]), properties(property(0x11, long(50))))
      const client = await join('a', { properties: { sessionExpiryInterval: 5 } })
      client.send(prolong)
      await client.ended()
      advance(49_000)
      expect(broker.session('a')).toBeDefined()
      advance(2_000)
      expect(broker.session('a')).toBeUndefined()
      const brief = await join('b')
      brief.send(prolong)
      await brief.expelled(0x82)
    },
  },
  {
    norm: '3.14.2-2',
    versions: [5],
    says: 'the broker’s DISCONNECT has no session expiry',
    run: async ({ join, broker }) => {
      const client = await join('a', { properties: { sessionExpiryInterval: 5 } })
      broker.disconnect('a')
      const [last] = await client.ended()
      expect(last).toMatchObject({ cmd: 'disconnect', reasonCode: 0x98 })
      expect(last?.properties?.sessionExpiryInterval).toBeUndefined()
    },
  },
  {
    norm: '3.14.2-3',
    versions: [5],
    says: 'its reason string is left out where the packet would be too large, or is not wanted',
    run: async ({ join }) => {
      for (const [wish, isSaid] of [
        [{}, true],
        [{ maximumPacketSize: 30 }, false],
        [{ requestProblemInformation: false }, false],
      ] as const) {
        const client = await join('a', { properties: wish })
        client.send('00 00')
        const [last] = await client.ended()
        expect(last?.properties?.reasonString !== undefined).toBe(isSaid)
      }
    },
  },
  {
    norm: '4.12.0-1',
    versions: [5],
    says: 'an authentication method that is not spoken is refused with 0x8C',
    run: async ({ dial }) => {
      const client = await dial()
      client.send(connectBytes(5, { section: properties(property(0x15, text('unknown'))) }))
      await client.refused(0x8c)
    },
  },
  {
    norm: '4.12.0-2',
    versions: [5],
    says: 'an authentication goes back and forth with 0x18, always in the method of CONNECT, until CONNACK',
    options: {
      authenticationMethods: ['riddle'],
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
      const method = property(0x15, text('riddle'))
      const response = (data: string, name = method): Buffer =>
        packet(0xf0, Buffer.from([0x18]), properties(name, property(0x16, text(data))))
      for (const [data, reasonCode] of [
        ['right', 0],
        ['wrong', 0x87],
      ] as const) {
        const client = await dial()
        client.send(connectBytes(5, { section: properties(method) }))
        for (const step of ['0', '1']) {
          const { reasonCode: said, properties: section } = await client.next('auth')
          expect([said, section?.authenticationMethod, String(section?.authenticationData)]).toEqual([
            0x18,
            'riddle',
            step,
          ])
          client.send(response(data))
        }
        const connack = await client.next('connack')
        expect(connack.reasonCode).toBe(reasonCode)
        if (reasonCode === 0) expect(connack.properties?.authenticationMethod).toBe('riddle')
      }
      const client = await dial()
      client.send(connectBytes(5, { section: properties(method) }))
      await client.next('auth')
      client.send(response('right', property(0x15, text('other'))))
      await client.refused(0x82)
    },
  },
  {
    norm: '4.12.0-6',
    versions: [5],
    says: 'no AUTH comes from the broker where CONNECT named no method, and none may from the client',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(packet(0xf0, Buffer.from([0x19]), properties(property(0x15, text('riddle')))))
      await client.expelled(0x82)
    },
  },
  {
    norm: '4.12.1-1',
    versions: [5],
    says: 'a client that is in may authenticate anew, and is served meanwhile',
    options: { authenticationMethods: ['riddle'], authority: { authenticate: () => ({ admit: true }) } },
    run: async ({ dial }) => {
      const method = property(0x15, text('riddle'))
      const client = await dial()
      client.send(connectBytes(5, { section: properties(method) }))
      await client.next('connack')
      client.send(packet(0xf0, Buffer.from([0x19]), properties(method)))
      expect(await client.next('auth')).toMatchObject({ reasonCode: 0 })
      await client.quiet()
    },
  },
)
