import { expect } from 'vitest'
import { publishBytes } from '../bytes.js'
import { normCases } from '../norm-case.js'
import type { NormCase } from '../norm-case.js'

const atQos0 = { qos: 0 }

/** Retained messages and the RETAIN flag. */
export const retainedCases: readonly NormCase[] = normCases(
  {
    norm: '3.3.1-5',
    title: 'replaces the retained message of a topic',
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const payload of ['old', 'new']) client.send(publishBytes(version, 't', { flags: 1, payload }))
      await client.subscribe('t')
      expect(await client.receiveAll()).toMatchObject([{ payload: Buffer.from('new'), retain: true }])
    },
  },
  {
    norm: '3.3.1-6',
    norm311: '3.3.1-10',
    title: 'removes the retained message of a topic on an empty payload',
    run: async ({ join, version, broker }) => {
      const client = await join('a')
      client.send(
        publishBytes(version, 't', { flags: 1, payload: 'x' }),
        publishBytes(version, 't', { flags: 1 }),
      )
      await client.subscribe('t')
      await client.expectQuiet()
      expect(broker.retained()).toEqual([])
    },
  },
  {
    norm: '3.3.1-7',
    norm311: '3.3.1-11',
    title: 'forwards an empty retained message to subscribers without retaining it',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t')
      client.send(publishBytes(version, 't', { flags: 1 }))
      expect(await client.receiveAll()).toMatchObject([{ payload: Buffer.alloc(0), retain: false }])
    },
  },
  {
    norm: '3.3.1-8',
    norm311: '3.3.1-12',
    title: 'keeps the retained message when a message without RETAIN arrives',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(
        publishBytes(version, 't', { flags: 1, payload: 'retained' }),
        publishBytes(version, 't', { payload: 'x' }),
      )
      client.send(publishBytes(version, 't'))
      await client.subscribe('t')
      expect(await client.receiveAll()).toMatchObject([{ payload: Buffer.from('retained') }])
    },
  },
  {
    norm: '3.3.1-9',
    norm311: '3.3.1-6',
    title: 'sends retained messages at every SUBSCRIBE with Retain Handling 0',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(
        publishBytes(version, 'a/b', { flags: 1, payload: '1' }),
        publishBytes(version, 'a/c', { flags: 1, payload: '2' }),
      )
      for (let round = 0; round < 2; round++) {
        await client.subscribe('a/+', atQos0)
        const payloads = (await client.receiveAll()).map(({ payload }) => String(payload))
        expect(payloads.sort()).toEqual(['1', '2'])
      }
    },
  },
  {
    norm: '3.3.1-10',
    versions: [5],
    title: 'sends retained messages only for a new subscription with Retain Handling 1',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { flags: 1, payload: '1' }))
      for (const count of [1, 0]) {
        await client.subscribe('t', { qos: 0, rh: 1 })
        expect(await client.receiveAll()).toHaveLength(count)
      }
    },
  },
  {
    norm: '3.3.1-11',
    versions: [5],
    title: 'sends no retained messages with Retain Handling 2',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { flags: 1, payload: '1' }))
      await client.subscribe('t', { qos: 0, rh: 2 })
      await client.expectQuiet()
    },
  },
  {
    norm: '3.3.1-12',
    norm311: '3.3.1-9',
    title: 'clears RETAIN on forwarded messages without Retain As Published',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', atQos0)
      client.send(publishBytes(version, 't', { flags: 1, payload: 'x' }))
      expect(await client.next('publish')).toMatchObject({ retain: false })
    },
  },
  {
    norm: '3.3.1-13',
    versions: [5],
    title: 'keeps RETAIN on forwarded messages with Retain As Published',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0, rap: true })
      client.send(publishBytes(5, 't', { flags: 1, payload: 'x' }), publishBytes(5, 't', { payload: 'y' }))
      expect((await client.receiveAll()).map(({ retain }) => retain)).toEqual([true, false])
    },
  },
)
