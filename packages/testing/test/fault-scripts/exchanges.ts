import { AntiphonError, requesterStats, endpoint, exchange$, requests$, serve, text } from '@antiphon/core'
import fc from 'fast-check'
import { delay, of, type Subscription } from 'rxjs'
import { expectEqual, expectThat } from '../../src/compare/expectation.js'
import { virtualBroker, type VirtualBroker } from '../../src/index.js'
import { virtualTime } from '../../src/virtual/virtual-time.js'
import { promised, scriptOf, type Promised } from './promised.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const remembered = { clean: false, sessionExpiryInterval: Infinity } as const
const forgotten = { clean: true } as const

/** Everything that can befall a connection or a packet on it, short of what ends a link. */
const anything = 'xrikbdunysfwlvoWVOXIBD'

/** One question: when it comes, how long its answer takes, and when the caller gives it up, if it does. */
interface Asking {
  readonly wait: number
  readonly takes: number
  readonly patience: number | undefined
}

interface Drawn {
  readonly scripts: readonly [caller: string, device: string]
  readonly seed: number
  readonly latency: number
  readonly asked: readonly Asking[]
  readonly onDisconnect: 'keep' | 'fail' | 'resend'
  readonly retries: number
  readonly isRemembered: readonly [caller: boolean, device: boolean]
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  scripts: fc.tuple(scriptOf(anything), scriptOf(anything)),
  seed: fc.nat(),
  latency: fc.constantFrom(0, 1, 4),
  asked: fc.array(
    fc.record({
      wait: fc.nat(12),
      takes: fc.nat(30),
      patience: fc.option(fc.nat(60), { nil: undefined, freq: 4 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  onDisconnect: fc.constantFrom('keep', 'fail', 'resend'),
  retries: fc.nat(3),
  isRemembered: fc.tuple(fc.boolean(), fc.boolean()),
})

/** What became of one question. */
interface Told {
  readonly answers: string[]
  readonly ends: string[]
  isGivenUp: boolean
}

interface Run {
  readonly broker: VirtualBroker
  readonly told: readonly Told[]
  readonly handled: readonly string[]
  readonly counts: ReturnType<typeof requesterStats>
  /** When what is still scheduled is due. */
  readonly timers: readonly number[]
}

/** Asks and answers through two fault scripts; then everything is well, and a while goes by. */
function live({ scripts, seed, latency, asked: requested, onDisconnect, retries, isRemembered }: Drawn): Run {
  const time = virtualTime()
  const { scheduler } = time
  const runFor = (milliseconds: number): void => time.runTo(scheduler.now() + milliseconds)
  const broker = virtualBroker({ scheduler, seed, latency })
  const requester = broker.link({ clientId: 'caller', ...(isRemembered[0] ? remembered : forgotten) })
  const device = broker.link({ clientId: 'device', ...(isRemembered[1] ? remembered : forgotten) })
  const handled: string[] = []
  requests$(device, echo)
    .pipe(
      serve(({ value }) => {
        handled.push(value)
        return of(`${value}!`).pipe(delay(requested[Number(value)]?.takes ?? 0, scheduler))
      }),
    )
    .subscribe()
  runFor(10 * latency + 1)
  broker.play(scripts[0], { clientId: 'caller' })
  broker.play(scripts[1], { clientId: 'device' })
  const told = requested.map(({ wait, patience }, index): Told => {
    const one: Told = { answers: [], ends: [], isGivenUp: false }
    const options = { timeout: 2_000, onDisconnect, retry: { count: retries } }
    const exchange: Subscription = exchange$(requester, echo, `${index}`, options).subscribe({
      next: (response) => one.answers.push(response),
      error: (error: unknown) => one.ends.push(AntiphonError.from(error).code),
      complete: () => one.ends.push('complete'),
    })
    if (patience !== undefined)
      scheduler.schedule(() => {
        one.isGivenUp = one.ends.length === 0
        exchange.unsubscribe()
      }, patience)
    runFor(wait)
    return one
  })
  runFor(10_000)
  // A message lost on a connection that lives on comes again with the next one.
  for (const clientId of ['caller', 'device']) {
    broker.disconnect(clientId)
    runFor(2_000)
  }
  // Longer than a response subscription is kept for the next question, and than any request is remembered.
  runFor(100_000)
  return {
    broker,
    told,
    handled,
    counts: requesterStats(requester, echo),
    timers: time.pending(),
  }
}

/** What is promised of exchanges, whatever befalls the connections. */
export const promisesOfExchanges: readonly Promised[] = [
  promised('each exchange ends once and rightly, and leaves nothing behind', drawn, (life) => {
    const { broker, told, handled, counts, timers } = live(life)
    told.forEach(({ answers: responses, ends, isGivenUp }, index) => {
      expectEqual(ends.length, isGivenUp ? 0 : 1, `how often question ${index} ended`)
      expectEqual(responses, ends[0] === 'complete' ? [`${index}!`] : [], `the answers to question ${index}`)
    })
    const completed = told.filter(({ ends }) => ends[0] === 'complete').length
    const timedOut = told.filter(({ ends }) => ends[0] === 'timeout').length
    const cancelled = told.filter(({ isGivenUp }) => isGivenUp).length
    const { requested, pending, responded: answered, failed, ...others } = counts
    expectEqual(
      { asked: requested, pending, answered, failed, timedOut: others.timedOut, cancelled: others.cancelled },
      {
        asked: told.length,
        pending: 0,
        answered: completed,
        failed: told.length - completed - timedOut - cancelled,
        timedOut,
        cancelled,
      },
      'what was counted',
    )
    // A packet lost on a connection that lives on comes again when nobody remembers its request.
    if (!/[oOvV]/.test(life.scripts.join('')))
      expectThat(new Set(handled).size === handled.length, 'no request to be handled twice')
    expectEqual(timers, [], 'the timers left')
    expectEqual(broker.session('caller')?.subscriptions, [], 'the subscriptions of the caller')
    const filters = broker.session('device')?.subscriptions.map(({ filter }) => filter)
    expectEqual(filters, ['echo'], 'the subscriptions of the responder')
    const left = broker.sessions().flatMap(({ unacknowledged, queued }) => [...unacknowledged, ...queued])
    expectEqual(left, [], 'what is left at the broker')
  }),
]
