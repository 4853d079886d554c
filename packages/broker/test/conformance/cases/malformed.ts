import { expect } from 'vitest'
import { connectBytes } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

/** Packets that are malformed whatever their type. */
export const malformedCases: readonly NormCase[] = normCases(
  {
    norm: '2.1.3-1',
    norm311: '2.2.2-2',
    title: 'disconnects on wrong reserved bits of the first byte, with 0x81',
    run: async ({ join }) => {
      for (const digits of [
        'e1 00',
        'c1 00',
        '41 02 0001',
        '51 02 0001',
        '60 02 0001',
        '63 02 0001',
        '71 02 0001',
      ]) {
        const client = await join('a')
        client.send(digits)
        await client.expectDisconnected(0x81)
      }
    },
  },
  {
    norm: '2.1.2 (packet types)',
    title: 'disconnects on packet types that a client cannot send',
    run: async ({ join, version }) => {
      const wrong = [
        '00 00',
        '20 02 0000',
        '90 03 0001 00',
        'b0 02 0001',
        'd0 00',
        ...(version === 4 ? ['f0 00'] : []),
      ]
      for (const digits of wrong) {
        const client = await join('a')
        client.send(digits)
        const received = await client.untilClosed()
        if (version === 4) expect(received).toEqual([])
        else expect([0x81, 0x82]).toContain(received.at(-1)?.reasonCode)
      }
    },
  },
  {
    norm: '1.5.5-1',
    norm311: '2.2.3',
    title: 'disconnects on a Remaining Length longer than four bytes or than needed, with 0x81',
    run: async ({ join }) => {
      for (const digits of ['c0 80 80 80 80 00', 'c0 ff ff ff ff', 'c0 80 00']) {
        const client = await join('a')
        client.send(digits)
        await client.expectDisconnected(0x81)
      }
    },
  },
  {
    norm: '4.13.1-1',
    norm311: '4.8.0-1',
    title: 'disconnects on a packet that ends within a field or has trailing bytes, with 0x81',
    run: async ({ join, version }) => {
      for (const digits of [
        '30 01 00',
        '30 03 0005 61',
        '32 03 0001 61',
        '40 01 00',
        '82 01 00',
        version === 5 ? '82 05 0001 00 0005' : '82 04 0001 0005',
        'c0 01 00',
        version === 5 ? 'e0 03 00 01 1f' : 'e0 01 00',
      ]) {
        const client = await join('a')
        client.send(digits)
        await client.expectDisconnected(0x81)
      }
    },
  },
  {
    norm: '4.13.2-1',
    versions: [5],
    title: 'sends DISCONNECT with a reason code of 0x80 or more and a Reason String',
    run: async ({ join }) => {
      const client = await join('a')
      client.send('c0 01 00')
      const [last] = await client.untilClosed()
      expect(last).toMatchObject({ cmd: 'disconnect', reasonCode: 0x81 })
      expect(last?.properties?.reasonString).toBeTypeOf('string')
    },
  },
  {
    norm: '3.6.2-1',
    versions: [5],
    title: 'disconnects on a reason code that the packet type does not define',
    run: async ({ join }) => {
      for (const digits of ['40 03 0001 01', '50 03 0001 92', '62 03 0001 10', '70 03 0001 80', 'e0 01 8e']) {
        const client = await join('a')
        client.send(digits)
        const [last] = await client.untilClosed()
        expect([0x81, 0x82]).toContain(last?.reasonCode)
      }
    },
  },
  {
    norm: '3.1.4 (timeout)',
    title: 'closes a connection without a complete CONNECT within connectTimeout',
    options: { limits: { connectTimeout: 1_000 } },
    run: async ({ dial, advance, version }) => {
      const silent = await dial()
      const slow = await dial()
      slow.send(connectBytes(version).subarray(0, 10))
      // The CONNACK of a later connection proves that the broker has accepted both.
      const other = await dial()
      other.send(connectBytes(version))
      await other.next('connack')
      advance(1_100)
      expect(await silent.untilClosed()).toEqual([])
      expect(await slow.untilClosed()).toEqual([])
      await other.expectQuiet()
    },
  },
)
