import fc from 'fast-check'

const everyFilter = ['a', 'b', 'a/b', 'a/+', '+/b', 'a/#', '#', '$share/g/a'] as const

/** The topics of a scenario. */
export const topics = ['a', 'b', 'a/b', 'c/b', 'd'] as const

/** The index of a filter. A scenario has few filters, so that each is used repeatedly. */
const filter = fc.nat({ max: 11 })
const topic = fc.constantFrom(...topics)
const qos = fc.constantFrom<0 | 1 | 2>(0, 1, 1, 2)
const session = fc.constantFrom<'keep' | 'lose'>('keep', 'lose')

/** What a subscriber does with its first message: nothing, unsubscribe, publish, subscribe another, withhold its acknowledgement. */
export type SubscriberBehaviour = 'keeps' | 'unsubscribes' | 'publishes' | 'subscribes' | 'withholds'
const behaviour = fc.constantFrom<SubscriberBehaviour>(
  'keeps',
  'keeps',
  'keeps',
  'unsubscribes',
  'publishes',
  'subscribes',
  'withholds',
)

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      filter,
      behaviour,
      maximumQoS: fc.constantFrom<1 | 2>(1, 1, 1, 2),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), which: fc.nat({ max: 9 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('unsubscribe all' as const), filter }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('acknowledge' as const), which: fc.nat({ max: 5 }) }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      topic,
      qos,
      expiry: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('arrive' as const), topic, qos, retain: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('disconnect' as const),
      session,
      reasonCode: fc.constantFrom(undefined, 0x8b, 0x98),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop broker' as const), session }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('start broker' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse subscribe' as const), filter }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse publish' as const), topic }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse connect' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('accept again' as const) }) },
)

/** A step of a scenario. */
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** The steps of a link and the options of its broker; each step is followed by a pause in milliseconds. */
export interface LinkScenario {
  readonly filters: readonly string[]
  readonly steps: readonly (readonly [Step, number])[]
  readonly broker: {
    readonly latency: number
    readonly overlap: 'once' | 'each'
    readonly limits: { readonly receiveMaximum: number; readonly subscriptionIdentifiers: boolean }
    readonly protocolVersion: 4 | 5
    readonly receiveMaximum: number
    readonly filtersPerSubscribe: number
    readonly reconnect: { readonly initial: number; readonly maximum: number; readonly jitter: number }
  }
  readonly unsubscribesFirst: boolean
}

/** Generates scenarios; fast-check reports a failing one with its seed. */
export const linkScenario: fc.Arbitrary<LinkScenario> = fc.record({
  filters: fc.shuffledSubarray([...everyFilter], { minLength: 1, maxLength: 4 }),
  steps: fc.array(fc.tuple(step, fc.constantFrom(0, 0, 1, 2, 5, 150, 2_000)), { maxLength: 50, size: 'max' }),
  broker: fc.record({
    latency: fc.constantFrom(0, 1, 3),
    overlap: fc.constantFrom('once', 'each'),
    limits: fc.record({
      receiveMaximum: fc.constantFrom(1, 2, 65_535),
      subscriptionIdentifiers: fc.boolean(),
    }),
    protocolVersion: fc.constantFrom(5, 5, 4),
    receiveMaximum: fc.constantFrom(1, 2, 65_535),
    filtersPerSubscribe: fc.constantFrom(1, 2, 100),
    reconnect: fc.constantFrom(1, 2, 100).map((initial) => ({ initial, maximum: 100, jitter: 0 })),
  }),
  unsubscribesFirst: fc.boolean(),
})
