import fc from 'fast-check'
import { map, mergeMap, Subscription } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Delivery } from '../../src/link/link.js'
import type { Message } from '../../src/message.js'
import { isMatch } from '../../src/topic/is-match.js'
import { runs } from '../codec/runs.js'
import { linkSetting } from './link-setting.js'
import { bytes } from './messages.js'

const filters = ['a', 'b', 'a/b', 'a/+', '+/b', 'a/#', '#', '$share/g/a'] as const
const topics = ['a', 'b', 'a/b', 'c/b', 'd'] as const

const filter = fc.constantFrom(...filters)
const topic = fc.constantFrom(...topics)
const qos = fc.constantFrom<0 | 1 | 2>(0, 1, 1, 2)
/** What a listener does with the first message it hears. */
const manner = fc.constantFrom<Manner>('listens', 'listens', 'leaves', 'answers', 'invites', 'hoards')
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('listen' as const), filter, manner }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('acknowledge' as const), which: fc.nat({ max: 5 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat({ max: 9 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      topic,
      qos,
      expiry: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('arrive' as const), topic, qos }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('disconnect' as const),
      session: fc.constantFrom<'keep' | 'lose'>('keep', 'lose'),
      reasonCode: fc.constantFrom(undefined, 0x8b, 0x98),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('go down' as const), session: fc.constantFrom('keep', 'lose') }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('come up' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse to subscribe' as const), filter }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse to take' as const), filter: topic }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse to connect' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('relent' as const) }) },
)
const life = fc.record({
  steps: fc.array(fc.tuple(action, fc.constantFrom(0, 0, 1, 2, 5, 150, 2_000)), {
    maxLength: 40,
    size: 'max',
  }),
  broker: fc.record({
    latency: fc.constantFrom(0, 1, 3),
    overlap: fc.constantFrom<'once' | 'each'>('once', 'each'),
    limits: fc.record({
      receiveMaximum: fc.constantFrom(1, 2, 65_535),
      subscriptionIdentifiers: fc.boolean(),
    }),
    protocolVersion: fc.constantFrom<4 | 5>(5, 5, 4),
    receiveMaximum: fc.constantFrom(1, 2, 65_535),
    filtersPerSubscribe: fc.constantFrom(1, 2, 100),
  }),
  closesAfter: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
})

type Manner = 'listens' | 'leaves' | 'answers' | 'invites' | 'hoards'

interface Listener {
  readonly filter: string
  readonly heard: { readonly topic: string; readonly text: string }[]
  readonly endings: string[]
  readonly leave: () => void
}

describe('a link', () => {
  it('is neither deaf nor forgetful after whatever befell it, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(life, async ({ steps, broker: options, closesAfter }) => {
        const { link, broker, advance, timers, incidents } = linkSetting(options)
        const undo: (() => void)[] = []
        const listeners: Listener[] = []
        const everybody: Listener[] = []
        const publishes: { readonly text: string; readonly outcomes: string[] }[] = []
        let published = 0
        let closed: Promise<void> | undefined

        /** What the hoarders have in hand. */
        const hoard: Delivery[] = []
        let isHoarding = true
        const listen = (filter: string, manner: Manner): void => {
          const teardown = new Subscription()
          const listener: Listener = { filter, heard: [], endings: [], leave: () => teardown.unsubscribe() }
          const { heard, endings } = listener
          listeners.push(listener)
          everybody.push(listener)
          const next = ({ topic, payload }: Message): void => {
            heard.push({ topic, text: String.fromCharCode(...payload) })
            if (heard.length > 1 || !isHoarding) return
            if (manner === 'leaves') leave(listeners.indexOf(listener))
            if (manner === 'answers' && topic !== 'd') publish('d', 1, undefined)
            if (manner === 'invites') listen('a/+', 'listens')
          }
          const deliveries$ = link.subscription$(filter).pipe(mergeMap(({ deliveries$ }) => deliveries$))
          const hoarded$ = deliveries$.pipe(
            map((delivery) => {
              if (isHoarding) hoard.push(delivery)
              else delivery.acknowledge()
              return delivery.message
            }),
          )
          teardown.add(
            (manner === 'hoards' ? hoarded$ : link.messages$(filter)).subscribe({
              next,
              error: (error: unknown) => endings.push(String(error)),
              complete: () => endings.push('complete'),
            }),
          )
        }
        const leave = (which: number): void => listeners.splice(which, 1)[0]?.leave()
        const publish = (topic: string, qos: 0 | 1 | 2, expiry: number | undefined): void => {
          const text = `${published++}`
          const outcomes: string[] = []
          publishes.push({ text, outcomes })
          const message = { topic, payload: bytes(text), qos }
          link
            .publish$(expiry === undefined ? message : { ...message, messageExpiryInterval: expiry })
            .subscribe({
              error: (error: unknown) => outcomes.push(String(error)),
              complete: () => outcomes.push('complete'),
            })
        }
        const relent = (): void => {
          for (const one of undo.splice(0)) one()
        }
        const perform = (act: (typeof steps)[number][0]): void => {
          switch (act.do) {
            case 'listen':
              return listen(act.filter, act.manner)
            case 'leave':
              return leave(act.which)
            case 'acknowledge':
              return hoard.splice(act.which, 1)[0]?.acknowledge()
            case 'publish':
              return publish(act.topic, act.qos, act.expiry)
            case 'arrive':
              return void broker.publish({
                topic: act.topic,
                payload: bytes(`from outside ${published++}`),
                qos: act.qos,
              })
            case 'disconnect': {
              const { session, reasonCode } = act
              return broker.disconnect('me', reasonCode === undefined ? { session } : { session, reasonCode })
            }
            case 'go down':
              return broker.down({ sessions: act.session })
            case 'come up':
              return broker.up()
            case 'refuse to subscribe':
              return void undo.push(broker.refuseSubscribe(act.filter, 0x87))
            case 'refuse to take':
              return void undo.push(broker.refusePublish(act.filter, 0x97))
            case 'refuse to connect':
              return void undo.push(broker.refuseConnect(0x88))
            case 'relent':
              return relent()
          }
        }

        for (const [place, [act, pause]] of steps.entries()) {
          perform(act)
          advance(pause)
          if (place === closesAfter) closed = link.close()
        }
        relent()
        broker.up()
        isHoarding = false
        for (const { acknowledge } of hoard) acknowledge()
        advance(60_000)
        // What was abandoned comes again on another connection.
        broker.disconnect('me')
        advance(60_000)

        for (const { text, outcomes } of publishes) expect([text, outcomes.length]).toEqual([text, 1])
        if (closed === undefined) {
          const alive = listeners.filter(({ endings }) => endings.length === 0)
          for (const topic of topics) broker.publish({ topic, payload: bytes('probe') })
          advance(1_000)
          const isExact =
            options.overlap === 'once' ||
            (options.limits.subscriptionIdentifiers && options.protocolVersion === 5)
          for (const { filter, heard } of alive) {
            for (const topic of topics) {
              const copies = heard.filter((one) => one.topic === topic && one.text === 'probe').length
              const expected = isMatch(filter, topic) ? 1 : 0
              const isShared = listeners.some(({ filter }) => filter.startsWith('$share/'))
              if (isExact && !isShared) expect([filter, topic, copies]).toEqual([filter, topic, expected])
              else expect([filter, topic, copies >= expected]).toEqual([filter, topic, true])
            }
          }
          expect(broker.session('me')?.unacknowledged ?? []).toEqual([])
          while (listeners.length > 0) leave(0)
          advance(1_000)
          expect(broker.subscriptions()).toEqual([])
          expect(timers()).toBe(0)
          closed = link.close()
          advance(10_000)
        }
        await closed
        for (const { filter, heard, endings } of everybody) {
          expect(endings.length).toBeLessThanOrEqual(1)
          for (const { topic } of heard)
            expect([filter, topic, isMatch(filter, topic)]).toEqual([filter, topic, true])
        }
        expect(timers()).toBe(0)
        expect(broker.session('me')?.isConnected ?? false).toBe(false)
        expect(incidents.filter(({ kind }) => kind !== 'unroutable')).toEqual([])
      }),
      runs,
    )
  })
})
