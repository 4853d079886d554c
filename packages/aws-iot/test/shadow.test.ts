import {
  deleteShadow,
  deleteShadow$,
  delta$,
  desired$,
  documents$,
  getShadow,
  getShadow$,
  updateShadow,
  updateShadow$,
} from '@antiphon/aws-iot'
import { localService } from '@antiphon/aws-iot/local'
import { createBroker } from '@antiphon/broker'
import { unmatchedResponses$ } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { virtualBroker } from '@antiphon/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { inWorld, outcome } from './world.js'

const lamp = { thing: 'lamp' }
const config = { thing: 'lamp', shadow: 'config' }

describe('requests about shadows', () => {
  it.each([lamp, config])('creates, gets and removes the shadow %o', (name) => {
    inWorld((world) => {
      const { link } = world
      expect(outcome(world, updateShadow$(link, { desired: { on: true } }, name))).toMatchObject([
        { state: { desired: { on: true } }, version: 1 },
      ])
      expect(outcome(world, getShadow$(link, name))).toMatchObject([
        { state: { desired: { on: true }, delta: { on: true } }, version: 1 },
      ])
      expect(outcome(world, deleteShadow$(link, name))).toMatchObject([{ version: 1 }])
      expect(outcome(world, getShadow$(link, name))).toMatchObject({
        code: 'status',
        status: { code: 404, message: expect.stringContaining('No shadow exists') as string },
      })
    })
  })

  it('keeps the classic shadow and named shadows of a thing apart', () => {
    inWorld((world) => {
      const { link, service } = world
      outcome(world, updateShadow$(link, { reported: { on: true } }, lamp))
      outcome(world, updateShadow$(link, { reported: { period: 5 } }, config))
      expect(service.shadow(lamp)?.state).toEqual({ reported: { on: true } })
      expect(service.shadow(config)?.state).toEqual({ reported: { period: 5 } })
      expect(service.shadow({ thing: 'door' })).toBeUndefined()
    })
  })

  it('fails an update of a stale version with the status 409', () => {
    inWorld((world) => {
      const { link } = world
      outcome(world, updateShadow$(link, { desired: { on: true } }, lamp))
      outcome(world, updateShadow$(link, { desired: { on: false }, version: 1 }, lamp))
      const stale = outcome(world, updateShadow$(link, { desired: { on: true }, version: 1 }, lamp))
      expect(stale).toMatchObject({
        code: 'status',
        endpoint: 'aws-iot update shadow',
        status: { code: 409, message: 'Version conflict' },
      })
    })
  })

  it('fails an update that makes the shadow larger than 8 KB with the status 413', () => {
    inWorld((world) => {
      const { link } = world
      outcome(world, updateShadow$(link, { desired: { log: 'x'.repeat(5_000) } }, lamp))
      const tooLarge = outcome(world, updateShadow$(link, { reported: { log: 'x'.repeat(5_000) } }, lamp))
      expect(tooLarge).toMatchObject({ code: 'status', status: { code: 413 } })
    })
  })

  it('fails an invalid name before anything is sent', () => {
    inWorld((world) => {
      const { link, handled } = world
      const invalid = { thing: 'lamp/+' }
      expect(outcome(world, getShadow$(link, invalid))).toMatchObject({ code: 'invalid-argument' })
      expect(outcome(world, delta$(link, invalid))).toMatchObject({ code: 'invalid-argument' })
      expect(handled).toEqual([])
    })
  })

  it('sends no MQTT 5 properties that the service does not read', () => {
    inWorld((world) => {
      const { link, broker, record } = world
      const sent = record(broker.published$).values
      outcome(world, getShadow$(link, lamp))
      expect(sent[0]?.message).not.toHaveProperty('responseTopic')
      expect(sent[0]?.message).not.toHaveProperty('correlationData')
      expect(sent[0]?.message).not.toHaveProperty('userProperties')
    })
  })

  it('counts notifications and responses to other clients as unmatched', () => {
    inWorld((world) => {
      const { link, record, publish } = world
      const unmatched = record(unmatchedResponses$(link)).values
      outcome(world, updateShadow$(link, { reported: { on: true } }, lamp))
      expect(unmatched.map(({ message }) => message.topic)).toEqual([
        '$aws/things/lamp/shadow/update/documents',
      ])
      publish('$aws/things/lamp/shadow/update', { state: { reported: { on: true } }, clientToken: 'other' })
      expect(unmatched.map(({ message }) => message.topic)).toContain(
        '$aws/things/lamp/shadow/update/accepted',
      )
    })
  })
})

describe('a flood', () => {
  it('of responses to other clients, and of malformed ones, is counted, and the request gets its own', () => {
    inWorld(({ link, record, advance, publish }) => {
      let unmatched = 0
      unmatchedResponses$(link).subscribe(() => (unmatched += 1))
      // The first request subscribes to the responses.
      record(getShadow$(link, lamp))
      advance(20)
      const before = unmatched
      const shadow = record(getShadow$(link, lamp))
      const flood = Array.from({ length: 1_000 }, (_, index) => ({
        version: 1,
        clientToken: `other-${index}`,
      }))
      for (const payload of [...flood, '{', '', '[]', { clientToken: 7 }, { version: 1 }])
        publish('$aws/things/lamp/shadow/get/accepted', payload)
      advance(20)
      expect(unmatched - before).toBe(1_005)
      expect(shadow.error()).toMatchObject({ code: 'status', status: { code: 404 } })
    })
  })

  it('of deltas is emitted version by version, without those that are repeated or older', () => {
    inWorld(({ link, record, advance, publish }) => {
      let ignored = 0
      const deltas = record(delta$(link, { ...lamp, onIgnored: () => (ignored += 1) })).values
      advance(20)
      for (let version = 1; version <= 500; version++)
        for (const each of [version, version, version - 1])
          publish('$aws/things/lamp/shadow/update/delta', {
            state: { on: true },
            version: each,
            timestamp: 7,
          })
      expect(deltas.map(({ version }) => version)).toEqual(
        Array.from({ length: 500 }, (_, index) => index + 1),
      )
      expect(ignored).toBe(1_000)
    })
  })
})

describe('desired$', () => {
  it('emits what was missed, then each delta', () => {
    inWorld((world) => {
      const { link, record, advance } = world
      outcome(world, updateShadow$(link, { desired: { on: true }, reported: { on: false } }, config))
      const { values } = record(desired$(link, config))
      advance(20)
      expect(values).toMatchObject([{ state: { on: true }, version: 1, metadata: {} }])
      outcome(world, updateShadow$(link, { desired: { period: 5 } }, config))
      expect(values[1]).toMatchObject({ state: { on: true, period: 5 }, version: 2 })
      expect(values).toHaveLength(2)
    })
  })

  it('emits what was missed after a lost session, and nothing while nothing differs', () => {
    inWorld((world) => {
      const { broker, link, record, advance, publish } = world
      const app = broker.link({ clientId: 'app' })
      const { values } = record(desired$(link, lamp))
      advance(20)
      outcome(world, updateShadow$(app, { reported: { on: true } }, lamp))
      broker.disconnect('device', { session: 'lose' })
      advance(2_000)
      expect(values).toEqual([])
      broker.disconnect('device', { session: 'lose' })
      publish('$aws/things/lamp/shadow/update', { state: { desired: { on: false } } })
      advance(2_000)
      expect(values).toMatchObject([{ state: { on: false }, version: 2 }])
    })
  })

  it('emits a version once that is both in the shadow and in a delta', () => {
    inWorld((world) => {
      const { broker, link, record, advance } = world
      const app = record(updateShadow$(broker.link({ clientId: 'app' }), { desired: { on: true } }, lamp))
      const { values } = record(desired$(link, lamp))
      advance(40)
      expect(app.values).toMatchObject([{ version: 1 }])
      outcome(world, updateShadow$(link, { reported: { on: false } }, lamp))
      expect(values.map(({ version }) => version)).toEqual([1, 2])
    })
  })

  it('begins before there is a shadow, and reports malformed deltas', () => {
    inWorld((world) => {
      const { link, record, advance, publish, handled } = world
      let ignored = 0
      const { values, error } = record(desired$(link, { ...lamp, onIgnored: () => void (ignored += 1) }))
      advance(20)
      expect(handled).toMatchObject([{ rejected: 404 }])
      publish('$aws/things/lamp/shadow/update/delta', '{')
      outcome(world, updateShadow$(link, { desired: { on: true } }, lamp))
      expect(values).toMatchObject([{ state: { on: true } }])
      expect(ignored).toBe(1)
      expect(error()).toBeUndefined()
    })
  })

  it('fails if the shadow cannot be requested', () => {
    inWorld(({ broker: { scheduler }, record, advance }) => {
      const { error } = record(desired$(virtualBroker({ scheduler }).link(), { ...lamp, timeout: 100 }))
      advance(200)
      expect(error()).toMatchObject({ code: 'timeout', awaited: 'response' })
    })
  })
})

describe('delta$ and documents$', () => {
  it('emit deltas and changes, each once, beside the requests of the same client', () => {
    inWorld((world) => {
      const { link, record, advance } = world
      const deltas = record(delta$(link, lamp)).values
      const changes = record(documents$(link, lamp)).values
      advance(20)
      outcome(world, updateShadow$(link, { desired: { on: true } }, lamp))
      outcome(world, updateShadow$(link, { reported: { on: true } }, lamp))
      expect(deltas).toMatchObject([{ state: { on: true }, version: 1, metadata: { on: { timestamp: 0 } } }])
      expect(changes).toMatchObject([
        { current: { state: { desired: { on: true } }, version: 1 } },
        {
          previous: { state: { desired: { on: true } }, version: 1 },
          current: { state: { desired: { on: true }, reported: { on: true } }, version: 2 },
        },
      ])
      expect(changes[0]).not.toHaveProperty('previous')
    })
  })

  it('emit those of a named shadow', () => {
    inWorld((world) => {
      const { link, record, advance } = world
      const deltas = record(delta$(link, config)).values
      advance(20)
      outcome(world, updateShadow$(link, { desired: { on: true } }, lamp))
      outcome(world, updateShadow$(link, { desired: { period: 5 } }, config))
      expect(deltas).toMatchObject([{ state: { period: 5 } }])
    })
  })

  it('ignore and report malformed and stale messages, and continue', () => {
    inWorld(({ link, record, advance, publish }) => {
      const ignored: string[] = []
      const onIgnored = ({ payload }: { readonly payload: Uint8Array }): void =>
        void ignored.push(new TextDecoder().decode(payload))
      const deltas = record(delta$(link, { ...lamp, onIgnored })).values
      const changes = record(documents$(link, { ...lamp, onIgnored })).values
      advance(20)
      const topic = '$aws/things/lamp/shadow/update'
      const delta = (version: number, timestamp = 7) => ({ state: { on: true }, version, timestamp })
      const wrong = ['{', '[]', '', { state: [], version: 1 }, { state: {} }, { state: {}, version: '1' }]
      for (const payload of wrong) publish(`${topic}/delta`, payload)
      for (const payload of ['{', {}, { current: { state: {} } }, { current: delta(1), previous: 1 }])
        publish(`${topic}/documents`, payload)
      expect(ignored).toHaveLength(wrong.length + 4)
      for (const [version, timestamp] of [
        [3, 7],
        [3, 7],
        [2, 6],
        [4, 7],
        [1, 200_000],
      ] as const)
        publish(`${topic}/delta`, delta(version, timestamp))
      publish(`${topic}/documents`, { current: { state: {}, version: 1 } })
      publish(`${topic}/documents`, { current: { state: {}, version: 1 } })
      expect(deltas.map(({ version }) => version)).toEqual([3, 4, 1])
      expect(changes).toHaveLength(1)
      expect(ignored).toHaveLength(wrong.length + 4 + 3)
    })
  })
})

it.each([4, 5] as const)('uses shadows over a socket with protocol version %d', async (protocolVersion) => {
  const broker = createBroker()
  onTestFinished(() => broker.close())
  localService(broker.link()).handled$.subscribe()
  const { url } = await broker.listen({ protocol: 'tcp' })
  const link = connect(url, { protocolVersion })
  onTestFinished(() => link.close())
  await expect(updateShadow(link, { reported: { on: true } }, lamp)).resolves.toMatchObject({ version: 1 })
  await expect(getShadow(link, lamp)).resolves.toMatchObject({ state: { reported: { on: true } } })
  await expect(deleteShadow(link, lamp)).resolves.toMatchObject({ version: 1 })
})
