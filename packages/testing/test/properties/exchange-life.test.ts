import { AntiphonError, countsOf, endpoint, exchange$, requests$, serve, text } from '@antiphon/core'
import fc from 'fast-check'
import { delay, of, VirtualTimeScheduler, type Subscription } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { virtualBroker, type VirtualBroker } from '../../src/index.js'
import { patience, runs, seed } from './runs.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const remembered = { clean: false, sessionExpiry: Infinity } as const
const forgotten = { clean: true } as const

/** A fault script of everything that can befall a connection or a packet on it, short of what ends a link. */
function script(marbles: string): fc.Arbitrary<string> {
  const quiet = '-'.repeat(marbles.length * 2)
  return fc
    .array(fc.constantFrom(...marbles, ...quiet), { minLength: 10, maxLength: 120 })
    .map((drawn) => `${drawn.join('')}-h`)
}

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
  scripts: fc.tuple(script('xrikbdunysfwlvoWVOXIBD'), script('xrikbdunysfwlvoWVOXIBD')),
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
  readonly counts: ReturnType<typeof countsOf>
  /** When what is still scheduled is due. */
  readonly timers: readonly number[]
}

/** Asks and answers through two fault scripts; then everything is well, and a while goes by. */
function live({ scripts, seed, latency, asked, onDisconnect, retries, isRemembered }: Drawn): Run {
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  const runFor = (milliseconds: number): void => {
    scheduler.maxFrames = scheduler.frame + milliseconds
    scheduler.flush()
    scheduler.frame = scheduler.maxFrames
  }
  const broker = virtualBroker({ scheduler, seed, latency })
  const caller = broker.link({ clientId: 'caller', ...(isRemembered[0] ? remembered : forgotten) })
  const device = broker.link({ clientId: 'device', ...(isRemembered[1] ? remembered : forgotten) })
  const handled: string[] = []
  requests$(device, echo)
    .pipe(
      serve(({ value }) => {
        handled.push(value)
        return of(`${value}!`).pipe(delay(asked[Number(value)]?.takes ?? 0, scheduler))
      }),
    )
    .subscribe()
  runFor(10 * latency + 1)
  broker.play(scripts[0], { clientId: 'caller' })
  broker.play(scripts[1], { clientId: 'device' })
  const told = asked.map(({ wait, patience }, index): Told => {
    const one: Told = { answers: [], ends: [], isGivenUp: false }
    const options = { timeout: 2_000, onDisconnect, retry: { count: retries } }
    const exchange: Subscription = exchange$(caller, echo, `${index}`, options).subscribe({
      next: (answer) => one.answers.push(answer),
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
    counts: countsOf(caller, echo),
    timers: scheduler.actions.map((action) => action.delay),
  }
}

describe(`asking and answering through ${runs} random fault scripts (ANTIPHON_FC_SEED=${seed})`, () => {
  it(
    'ends each exchange once and rightly, handles no request twice, and leaves nothing behind',
    () => {
      fc.assert(
        fc.property(drawn, (life) => {
          const { broker, told, handled, counts, timers } = live(life)
          told.forEach(({ answers, ends, isGivenUp }, index) => {
            expect(ends).toHaveLength(isGivenUp ? 0 : 1)
            expect(answers).toEqual(ends[0] === 'complete' ? [`${index}!`] : [])
          })
          const completed = told.filter(({ ends }) => ends[0] === 'complete').length
          const timedOut = told.filter(({ ends }) => ends[0] === 'timeout').length
          const cancelled = told.filter(({ isGivenUp }) => isGivenUp).length
          expect(counts).toMatchObject({
            asked: told.length,
            pending: 0,
            answered: completed,
            timedOut,
            cancelled,
            failed: told.length - completed - timedOut - cancelled,
          })
          // A packet lost on a connection that lives on comes again when nobody remembers its request.
          if (!/[oOvV]/.test(life.scripts.join(''))) expect(new Set(handled).size).toBe(handled.length)
          expect(timers).toEqual([])
          expect(broker.session('caller')?.subscriptions).toEqual([])
          expect(broker.session('device')?.subscriptions.map(({ filter }) => filter)).toEqual(['echo'])
          for (const { unacknowledged, queued } of broker.sessions())
            expect([...unacknowledged, ...queued]).toEqual([])
        }),
        { numRuns: runs, seed },
      )
    },
    patience,
  )
})
