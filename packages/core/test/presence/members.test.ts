import { endpoint, logged, requests$, serve, text, type Incident } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { members$, presence, presenceStats, type MembersOptions } from '@antiphon/core/presence'
import { marbles } from '@antiphon/testing'
import { map, NEVER, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe } from '../observed.js'
import { inWorld } from '../world.js'
import { announce, announcementOf, observeMembers, publishAnnouncement } from './members-world.js'

const ids = (lists: readonly (readonly string[])[]): readonly string[] => lists.map((list) => list.join(' '))

/** Simulates a broker that acknowledges the messages which mark the end and drops them. */
const withoutBarrier = linkMiddleware({
  publish$: (message, next) => (message.topic.includes('/barrier/') ? NEVER : next(message)),
})

describe('members$', () => {
  it(
    'lists a member from its announcement until its link is closed',
    marbles(
      ({ link, cold, expectObservable }) => {
        const watched$ = members$(link({ clientId: 'watcher' })).pipe(
          map((members) => members.map(({ clientId }) => clientId)),
        )
        const self = presence({ clientId: 'a' })
        cold('----------s---------c').subscribe((marble) => {
          if (marble === 's') member = self.announce(link({ clientId: 'a', will: self.will }))
          else void member?.close()
        })
        let member: ReturnType<typeof self.announce> | undefined
        expectObservable(watched$, '^----------------------------!').toBe('--------0-------a-----0', {
          0: [],
          a: ['a'],
        })
      },
      { latency: 1 },
    ),
  )

  it('emits an empty list only when it is known that there is no member', () => {
    inWorld((world) => {
      const members = observeMembers(world, world.link('watcher'))
      world.advance(3)
      expect(members.values).toEqual([])
      world.advance(10)
      expect(members.values).toEqual([[]])
    })
  })

  it('emits all members that the broker has retained in its first list, sorted by client id', () => {
    inWorld((world) => {
      for (const clientId of ['c', 'a', 'b']) announce(world, clientId)
      world.advance(20)
      const members = observeMembers(world, world.link('watcher'))
      world.advance(20)
      expect(ids(members.values)).toEqual(['a b c'])
    })
  })

  it('describes a member as it has announced itself', () => {
    inWorld((world) => {
      const details = {
        groups: [{ name: 'g', topic: 'x' }],
        controlTopic: 'control/a',
        metadata: { version: 1 },
      }
      announce(world, 'a', details)
      const members = observe(world, members$(world.link('watcher')))
      world.advance(20)
      expect(members.values).toEqual([[{ clientId: 'a', instanceId: 'a-1', startedAt: 0, ...details }]])
    })
  })

  it('emits the members of a group, once for each change of these', () => {
    inWorld((world) => {
      const groups = [{ name: 'reporters', topic: 'report' }]
      const reporter = announce(world, 'a', { groups })
      const other = announce(world, 'b')
      world.advance(10)
      const members = observeMembers(world, world.link('watcher'), { group: 'reporters' })
      world.advance(20)
      other.self.update({ metadata: { load: 1 } })
      world.advance(20)
      other.self.update({ groups })
      world.advance(20)
      reporter.self.update({ groups: [] })
      world.advance(20)
      expect(ids(members.values)).toEqual(['a', 'a b', 'b'])
    })
  })

  it('does not emit again for an announcement that is repeated unchanged', () => {
    inWorld((world) => {
      announce(world, 'a', { refreshPeriod: 1_000 })
      const members = observeMembers(world, world.link('watcher'))
      world.advance(10_000)
      expect(ids(members.values.slice(-1))).toEqual(['a'])
      expect(members.at.every((at) => at < 100)).toBe(true)
    })
  })

  it('replaces a member whose program was started again under the same client id', () => {
    inWorld((world) => {
      announce(world, 'a')
      const members = observe(world, members$(world.link('watcher')))
      world.advance(20)
      announce(world, 'a', { instanceId: 'a-2' })
      world.advance(50)
      const instances = members.values.map((list) => list.map(({ instanceId }) => instanceId).join())
      expect(instances[0]).toBe('a-1')
      expect(instances.at(-1)).toBe('a-2')
    })
  })

  it('removes a member that is lost when its will is published', () => {
    inWorld((world) => {
      announce(world, 'a', {}, { reconnect: { initial: 60_000, maximum: 60_000, jitter: 0 } })
      announce(world, 'b')
      const members = observeMembers(world, world.link('watcher'))
      world.advance(20)
      world.broker.disconnect('a')
      world.advance(20)
      expect(ids(members.values)).toEqual(['a b', 'b'])
    })
  })

  it('removes a member that is not heard of for three of its refresh periods', () => {
    inWorld((world) => {
      publishAnnouncement(world, 'presence/a', { ...announcementOf('a'), ttl: 30 })
      publishAnnouncement(world, 'presence/b', { ...announcementOf('b'), ttl: 60 })
      const members = observeMembers(world, world.link('watcher'))
      world.advance(29_000)
      expect(ids(members.values)).toEqual(['a b'])
      world.advance(2_000)
      expect(ids(members.values)).toEqual(['a b', 'b'])
      world.advance(60_000)
      expect(ids(members.values)).toEqual(['a b', 'b', ''])
    })
  })

  it('counts the time of a refresh period from the publication of a retained announcement', () => {
    inWorld((world) => {
      const { topic } = presence({ clientId: 'a' })
      const payload = bytesOf(JSON.stringify({ ...announcementOf('a'), ttl: 30 }))
      world.broker.publish({ topic, payload, qos: 1, retain: true, messageExpiryInterval: 30 })
      world.advance(20_000)
      const members = observeMembers(world, world.link('watcher'))
      world.advance(5_000)
      expect(ids(members.values)).toEqual(['a'])
      world.advance(6_000)
      expect(ids(members.values)).toEqual(['a', ''])
    })
  })

  it('keeps its list while the broker is away, and removes who has gone with its session', () => {
    inWorld((world) => {
      const reconnect = { initial: 10, maximum: 10, jitter: 0 }
      const away = announce(world, 'a', {}, { reconnect })
      announce(world, 'b', {}, { reconnect })
      const members = observeMembers(world, world.link('watcher', { reconnect }))
      world.advance(20)
      world.broker.down({ sessions: 'lose' })
      world.advance(100)
      expect(ids(members.values)).toEqual(['a b'])
      void away.link.close()
      world.broker.publish({ topic: 'presence/a', payload: bytesOf(''), retain: true })
      world.broker.up()
      world.advance(200)
      expect(ids(members.values.slice(-1))).toEqual(['b'])
      expect(members.ending()).toBeUndefined()
    })
  })

  it.each<[fault: string, topic: string, announcement: unknown]>([
    ['is not JSON', 'presence/x', '{'],
    ['has another version', 'presence/x', { ...announcementOf('x'), version: 2 }],
    ['lacks its client id', 'presence/x', { version: 1 }],
    ['names another client id than its topic', 'presence/x', announcementOf('y')],
    ['is no object', 'presence/x', '7'],
    ['has a start of another type', 'presence/x', { ...announcementOf('x'), startedAt: 'now' }],
    ['has a group without a topic', 'presence/x', { ...announcementOf('x'), groups: [{ name: 'g' }] }],
    ['has metadata that is no object', 'presence/x', { ...announcementOf('x'), metadata: null }],
    ['has groups of another type', 'presence/x', { ...announcementOf('x'), groups: 'g' }],
    ['is too large', 'presence/x', { ...announcementOf('x'), metadata: { text: 'x'.repeat(20_000) } }],
    [
      'could reach a prototype',
      'presence/x',
      '{"version":1,"clientId":"x","instanceId":"i","startedAt":0,"__proto__":{}}',
    ],
  ])('ignores, reports and counts an announcement that %s', (_, topic, announcement) => {
    inWorld((world) => {
      const link = world.link('watcher')
      const incidents: Incident[] = []
      link.incidents$.subscribe((incident) => incidents.push(incident))
      publishAnnouncement(world, topic, announcement)
      publishAnnouncement(world, 'presence/good', announcementOf('good'))
      const members = observeMembers(world, link)
      world.advance(20)
      expect(ids(members.values)).toEqual(['good'])
      expect(incidents).toMatchObject([{ kind: 'malformed', error: { code: 'protocol', topic } }])
      expect(presenceStats(link)).toEqual({ malformed: 1, excess: 0 })
    })
  })

  it('ignores properties that it does not know', () => {
    inWorld((world) => {
      const groups = [{ name: 'g', topic: 'x', weight: 2 }]
      publishAnnouncement(world, 'presence/x', { ...announcementOf('x'), groups, region: 'north' })
      const members = observe(world, members$(world.link('watcher')))
      world.advance(20)
      expect(members.values).toMatchObject([[{ clientId: 'x', groups: [{ name: 'g', topic: 'x' }] }]])
      expect(JSON.stringify(members.values)).not.toMatch(/weight|region/)
    })
  })

  it('removes a member whose announcement is replaced by an invalid one', () => {
    inWorld((world) => {
      const members = observeMembers(world, world.link('watcher'))
      publishAnnouncement(world, 'presence/a', announcementOf('a'))
      world.advance(20)
      publishAnnouncement(world, 'presence/a', 'x')
      world.advance(20)
      expect(ids(members.values)).toEqual(['a', ''])
    })
  })

  it('ignores and counts further members than maximumMembers, but not changes of known ones', () => {
    inWorld((world) => {
      const link = world.link('watcher')
      const members = observeMembers(world, link, { maximumMembers: 2 })
      world.advance(20)
      for (const clientId of ['a', 'b', 'c'])
        publishAnnouncement(world, `presence/${clientId}`, announcementOf(clientId))
      publishAnnouncement(world, 'presence/a', { ...announcementOf('a'), instanceId: 'j' })
      world.advance(20)
      expect(ids(members.values)).toEqual(['', 'a', 'a b', 'a b'])
      expect(presenceStats(link)).toEqual({ malformed: 0, excess: 1 })
    })
  })

  it('reads announcements below another prefix only', () => {
    inWorld((world) => {
      announce(world, 'a', { prefix: 'site/1' })
      announce(world, 'b')
      const members = observeMembers(world, world.link('watcher'), { prefix: 'site/1' })
      world.advance(20)
      expect(ids(members.values)).toEqual(['a'])
    })
  })

  it('gives a later subscriber the current list at once, also through a middleware', () => {
    inWorld((world) => {
      const link = world.link('watcher')
      const first = observeMembers(world, link)
      world.advance(20)
      announce(world, 'a')
      world.advance(20)
      const second = observeMembers(world, logged(() => undefined)(link))
      expect(ids(second.values)).toEqual(['a'])
      first.unsubscribe()
      second.unsubscribe()
      world.advance(20)
      expect(world.broker.session('watcher')?.subscriptions).toEqual([])
      const third = observeMembers(world, link)
      world.advance(20)
      expect(ids(third.values)).toEqual(['a'])
    })
  })

  it('is complete after two seconds if the broker drops the message that marks the end', () => {
    inWorld((world) => {
      announce(world, 'a')
      world.advance(20)
      const members = observeMembers(world, withoutBarrier(world.link('watcher')))
      world.advance(1_900)
      expect(members.values).toEqual([])
      world.advance(200)
      expect(ids(members.values)).toEqual(['a'])
    })
  })

  it('is complete at once if the broker refuses the message that marks the end', () => {
    inWorld((world) => {
      announce(world, 'a')
      world.advance(20)
      world.broker.refusePublish('response/watcher/barrier/+', 0x87)
      const members = observeMembers(world, world.link('watcher'))
      world.advance(20)
      expect(ids(members.values)).toEqual(['a'])
    })
  })

  it('errors when the broker refuses the subscription, and completes when the link is closed', () => {
    inWorld((world) => {
      const allow = world.broker.refuseSubscribe('presence/+', 0x87)
      const link = world.link('watcher')
      const refused = observeMembers(world, link)
      world.advance(20)
      expect(refused.ending()).toMatchObject({ code: 'subscribe-refused' })
      allow()
      const members = observeMembers(world, link)
      world.advance(20)
      void link.close()
      world.advance(20)
      expect(members.ending()).toBe('complete')
    })
  })

  it('lists the members on a 3.1.1 link that serves requests as well', () => {
    inWorld((world) => {
      announce(world, 'a', {}, { protocolVersion: 4 })
      const link = world.link('watcher', { protocolVersion: 4 })
      const echo = endpoint({ topic: 'echo', request: text, response: text })
      observe(world, requests$(link, echo).pipe(serve(({ value }) => of(value))))
      const members = observeMembers(world, link)
      world.advance(20)
      expect(ids(members.values)).toEqual(['a'])
    })
  })

  it.each<[options: object, message: RegExp]>([
    [{ grup: 'x' }, /options.grup is not known: did you mean group\?/],
    [{ prefix: '+' }, /options.prefix is "\+": it holds a wildcard/],
    [{ maximumMembers: 0 }, /maximumMembers is 0/],
    [{ maximumBytes: 0.5 }, /maximumBytes is 0.5/],
  ])('throws for the options %o of members$', (options, message) => {
    inWorld((world) => {
      expect(() => members$(world.link('watcher'), options as MembersOptions)).toThrow(message)
    })
  })
})
