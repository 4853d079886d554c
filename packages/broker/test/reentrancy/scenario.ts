import fc from 'fast-check'
import type { BrokerEvent, QueuePolicy } from '../../src/index.js'

/** The clients. All but `healthy` lose messages for different reasons; `inside` also subscribes within observers. */
export const clientNames = ['healthy', 'inside', 'small', 'blocked', 'offline'] as const
export type ClientName = (typeof clientNames)[number]

/** The publishers: the broker itself and two clients in process, of which `inside` also subscribes. */
export type Publisher = 'broker' | 'inside' | 'other'

/** Publishes a message. */
export interface PublishAction {
  readonly kind: 'publish'
  readonly by: Publisher
  readonly topic: string
  readonly qos: 0 | 1
  /** Whether the message is larger than the Maximum Packet Size of `small`. */
  readonly isLarge: boolean
}

/** Subscribes or unsubscribes `inside`. */
export interface SubscriptionAction {
  readonly kind: 'subscribe' | 'unsubscribe'
  readonly filter: string
}

export type Action = PublishAction | SubscriptionAction

/** The actions of an observer: one at each event of a type, until all are done. */
export interface ObserverActions<A> {
  readonly type: BrokerEvent['type']
  readonly actions: readonly A[]
}

/** A random scenario for the broker and the model. */
export interface Scenario {
  readonly policy: QueuePolicy
  readonly filters: Readonly<Record<ClientName, readonly string[]>>
  readonly observers: readonly ObserverActions<Action>[]
  /** The messages that `authorizePublish` publishes within its calls, one per call. */
  readonly hookPublishes: readonly PublishAction[]
  readonly actions: readonly Action[]
}

// Few levels, so that filters often match topics.
const topic = fc
  .array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 })
  .map((levels) => levels.join('/'))
const topicFilter = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '+'), { maxLength: 3 }), fc.boolean())
  .map(([levels, endsInHash]) => [...levels, ...(endsInHash || levels.length === 0 ? ['#'] : [])].join('/'))
const filters = fc.array(topicFilter, { maxLength: 4 })

const publishAction: fc.Arbitrary<PublishAction> = fc.record({
  kind: fc.constant('publish'),
  by: fc.constantFrom('broker', 'inside', 'other'),
  topic,
  qos: fc.constantFrom(0, 1),
  isLarge: fc.boolean(),
})
const subscriptionAction: fc.Arbitrary<SubscriptionAction> = fc.record({
  kind: fc.constantFrom('subscribe', 'unsubscribe'),
  filter: topicFilter,
})
const action: fc.Arbitrary<Action> = fc.oneof(
  { arbitrary: publishAction, weight: 3 },
  { arbitrary: subscriptionAction, weight: 1 },
)
const observer: fc.Arbitrary<ObserverActions<Action>> = fc.record({
  type: fc.constantFrom('dropped', 'dropped', 'published', 'subscribed', 'unsubscribed'),
  actions: fc.array(action, { minLength: 1, maxLength: 4 }),
})

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  policy: fc.constantFrom<QueuePolicy>('drop-new', 'drop-oldest'),
  filters: fc.record({
    healthy: filters,
    inside: filters,
    small: filters,
    blocked: filters,
    offline: filters,
  }),
  observers: fc.array(observer, { maxLength: 4 }),
  hookPublishes: fc.array(publishAction, { maxLength: 3 }),
  actions: fc.array(action, { minLength: 1, maxLength: 8 }),
})
