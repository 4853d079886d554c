import { AntiphonError, requesterStats, endpoint, exchange$, requests$, serve, text } from '@antiphon/core'
import fc from 'fast-check'
import { delay, of, type Subscription } from 'rxjs'
import { expectEqual, expectThat } from '../../src/compare/expectation.js'
import { virtualBroker, type VirtualBroker } from '../../src/index.js'
import { virtualTime } from '../../src/time/virtual-time.js'
import { faultProperty, scriptOf, type FaultProperty } from './fault-property.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const persistentSession = { clean: false, sessionExpiryInterval: Infinity } as const
const cleanSession = { clean: true } as const

/** All faults of connections and packets that do not close a link. */
const allFaults = 'xrikbdunysfwlvoWVOXIBD'

/** A request: the time to the next one, the time of its handler, and the time after which it is cancelled, if any. */
interface GeneratedRequest {
  readonly delayAfter: number
  readonly handlingTime: number
  readonly cancelAfter: number | undefined
}

interface Scenario {
  readonly scripts: readonly [requester: string, responder: string]
  readonly seed: number
  readonly latency: number
  readonly requests: readonly GeneratedRequest[]
  readonly onDisconnect: 'keep' | 'fail' | 'resend'
  readonly retries: number
  readonly persistentSessions: readonly [requester: boolean, responder: boolean]
}

const scenarios: fc.Arbitrary<Scenario> = fc.record({
  scripts: fc.tuple(scriptOf(allFaults), scriptOf(allFaults)),
  seed: fc.nat(),
  latency: fc.constantFrom(0, 1, 4),
  requests: fc.array(
    fc.record({
      delayAfter: fc.nat(12),
      handlingTime: fc.nat(30),
      cancelAfter: fc.option(fc.nat(60), { nil: undefined, freq: 4 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  onDisconnect: fc.constantFrom('keep', 'fail', 'resend'),
  retries: fc.nat(3),
  persistentSessions: fc.tuple(fc.boolean(), fc.boolean()),
})

/** The result of one exchange. */
interface ExchangeResult {
  readonly responses: string[]
  readonly ends: string[]
  isCancelled: boolean
}

/** The state after a scenario. */
interface ExchangeScenario {
  readonly broker: VirtualBroker
  readonly results: readonly ExchangeResult[]
  readonly handled: readonly string[]
  readonly stats: ReturnType<typeof requesterStats>
  /** The due times of pending timers. */
  readonly timers: readonly number[]
}

/** Sends and serves requests through two fault scripts, then runs without faults until all timers should have ended. */
function playScenario({
  scripts,
  seed,
  latency,
  requests,
  onDisconnect,
  retries,
  persistentSessions,
}: Scenario): ExchangeScenario {
  const time = virtualTime()
  const { scheduler } = time
  const runFor = (milliseconds: number): void => time.runTo(scheduler.now() + milliseconds)
  const broker = virtualBroker({ scheduler, seed, latency })
  const requester = broker.link({
    clientId: 'requester',
    ...(persistentSessions[0] ? persistentSession : cleanSession),
  })
  const responder = broker.link({
    clientId: 'responder',
    ...(persistentSessions[1] ? persistentSession : cleanSession),
  })
  const handled: string[] = []
  requests$(responder, echo)
    .pipe(
      serve(({ value }) => {
        handled.push(value)
        return of(`${value}!`).pipe(delay(requests[Number(value)]?.handlingTime ?? 0, scheduler))
      }),
    )
    .subscribe()
  runFor(10 * latency + 1)
  broker.play(scripts[0], { clientId: 'requester' })
  broker.play(scripts[1], { clientId: 'responder' })
  const results = requests.map(({ delayAfter, cancelAfter }, index): ExchangeResult => {
    const result: ExchangeResult = { responses: [], ends: [], isCancelled: false }
    const options = { timeout: 2_000, onDisconnect, retry: { count: retries } }
    const exchange: Subscription = exchange$(requester, echo, `${index}`, options).subscribe({
      next: (response) => result.responses.push(response),
      error: (error: unknown) => result.ends.push(AntiphonError.from(error).code),
      complete: () => result.ends.push('complete'),
    })
    if (cancelAfter !== undefined)
      scheduler.schedule(() => {
        result.isCancelled = result.ends.length === 0
        exchange.unsubscribe()
      }, cancelAfter)
    runFor(delayAfter)
    return result
  })
  runFor(10_000)
  // A message dropped on an open connection is redelivered on the next one.
  for (const clientId of ['requester', 'responder']) {
    broker.disconnect(clientId)
    runFor(2_000)
  }
  // Longer than the release delay of a response subscription and the ttl of the response cache.
  runFor(100_000)
  return {
    broker,
    results,
    handled,
    stats: requesterStats(requester, echo),
    timers: time.pending(),
  }
}

/** The properties of exchanges under any faults of the connections. */
export const exchangeProperties: readonly FaultProperty[] = [
  faultProperty(
    'every exchange ends once with its own response or an error, and leaves no timer, subscription or message',
    scenarios,
    (scenario) => {
      const { broker, results, handled, stats, timers } = playScenario(scenario)
      results.forEach(({ responses, ends, isCancelled }, index) => {
        expectEqual(ends.length, isCancelled ? 0 : 1, `the number of ends of exchange ${index}`)
        expectEqual(
          responses,
          ends[0] === 'complete' ? [`${index}!`] : [],
          `the responses of exchange ${index}`,
        )
      })
      const completed = results.filter(({ ends }) => ends[0] === 'complete').length
      const timedOut = results.filter(({ ends }) => ends[0] === 'timeout').length
      const cancelled = results.filter(({ isCancelled }) => isCancelled).length
      const { requested, pending, responded, failed, ...others } = stats
      expectEqual(
        {
          requested,
          pending,
          responded,
          failed,
          timedOut: others.timedOut,
          cancelled: others.cancelled,
        },
        {
          requested: results.length,
          pending: 0,
          responded: completed,
          failed: results.length - completed - timedOut - cancelled,
          timedOut,
          cancelled,
        },
        'the requester stats',
      )
      // A redelivery after a dropped packet may arrive when the response cache has evicted its request.
      if (!/[oOvV]/.test(scenario.scripts.join('')))
        expectThat(new Set(handled).size === handled.length, 'expected no request to be handled twice')
      expectEqual(timers, [], 'the pending timers')
      expectEqual(broker.session('requester')?.subscriptions, [], 'the subscriptions of the requester')
      const filters = broker.session('responder')?.subscriptions.map(({ filter }) => filter)
      expectEqual(filters, ['echo'], 'the subscriptions of the responder')
      const messagesLeft = broker
        .sessions()
        .flatMap(({ unacknowledged, queued }) => [...unacknowledged, ...queued])
      expectEqual(messagesLeft, [], 'the messages left at the broker')
    },
  ),
]
