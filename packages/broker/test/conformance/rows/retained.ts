import { expect } from 'vitest'
import { publishBytes } from '../bytes.js'
import { rows } from '../table.js'
import type { Row } from '../table.js'

const onlyQos0 = { qos: 0 }

/** What is retained, and what the RETAIN flag of a message says. */
export const retainedRows: readonly Row[] = rows(
  {
    norm: '3.3.1-5',
    says: 'a retained message replaces the one of the same topic',
    run: async ({ join, version }) => {
      const client = await join('a')
      for (const payload of ['old', 'new']) client.send(publishBytes(version, 't', { flags: 1, payload }))
      await client.subscribe('t')
      expect(await client.gather()).toMatchObject([{ payload: Buffer.from('new'), retain: true }])
    },
  },
  {
    norm: '3.3.1-6',
    norm311: '3.3.1-10',
    says: 'an empty retained message clears what was retained',
    run: async ({ join, version, broker }) => {
      const client = await join('a')
      client.send(
        publishBytes(version, 't', { flags: 1, payload: 'x' }),
        publishBytes(version, 't', { flags: 1 }),
      )
      await client.subscribe('t')
      await client.quiet()
      expect(broker.retained()).toEqual([])
    },
  },
  {
    norm: '3.3.1-7',
    norm311: '3.3.1-11',
    says: 'an empty retained message goes to those subscribed, and is not kept',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t')
      client.send(publishBytes(version, 't', { flags: 1 }))
      expect(await client.gather()).toMatchObject([{ payload: Buffer.alloc(0), retain: false }])
    },
  },
  {
    norm: '3.3.1-8',
    norm311: '3.3.1-12',
    says: 'a message without retain neither replaces nor clears',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(
        publishBytes(version, 't', { flags: 1, payload: 'kept' }),
        publishBytes(version, 't', { payload: 'x' }),
      )
      client.send(publishBytes(version, 't'))
      await client.subscribe('t')
      expect(await client.gather()).toMatchObject([{ payload: Buffer.from('kept') }])
    },
  },
  {
    norm: '3.3.1-9',
    norm311: '3.3.1-6',
    says: 'retain handling 0 sends what is retained at every SUBSCRIBE',
    run: async ({ join, version }) => {
      const client = await join('a')
      client.send(
        publishBytes(version, 'a/b', { flags: 1, payload: '1' }),
        publishBytes(version, 'a/c', { flags: 1, payload: '2' }),
      )
      for (let round = 0; round < 2; round++) {
        await client.subscribe('a/+', onlyQos0)
        const payloads = (await client.gather()).map(({ payload }) => String(payload))
        expect(payloads.sort()).toEqual(['1', '2'])
      }
    },
  },
  {
    norm: '3.3.1-10',
    versions: [5],
    says: 'retain handling 1 sends what is retained for a subscription that is new',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { flags: 1, payload: '1' }))
      for (const count of [1, 0]) {
        await client.subscribe('t', { qos: 0, rh: 1 })
        expect(await client.gather()).toHaveLength(count)
      }
    },
  },
  {
    norm: '3.3.1-11',
    versions: [5],
    says: 'retain handling 2 sends nothing that is retained',
    run: async ({ join }) => {
      const client = await join('a')
      client.send(publishBytes(5, 't', { flags: 1, payload: '1' }))
      await client.subscribe('t', { qos: 0, rh: 2 })
      await client.quiet()
    },
  },
  {
    norm: '3.3.1-12',
    norm311: '3.3.1-9',
    says: 'without retain as published, a message that is no replay has no retain flag',
    run: async ({ join, version }) => {
      const client = await join('a')
      await client.subscribe('t', onlyQos0)
      client.send(publishBytes(version, 't', { flags: 1, payload: 'x' }))
      expect(await client.next('publish')).toMatchObject({ retain: false })
    },
  },
  {
    norm: '3.3.1-13',
    versions: [5],
    says: 'with retain as published, the flag is as it came',
    run: async ({ join }) => {
      const client = await join('a')
      await client.subscribe('t', { qos: 0, rap: true })
      client.send(publishBytes(5, 't', { flags: 1, payload: 'x' }), publishBytes(5, 't', { payload: 'y' }))
      expect((await client.gather()).map(({ retain }) => retain)).toEqual([true, false])
    },
  },
)
