import type { AntiphonError } from '@antiphon/core'
import { json, type Link } from '@antiphon/core'
import { presence, type PresenceOptions } from '@antiphon/core/presence'
import { withBroker } from '@antiphon/testing'
import * as t from 'io-ts'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe, publishedBy, textOf } from '../observed.js'
import { inWorld, type World } from '../world.js'
import { announce } from './members-world.js'

function retainedBy(world: World, topic: string): string | undefined {
  const message = world.broker.retained().find((retained) => retained.topic === topic)
  return message && textOf(message)
}

function refusedErrors(link: Link): readonly AntiphonError[] {
  const errors: AntiphonError[] = []
  link.incidents$.subscribe((incident) => {
    if (incident.kind === 'refused') errors.push(incident.error)
  })
  return errors
}

describe('presence', () => {
  it('publishes a retained announcement when the link comes online', () => {
    inWorld((world) => {
      const groups = [{ name: 'reporters', topic: 'report' }]
      const details = { groups, controlTopic: 'control/a', metadata: { version: '1.2.0' } }
      announce(world, 'a', details)
      world.advance(10)
      expect(JSON.parse(retainedBy(world, 'presence/a') ?? '')).toEqual({
        version: 1,
        clientId: 'a',
        instanceId: 'a-1',
        startedAt: 0,
        ...details,
      })
    })
  })

  it('announces the link on each connection, and the last details once', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'a')
      const { self } = announce(world, 'a')
      world.advance(10)
      world.broker.down()
      world.advance(10)
      self.update({ metadata: { load: 1 } })
      self.update({ metadata: { load: 2 } })
      world.broker.up()
      world.advance(1_000)
      const loads = published
        .filter(({ message }) => message.payload.length > 0)
        .map(({ message }) => (JSON.parse(textOf(message)) as { metadata?: unknown }).metadata)
      expect(loads[0]).toBeUndefined()
      expect(new Set(loads.slice(1).map((load) => JSON.stringify(load)))).toEqual(new Set(['{"load":2}']))
      expect(retainedBy(world, 'presence/a')).toContain('"load":2')
    })
  })

  it('publishes changed details at once, and keeps those that are left out', () => {
    inWorld((world) => {
      const { self } = announce(world, 'a', { metadata: { version: '1' }, controlTopic: 'control/a' })
      world.advance(10)
      self.update({ groups: [{ name: 'g', topic: 'x' }] })
      world.advance(10)
      expect(JSON.parse(retainedBy(world, 'presence/a') ?? '')).toMatchObject({
        groups: [{ name: 'g', topic: 'x' }],
        metadata: { version: '1' },
        controlTopic: 'control/a',
      })
    })
  })

  it('removes the announcement when the link is closed, after an update that is still in flight', () => {
    inWorld((world) => {
      const { self, link } = announce(world, 'a')
      world.advance(10)
      self.update({ metadata: { load: 1 } })
      void link.close()
      void link.close()
      world.advance(1_000)
      expect(world.broker.retained()).toEqual([])
      expect(world.broker.session('a')).toBeUndefined()
    })
  })

  it('announces nothing after the link was closed, also after an update', () => {
    inWorld((world) => {
      const { self, link } = announce(world, 'a')
      world.advance(10)
      void link.close()
      self.update({ metadata: { load: 1 } })
      world.advance(1_000)
      self.update({ metadata: { load: 2 } })
      world.advance(1_000)
      expect(world.broker.retained()).toEqual([])
    })
  })

  it('closes a link that has never been online', () => {
    inWorld((world) => {
      world.broker.down()
      const { link } = announce(world, 'a')
      world.advance(10)
      void link.close()
      const states = observe(world, link.state$)
      world.advance(100)
      expect(states.values).toEqual([{ status: 'closed' }])
    })
  })

  it('lets the will remove the announcement when the connection is lost', () => {
    inWorld((world) => {
      announce(world, 'a', {}, { reconnect: { initial: 10_000, maximum: 10_000, jitter: 0 } })
      world.advance(10)
      world.broker.disconnect('a')
      world.advance(10)
      expect(world.broker.retained()).toEqual([])
      world.advance(10_100)
      expect(retainedBy(world, 'presence/a')).toContain('"clientId":"a"')
    })
  })

  it('keeps the announcement over a connection that is shorter away than willDelayInterval', () => {
    inWorld((world) => {
      const client = {
        reconnect: { initial: 1_000, maximum: 1_000, jitter: 0 },
        clean: false,
        sessionExpiryInterval: 60,
      }
      announce(world, 'a', { willDelayInterval: 3 }, client)
      world.advance(10)
      const published = publishedBy(world, 'a')
      world.broker.disconnect('a')
      world.advance(2_500)
      expect(published.filter(({ message }) => message.payload.length === 0)).toEqual([])
      expect(retainedBy(world, 'presence/a')).toBeDefined()
    })
  })

  it('announces the link again when another client, or a late will, removes the announcement', () => {
    inWorld((world) => {
      announce(world, 'a')
      world.advance(10)
      world.broker.publish({ topic: 'presence/a', payload: bytesOf(''), qos: 1, retain: true })
      expect(world.broker.retained()).toEqual([])
      world.advance(10)
      expect(retainedBy(world, 'presence/a')).toContain('"clientId":"a"')
    })
  })

  it('publishes the announcement in each refreshPeriod, with an expiry of three', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'a')
      const announcements = () => published.filter(({ message }) => message.payload.length > 0)
      const { self, link } = announce(world, 'a', { refreshPeriod: 10_000 })
      world.advance(25_000)
      self.update({ metadata: {} })
      world.advance(9_000)
      expect(announcements().map(({ at }) => Math.round(at / 1_000))).toEqual([0, 10, 20, 25])
      expect(announcements().map(({ message }) => message.messageExpiryInterval)).toEqual([30, 30, 30, 30])
      world.broker.down()
      world.advance(60_000)
      expect(announcements()).toHaveLength(4)
      void link.close()
      world.advance(60_000)
      expect(announcements()).toHaveLength(4)
    })
  })

  it('reports an announcement or a subscription that the broker refuses as an incident, and stays connected', () => {
    inWorld((world) => {
      world.broker.refusePublish('presence/a', 0x87)
      world.broker.refuseSubscribe('presence/a', 0x87)
      const { link } = announce(world, 'a')
      const errors = refusedErrors(link)
      world.advance(10)
      expect(errors.map(({ code }) => code)).toEqual(['subscribe-refused', 'publish-refused'])
      expect(world.broker.session('a')?.isConnected).toBe(true)
    })
  })

  it('reports a link whose client id is not that of the presence, and does not announce it', () => {
    inWorld((world) => {
      const self = presence({ clientId: 'a' })
      const link = self.announce(world.link('b'))
      const errors = refusedErrors(link)
      world.advance(10)
      expect(errors.map(({ rawMessage }) => rawMessage)).toEqual([
        'cannot announce "a": the client id of the link is "b"; use the same for both',
      ])
      expect(world.broker.retained()).toEqual([])
      void link.close()
      world.advance(100)
    })
  })

  it('reports no incident when the link ends while the announcement is sent, or has ended before', () => {
    inWorld((world) => {
      const { link, self } = announce(world, 'a')
      const errors = refusedErrors(link)
      world.advance(10)
      self.update({ metadata: { load: 1 } })
      world.broker.disconnect('a', { reasonCode: 0x8e })
      world.advance(10)
      const states = observe(world, self.announce(link).state$)
      self.update({ metadata: { load: 2 } })
      world.advance(10)
      expect(states.values).toMatchObject([{ status: 'closed' }])
      expect(errors).toEqual([])
    })
  })

  it('has no subscription, timer or observer left when the link has ended', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    scheduler.run(({ expectObservable, cold }) => {
      const { link: linkOf, expectTimers, expectSubscribed } = withBroker(scheduler, { latency: 1 })
      const self = presence({ clientId: 'a', refreshPeriod: 1_000 })
      const link = self.announce(linkOf({ clientId: 'a', will: self.will }))
      cold('----x').subscribe(() => void link.close())
      expectSubscribed('presence/a').toBe('---^-!')
      expectTimers('---------|').toBe(0)
      expectObservable(link.incidents$).toBe('--------|')
    })
  })

  it('escapes the characters of a client id that a topic level may not contain', () => {
    expect(presence({ clientId: 'a/b+c#d%e', prefix: 'site/1' }).topic).toBe('site/1/a%2Fb%2Bc%23d%25e')
  })

  it('gives a will that removes the announcement, with a delay only if there is one', () => {
    const will = { topic: 'presence/a', payload: new Uint8Array(), qos: 1, retain: true }
    expect(presence({ clientId: 'a' }).will).toEqual(will)
    expect(presence({ clientId: 'a', willDelayInterval: 5 }).will).toEqual({ ...will, willDelayInterval: 5 })
    expect(presence({ clientId: 'a' }).instanceId).not.toBe(presence({ clientId: 'a' }).instanceId)
  })

  it.each<[options: object, message: RegExp]>([
    [{}, /options.clientId is "": it must not be empty/],
    [{ clientId: 'a', prefx: 'x' }, /options.prefx is not known: did you mean prefix\?/],
    [{ clientId: 'a', prefix: 'x/#' }, /options.prefix is "x\/#": it holds a wildcard/],
    [{ clientId: 'a', willDelayInterval: -1 }, /willDelayInterval is -1/],
    [{ clientId: 'a', refreshPeriod: 10 }, /refreshPeriod is 10: it must be a number from 1000/],
    [{ clientId: 'a', groups: {} }, /options.groups is an object: it must be an array/],
    [{ clientId: 'a', groups: [{ name: 1, topic: 'x' }] }, /options.groups\[0\].name is 1/],
    [{ clientId: 'a', groups: [{ topic: 'x' }] }, /options.groups\[0\] is an object: it must have a name/],
    [{ clientId: 'a', groups: ['g'] }, /options.groups\[0\] is "g": it must be an object/],
    [{ clientId: 'a', controlTopic: '+' }, /options.controlTopic is "\+": it holds a wildcard/],
  ])('throws for the options %o of presence', (options, message) => {
    expect(() => presence(options as PresenceOptions)).toThrow(message)
  })

  it('throws encode for details that are no JSON or exceed 16 KiB, and keeps the earlier ones', () => {
    inWorld((world) => {
      expect(() => presence({ clientId: 'a', metadata: { f: () => 1 } })).toThrow(/\[encode\]/)
      const { self } = announce(world, 'a', { metadata: { load: 1 } })
      expect(() => self.update({ metadata: { x: 'x'.repeat(20_000) } })).toThrow(/exceed maximumBytes 16384/)
      expect(() => self.update({ metdata: {} } as never)).toThrow(/did you mean metadata/)
      world.advance(10)
      expect(retainedBy(world, 'presence/a')).toContain('"load":1')
    })
  })

  it('announces groups that are joined besides those of the options, until they are left', () => {
    inWorld((world) => {
      const { self } = announce(world, 'a', { groups: [{ name: 'g', topic: 'x' }] })
      const leave = [1, 2].map(() => self.join({ name: 'h', topic: 'y' }))
      const names = (): string => {
        world.advance(10)
        const { groups } = JSON.parse(retainedBy(world, 'presence/a') ?? '') as { groups: { name: string }[] }
        return groups.map(({ name }) => name).join()
      }
      expect(names()).toBe('g,h,h')
      leave[0]?.()
      leave[0]?.()
      expect(names()).toBe('g,h')
      self.update({ groups: [] })
      expect(names()).toBe('h')
      leave[1]?.()
      expect(names()).toBe('')
      expect(() => self.join({ name: 'h', topic: 'x'.repeat(20_000) })).toThrow(/exceed maximumBytes/)
      expect(() => self.join({ name: 'h' } as never)).toThrow(
        /group is an object: it must have a name and a topic/,
      )
    })
  })

  it('reads with any JSON codec', () => {
    inWorld((world) => {
      announce(world, 'a')
      world.advance(10)
      const [message] = world.broker.retained()
      const decoded = json(t.type({ clientId: t.string })).decode(message?.payload ?? new Uint8Array())
      expect(decoded).toMatchObject({ right: { clientId: 'a' } })
      expect(message).toMatchObject({ contentType: 'application/json', payloadFormatIndicator: true })
    })
  })
})
