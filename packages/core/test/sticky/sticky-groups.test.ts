import {
  endpoint,
  exchange$,
  json,
  payloadField,
  request$,
  requests$,
  serve,
  text,
  type Link,
} from '@antiphon/core'
import { decodeFailure } from '@antiphon/core/codec'
import {
  memberForKey,
  stickyGroup,
  stickyRequests$,
  type KeyedRequest,
  type StickyGroupOptions,
} from '@antiphon/core/sticky-groups'
import { members$ } from '@antiphon/core/presence'
import * as t from 'io-ts'
import { map, NEVER, of, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { observe, publishedBy } from '../observed.js'
import { announce, announcementOf, publishAnnouncement } from '../presence/members-world.js'
import { inWorld, type World } from '../world.js'
import { accounts, requestAll, balance, startMember, type BalanceTypes } from './sticky-world.js'

const byAccount = stickyGroup(balance, { group: 'workers', groupKey: ({ params }) => params.account })

/** An endpoint whose requests can be encoded only. */
const unreadable = endpoint({
  topic: 'accounts/{account}/balance',
  request: { ...text, decode: () => decodeFailure('text/plain', 'it cannot be read') },
  response: text,
})

type UnreadableTypes = NonNullable<(typeof unreadable)['types']>

const requesterOf = (world: World): Link => byAccount(world.link('requester'))

/** Expects that each response is from the member of its key. */
function expectSticky(responses: ReadonlyMap<string, string>, members: readonly string[]): void {
  const list = members.map((clientId) => ({ ...announcementOf(clientId) }) as never)
  for (const [account, response] of responses)
    expect([account, response]).toEqual([account, memberForKey(list, account)?.clientId])
}

describe('a sticky group', () => {
  it('sends requests with equal keys to the same member, on a broker without shared subscriptions', () => {
    inWorld(
      (world) => {
        const members = ['a', 'b', 'c'].map((clientId) => startMember(world, clientId))
        world.advance(50)
        const requester = requesterOf(world)
        const responses = requestAll(world, requester, accounts(60))
        expect(responses.size).toBe(60)
        expectSticky(responses, ['a', 'b', 'c'])
        expect(new Set(responses.values()).size).toBe(3)
        requestAll(world, requester, accounts(60))
        for (const { handled } of members) {
          const counts = accounts(60).map((account) => handled.filter((other) => other === account).length)
          expect(counts.every((count) => count === 0 || count === 2)).toBe(true)
        }
      },
      { limits: { sharedSubscriptions: false } },
    )
  })

  it('moves only the keys that a member gets which joins, while requests are in flight', () => {
    inWorld((world) => {
      const first = ['a', 'b'].map((clientId) => startMember(world, clientId))
      world.advance(50)
      const requester = requesterOf(world)
      const before = requestAll(world, requester, accounts(100))
      const responses: string[] = []
      for (const account of accounts(100))
        of({ params: { account }, value: '' })
          .pipe(request$(requester, balance))
          .subscribe((response) => responses.push(response))
      const joined = startMember(world, 'c')
      world.advance(200)
      expect(responses).toHaveLength(100)
      const after = requestAll(world, requester, accounts(100))
      const moved = accounts(100).filter((account) => before.get(account) !== after.get(account))
      expect(moved.length).toBeGreaterThan(10)
      expect(moved.every((account) => after.get(account) === 'c')).toBe(true)
      const handled = [...first, joined].flatMap((member) => member.handled)
      expect(handled).toHaveLength(300)
    })
  })

  it('loses no request and handles none twice while a member drains under load', () => {
    inWorld((world) => {
      const members = ['a', 'b', 'c'].map((clientId) =>
        startMember(world, clientId, { requests: { handoverPeriod: 100 } }),
      )
      world.advance(50)
      const requester = requesterOf(world)
      const source = new Subject<string>()
      const responses = observe(
        world,
        source.pipe(
          map((account) => ({ params: { account }, value: '' })),
          request$(requester, balance, { timeout: 3_000 }),
        ),
      )
      const names = accounts(800)
      names.forEach((account, index) => {
        if (index === 200) members[0]?.drain()
        source.next(account)
        world.advance(1)
      })
      world.advance(3_000)
      expect(responses.ending()).toBeUndefined()
      expect(responses.values).toHaveLength(800)
      expect(members.flatMap(({ handled }) => handled).sort()).toEqual([...names].sort())
      expect(members[0]?.records.ending()).toBe('complete')
      expect(world.broker.session('a')?.subscriptions.map(({ filter }) => filter)).toEqual(['presence/a'])
      expect(members[0]?.handled.length).toBeLessThan(200)
    })
  })

  it('retries the requests of a member that is killed at another one', () => {
    inWorld((world) => {
      const client = { reconnect: { initial: 60_000, maximum: 60_000, jitter: 0 } }
      const killed = startMember(world, 'a', { client, handler: () => NEVER })
      startMember(world, 'b')
      world.advance(50)
      const requester = requesterOf(world)
      const account = accounts(100).find(
        (name) =>
          memberForKey([{ ...announcementOf('a') }, { ...announcementOf('b') }] as never, name)?.clientId ===
          'a',
      )
      const request = { params: { account: account ?? '' }, value: '' }
      const call = observe(
        world,
        exchange$(requester, balance, request, { timeout: 4_000, retry: { count: 3 } }),
      )
      world.advance(500)
      expect(killed.handled).toEqual([account])
      world.broker.disconnect('a', { session: 'lose' })
      world.advance(2_500)
      expect(call.values).toEqual(['b'])
    })
  })

  it('waits with the first request until the members are known, and then sends at once', () => {
    inWorld((world) => {
      startMember(world, 'a')
      world.advance(50)
      const published = publishedBy(world, 'requester')
      const requester = requesterOf(world)
      const call = observe(world, exchange$(requester, balance, { params: { account: 'x' }, value: '' }))
      world.advance(100)
      expect(call.values).toEqual(['a'])
      const sentAt = world.scheduler.now()
      observe(world, exchange$(requester, balance, { params: { account: 'x' }, value: '' }))
      world.advance(100)
      const requests = published.filter(
        ({ message }) => message.topic === 'member/a/workers/accounts/x/balance',
      )
      expect(requests).toHaveLength(2)
      expect((requests[1]?.at ?? NaN) - sentAt).toBeLessThanOrEqual(1)
    })
  })

  it('fails a request with no-responder without a member for its topic, and retries it until there is one', () => {
    inWorld((world) => {
      const only = startMember(world, 'a', { requests: { params: { account: 'x' } } })
      // A member of another endpoint, and one that is not subscribed.
      publishAnnouncement(world, 'presence/other', {
        ...announcementOf('other'),
        groups: [{ name: 'workers', topic: 'member/other/workers/other' }],
      })
      world.advance(50)
      const requester = requesterOf(world)
      expect([...requestAll(world, requester, ['x']).values()]).toEqual(['a'])
      const request = { params: { account: 'y' }, value: '' }
      const failed = observe(world, exchange$(requester, balance, request))
      const backOff = { initial: 500, maximum: 500, jitter: 0 }
      const retried = observe(world, exchange$(requester, balance, request, { retry: { count: 9, backOff } }))
      world.advance(50)
      expect(failed.ending()).toMatchObject({ code: 'no-responder', topic: 'accounts/y/balance' })
      expect((failed.ending() as Error).message).toContain(
        'group workers: it has no member for accounts/y/balance',
      )
      startMember(world, 'b')
      world.advance(2_000)
      expect(retried.values).toEqual(['b'])
      expect(only.handled).toEqual(['x'])
    })
  })

  it('does not publish to a topic that a forged announcement names', () => {
    inWorld((world) => {
      const groups = [{ name: 'workers', topic: '#' }]
      publishAnnouncement(world, 'presence/evil', { ...announcementOf('evil'), groups })
      const published = publishedBy(world, 'requester')
      observe(world, exchange$(requesterOf(world), balance, { params: { account: 'x' }, value: '' }))
      world.advance(50)
      const topics = published
        .map(({ message }) => message.topic)
        .filter((topic) => topic.includes('accounts'))
      expect(topics).toEqual(['member/evil/workers/accounts/x/balance'])
    })
  })

  it('fails requests while the broker refuses the announcements, and works once it does not', () => {
    inWorld((world) => {
      startMember(world, 'a')
      world.advance(50)
      const allow = world.broker.refuseSubscribe('presence/+', 0x87)
      const requester = requesterOf(world)
      const refused = observe(world, exchange$(requester, balance, { params: { account: 'x' }, value: '' }))
      world.advance(50)
      expect(refused.ending()).toMatchObject({ code: 'subscribe-refused' })
      allow()
      expect([...requestAll(world, requester, ['x']).values()]).toEqual(['a'])
    })
  })

  it('has the key of a value, and passes other endpoints and control messages unchanged', () => {
    inWorld((world) => {
      const order = endpoint({
        topic: '{kind}/{step}',
        request: json(t.type({ customer: t.string })),
        response: text,
        responses: 'many',
      })
      const other = endpoint({ topic: 'other', request: text, response: text })
      const handled: string[] = []
      for (const clientId of ['a', 'b']) {
        const { self, link } = announce(world, clientId)
        stickyRequests$(link, order, { group: 'orders', presence: self })
          .pipe(
            serve(({ value, message }) => {
              handled.push(`${clientId} ${value.customer} ${message.topic}`)
              return NEVER
            }),
          )
          .subscribe()
      }
      requests$(world.link('plain'), other)
        .pipe(serve(({ value }) => of(value)))
        .subscribe()
      world.advance(50)
      const link = stickyGroup(order, { group: 'orders', groupKey: ({ value }) => value.customer })(
        world.link('requester'),
      )
      const published = publishedBy(world, 'requester')
      const calls = ['new/order', 'old/order'].map((topic) => {
        const [kind = '', step = ''] = topic.split('/')
        return observe(world, exchange$(link, order, { params: { kind, step }, value: { customer: 'ann' } }))
      })
      const plain = observe(world, exchange$(link, other, 'x'))
      world.advance(200)
      expect(new Set(handled.map((line) => line.slice(0, 1))).size).toBe(1)
      expect(handled.map((line) => line.slice(2)).sort()).toEqual(['ann new/order', 'ann old/order'])
      expect(plain.values).toEqual(['x'])
      calls.forEach(({ unsubscribe }) => unsubscribe())
      world.advance(10)
      const owner = handled[0]?.slice(0, 1)
      expect(published.slice(-2).map(({ message }) => message.topic)).toEqual([
        `control/${owner}`,
        `control/${owner}`,
      ])
    })
  })

  it('delivers requests in several packets, as they go to one member; their key must come from params', () => {
    inWorld(
      (world) => {
        startMember(world, 'a', { handler: (account) => of(account) })
        startMember(world, 'b', { handler: (account) => of(account) })
        world.advance(50)
        const request = { params: { account: 'large' }, value: 'x'.repeat(2_000) }
        const link = world.link('requester')
        const sent = observe(world, exchange$(byAccount(link), balance, request))
        const byValue = stickyGroup(balance, { group: 'workers', groupKey: ({ value }) => value })
        const failed = observe(world, exchange$(byValue(link), balance, request))
        world.advance(200)
        expect(sent.values).toEqual(['large'])
        expect(failed.ending()).toMatchObject({ code: 'invalid-argument' })
        expect((failed.ending() as Error).message).toContain('its groupKey must come from params')
      },
      { limits: { maximumPacketSize: 600 } },
    )
  })

  it('completes what waits for the members when the link is closed', () => {
    inWorld((world) => {
      world.broker.down()
      const link = requesterOf(world)
      const publish = () =>
        observe(world, link.publish$({ topic: 'accounts/x/balance', payload: new Uint8Array() }))
      const waiting = publish()
      world.advance(10)
      void link.close()
      world.advance(10)
      expect([waiting.ending(), publish().ending()]).toEqual(['complete', 'complete'])
    })
  })

  it('works on MQTT 3.1.1', () => {
    inWorld((world) => {
      const codec = json(t.intersection([t.type({ account: t.string }), t.partial({ id: t.string })]))
      const legacy = endpoint({
        topic: 'legacy/{account}',
        responseTopic: 'legacy/{account}/response',
        request: codec,
        response: codec,
        correlation: payloadField('id'),
      })
      for (const clientId of ['a', 'b']) {
        const { self, link } = announce(world, clientId, {}, { protocolVersion: 4 })
        stickyRequests$(link, legacy, { group: 'workers', presence: self })
          .pipe(serve(() => of({ account: clientId })))
          .subscribe()
      }
      world.advance(50)
      const sticky = stickyGroup(legacy, { group: 'workers', groupKey: ({ params }) => params.account })
      const link = sticky(world.link('requester', { protocolVersion: 4 }))
      const request = { params: { account: 'ann' }, value: { account: 'ann' } }
      const [first, second] = [1, 2].map(() => observe(world, exchange$(link, legacy, request)))
      world.advance(200)
      expect(first?.values).toHaveLength(1)
      expect(second?.values[0]?.account).toBe(first?.values[0]?.account)
    })
  })

  it.each<[fault: string, groupKey: (request: KeyedRequest<UnreadableTypes>) => string, code: string]>([
    ['is no string', () => 7 as never, 'invalid-argument'],
    [
      'throws',
      () => {
        throw new Error('no key')
      },
      'unknown',
    ],
    ['is in a value that does not decode', ({ value }) => value, 'decode'],
  ])('fails a request whose key %s', (_, groupKey, code) => {
    inWorld((world) => {
      startMember(world, 'a')
      world.advance(50)
      const link = stickyGroup(unreadable, { group: 'workers', groupKey })(world.link('requester'))
      const call = observe(world, exchange$(link, unreadable, { params: { account: 'x' }, value: 'y' }))
      world.advance(100)
      expect(call.ending()).toMatchObject({ code })
    })
  })
})

describe('a member of a sticky group', () => {
  it('announces its group once it is subscribed, and withdraws it when it unsubscribes', () => {
    inWorld((world) => {
      const { self, link } = announce(world, 'a')
      const members = observe(
        world,
        members$(world.link('watcher')).pipe(
          map((list) => list.map(({ groups }) => groups.map(({ name }) => name).join())),
        ),
      )
      world.advance(50)
      const requests = observe(world, stickyRequests$(link, balance, { group: 'workers', presence: self }))
      const others = observe(world, stickyRequests$(link, balance, { group: 'others', presence: self }))
      world.advance(50)
      requests.unsubscribe()
      world.advance(50)
      others.unsubscribe()
      world.advance(50)
      expect(members.values.flat()).toEqual(['', 'workers', 'workers,others', 'others', ''])
      expect(world.broker.session('a')?.subscriptions.map(({ filter }) => filter)).toEqual(['presence/a'])
    })
  })

  it('serves again after its session is lost', () => {
    inWorld((world) => {
      startMember(world, 'a', { client: { reconnect: { initial: 10, maximum: 10, jitter: 0 } } })
      world.advance(50)
      const requester = requesterOf(world)
      world.broker.disconnect('a', { session: 'lose' })
      world.advance(200)
      expect([...requestAll(world, requester, ['x']).values()]).toEqual(['a'])
    })
  })

  it('does not join again while it drains, also when its session is lost meanwhile', () => {
    inWorld((world) => {
      const client = { reconnect: { initial: 10, maximum: 10, jitter: 0 } }
      const member = startMember(world, 'a', { client, requests: { handoverPeriod: 5_000 } })
      const groups = observe(
        world,
        members$(world.link('watcher')).pipe(
          map((list) => list.flatMap(({ groups }) => groups.map(({ name }) => name))),
        ),
      )
      world.advance(50)
      member.drain()
      world.advance(50)
      world.broker.disconnect('a', { session: 'lose' })
      world.advance(200)
      expect(groups.values.at(-1)).toEqual([])
      expect(member.records.ending()).toBeUndefined()
      world.advance(6_000)
      expect(member.records.ending()).toBe('complete')
    })
  })

  it('errors when drain$ errors', () => {
    inWorld((world) => {
      const { self, link } = announce(world, 'a')
      const drain$ = throwError(() => new Error('no'))
      const requests = observe(
        world,
        stickyRequests$(link, balance, { group: 'workers', presence: self, drain$ }),
      )
      expect(requests.ending()).toMatchObject({ message: expect.stringContaining('no') as string })
    })
  })
})

describe('options of sticky groups', () => {
  it.each<[options: object, message: RegExp]>([
    [{ groupKey: () => '' }, /options.group is undefined: it must be the name of a group/],
    [{ group: 'a/b', groupKey: () => '' }, /options.group is "a\/b": it must not contain \//],
    [{ group: 'g' }, /options.groupKey is undefined: it must be a function/],
    [{ group: 'g', groupKey: () => '', prefx: 'x' }, /options.prefx is not known: did you mean prefix\?/],
    [{ group: 'g', groupKey: () => '', prefix: '#' }, /options.prefix is "#": it holds a wildcard/],
    [{ group: 'g', groupKey: () => '', presencePrefix: '' }, /options.presencePrefix is "": it is empty/],
  ])('throws for the options %o of stickyGroup', (options, message) => {
    expect(() => stickyGroup(balance, options as StickyGroupOptions<BalanceTypes>)).toThrow(message)
  })

  it.each<[options: object, message: RegExp]>([
    [{ group: undefined }, /options.group is undefined/],
    [{ presence: undefined }, /options.presence is undefined: it must be an object/],
    [{ prefix: '+' }, /options.prefix is "\+": it holds a wildcard/],
    [{ handoverPeriod: -1 }, /options.handoverPeriod is -1/],
    [{ acknowledge: 'never' }, /options.acknowledge is "never"/],
    [{ drainTimeOut: 1 }, /options.drainTimeOut is not known: did you mean drainTimeout\?/],
  ])('throws for the options %o of stickyRequests$', (options, message) => {
    inWorld((world) => {
      const { self, link } = announce(world, 'a')
      const valid = { group: 'g', presence: self }
      expect(() => stickyRequests$(link, balance, { ...valid, ...options })).toThrow(message)
    })
  })
})

describe('prefixes of a sticky group', () => {
  it('are those of the options', () => {
    inWorld((world) => {
      const { self, link } = announce(world, 'a', { prefix: 'site/presence' })
      stickyRequests$(link, balance, { group: 'workers', presence: self, prefix: 'site/member' })
        .pipe(serve(() => of('a')))
        .subscribe()
      world.advance(50)
      const options = { prefix: 'site/member', presencePrefix: 'site/presence' }
      const sticky = stickyGroup(balance, { group: 'workers', groupKey: () => '', ...options })
      const published = publishedBy(world, 'requester')
      expect([...requestAll(world, sticky(world.link('requester')), ['x']).values()]).toEqual(['a'])
      const topics = published.map(({ message }) => message.topic)
      expect(topics).toContain('site/member/a/workers/accounts/x/balance')
    })
  })
})
