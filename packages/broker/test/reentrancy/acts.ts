import fc from 'fast-check'
import type { BrokerEvent, QueuePolicy } from '../../src/index.js'

/** The clients. Each but the first loses messages in a way of its own; `inside` subscribes within observers, too. */
export const names = ['healthy', 'inside', 'small', 'stuck', 'away'] as const
export type Name = (typeof names)[number]

/** Who publishes: the broker itself, and two clients in process, of which one is subscribed as well. */
export type Publisher = 'broker' | 'inside' | 'other'

export interface Publishing {
  readonly do: 'publish'
  readonly by: Publisher
  readonly topic: string
  readonly qos: 0 | 1
  /** Larger than `small` accepts. */
  readonly isLarge: boolean
}

/** `inside` subscribes or unsubscribes. */
export interface Changing {
  readonly do: 'subscribe' | 'unsubscribe'
  readonly filter: string
}

export type Act = Publishing | Changing

/** At each event of a type one of the acts, until none is left. */
export interface Acting<A> {
  readonly type: BrokerEvent['type']
  readonly acts: readonly A[]
}

export interface Scenario {
  readonly policy: QueuePolicy
  readonly filters: Readonly<Record<Name, readonly string[]>>
  readonly observers: readonly Acting<Act>[]
  /** What the publishing hook publishes while it is asked about other messages. */
  readonly hooked: readonly Publishing[]
  readonly acts: readonly Act[]
}

/** Few levels, so that filters and topics meet. */
const topic = fc
  .array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 })
  .map((levels) => levels.join('/'))
const topicFilter = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '+'), { maxLength: 3 }), fc.boolean())
  .map(([levels, isOpen]) => [...levels, ...(isOpen || levels.length === 0 ? ['#'] : [])].join('/'))
const filters = fc.array(topicFilter, { maxLength: 4 })

const publishing: fc.Arbitrary<Publishing> = fc.record({
  do: fc.constant('publish'),
  by: fc.constantFrom('broker', 'inside', 'other'),
  topic,
  qos: fc.constantFrom(0, 1),
  isLarge: fc.boolean(),
})
const changing: fc.Arbitrary<Changing> = fc.record({
  do: fc.constantFrom('subscribe', 'unsubscribe'),
  filter: topicFilter,
})
const act: fc.Arbitrary<Act> = fc.oneof(
  { arbitrary: publishing, weight: 3 },
  { arbitrary: changing, weight: 1 },
)
const observer: fc.Arbitrary<Acting<Act>> = fc.record({
  type: fc.constantFrom('dropped', 'dropped', 'published', 'subscribed', 'unsubscribed'),
  acts: fc.array(act, { minLength: 1, maxLength: 4 }),
})

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  policy: fc.constantFrom<QueuePolicy>('drop-new', 'drop-oldest'),
  filters: fc.record({ healthy: filters, inside: filters, small: filters, stuck: filters, away: filters }),
  observers: fc.array(observer, { maxLength: 4 }),
  hooked: fc.array(publishing, { maxLength: 3 }),
  acts: fc.array(act, { minLength: 1, maxLength: 8 }),
})
