import fc from 'fast-check'

const everyFilter = ['a', 'b', 'a/b', 'a/+', '+/b', 'a/#', '#', '$share/g/a'] as const

/** The topics on which something may happen. */
export const topics = ['a', 'b', 'a/b', 'c/b', 'd'] as const

/** One of the filters of a life: it has few, so that what befalls one befalls it again and again. */
const filter = fc.nat({ max: 11 })
const topic = fc.constantFrom(...topics)
const qos = fc.constantFrom<0 | 1 | 2>(0, 1, 1, 2)
const session = fc.constantFrom<'keep' | 'lose'>('keep', 'lose')

/** What a listener does with the first message it hears: nothing, leave, publish, call another, or keep it in hand. */
export type SubscriberBehaviour = 'listens' | 'leaves' | 'answers' | 'invites' | 'hoards'
const behaviour = fc.constantFrom<SubscriberBehaviour>(
  'listens',
  'listens',
  'listens',
  'leaves',
  'answers',
  'invites',
  'hoards',
)

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('listen' as const),
      filter,
      manner: behaviour,
      wants: fc.constantFrom<1 | 2>(1, 1, 1, 2),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat({ max: 9 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('leave all' as const), filter }) },
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
  { weight: 1, arbitrary: fc.record({ do: fc.constant('go down' as const), session }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('come up' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse to subscribe' as const), filter }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse to take' as const), topic }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse to connect' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('relent' as const) }) },
)

/** One thing that happens. */
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** All that befalls a link; each step is followed by a pause in milliseconds. */
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

/** Any life; what is found is shown with the seed that brings it back. */
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
  leavesFirst: fc.boolean(),
})
