import {
  AntiphonError,
  requesterStats,
  endpoint,
  exchange$,
  requests$,
  serve,
  text,
  type ExchangeOptions,
  type OutgoingMessage,
} from '@antiphon/core'
import type { Fault } from '@antiphon/testing'
import fc from 'fast-check'
import { delay, of, timer } from 'rxjs'
import { expect, it } from 'vitest'
import { pendingRequestsOf } from '../../src/requester/pending-requests.js'
import { longRuns } from '../codec/runs.js'
import { responseTo, textOf } from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** When everything is asked and goes wrong, in milliseconds. */
const turmoil = 10_000

type Event = { readonly at: number } & (
  | {
      readonly kind: 'ask'
      readonly takes: number
      readonly options: ExchangeOptions
      readonly cancelAfter: number | null
    }
  | { readonly kind: 'fault'; readonly fault: Fault }
  /** Somebody answers a question that may be open, settled or cancelled. */
  | { readonly kind: 'reply'; readonly to: number }
)

const at = fc.integer({ min: 0, max: turmoil })
const clientId = fc.constantFrom('caller', 'server')
const session = fc.constantFrom('keep', 'lose')

const sendRequest = fc.record({
  kind: fc.constant('ask' as const),
  at,
  takes: fc.integer({ min: 0, max: 3_000 }),
  options: fc.record<ExchangeOptions>(
    {
      timeout: fc.integer({ min: 1, max: 5_000 }),
      qos: fc.constantFrom(0, 1, 2),
      onDisconnect: fc.constantFrom('keep', 'fail', 'resend'),
      retry: fc.record({ count: fc.integer({ min: 0, max: 3 }) }),
      failFast: fc.boolean(),
    },
    { requiredKeys: ['timeout'] },
  ),
  cancelAfter: fc.option(fc.integer({ min: 0, max: 5_000 }), { freq: 3 }),
})
const fault = fc.record({
  kind: fc.constant('fault' as const),
  at,
  fault: fc.oneof(
    fc.record({ kind: fc.constant('disconnect' as const), clientId, session }),
    fc.record({ kind: fc.constant('cut' as const), clientId, session }),
    fc.record({ kind: fc.constant('restore' as const) }),
    fc.record({
      kind: fc.constantFrom('drop' as const, 'duplicate' as const),
      clientId,
      direction: fc.constantFrom('to-client' as const, 'from-client' as const),
      packets: fc.constantFrom(['publish'] as const, ['puback'] as const, ['suback'] as const),
    }),
    fc.record({
      kind: fc.constantFrom('delay' as const, 'reorder' as const),
      by: fc.integer({ min: 1, max: 2_000 }),
      clientId,
      packets: fc.constantFrom(['publish'] as const, ['puback'] as const, ['suback'] as const),
    }),
  ),
})
const response = fc.record({ kind: fc.constant('reply' as const), at, to: fc.nat(50) })
const events = fc.array(
  fc.oneof({ arbitrary: sendRequest, weight: 4 }, { arbitrary: fault, weight: 3 }, response),
  {
    minLength: 1,
    maxLength: 40,
  },
) as fc.Arbitrary<readonly Event[]>

/** Serves `echo`: a question says how long its answer takes. */
function serveEcho({ link, scheduler }: World): void {
  requests$(link('server', { clean: false, sessionExpiryInterval: 3_600, ...quick }), echo)
    .pipe(serve(({ value }) => of(value).pipe(delay(Number(value.split(' ')[1]), scheduler))))
    .subscribe()
}

const quick = { reconnect: { initial: 20, maximum: 50, jitter: 0 } }

it.each(['outlives its connections', 'ends with its connection'])(
  'each exchange settles exactly once and nothing is left, whatever happens to a caller whose session %s',
  (kind) => {
    fc.assert(
      fc.property(events, (script) => {
        inWorld((world) => {
          const { broker, scheduler, advance } = world
          serveEcho(world)
          advance(100)
          const idle = scheduler.actions.length
          const remembered = kind.startsWith('outlives') ? { clean: false, sessionExpiryInterval: 3_600 } : {}
          const requester = world.link('caller', { ...remembered, ...quick })
          const requests: OutgoingMessage[] = []
          broker.published$.subscribe(({ clientId, message }) => {
            if (clientId === 'caller' && message.payload.length > 0) requests.push(message)
          })
          const fates = new Map<number, string[]>()

          const happen = (event: Event, index: number): void => {
            if (event.kind === 'fault') {
              broker.inject(event.fault)
              return
            }
            if (event.kind === 'reply') {
              const request = requests[event.to % Math.max(1, requests.length)]
              if (request !== undefined) broker.publish(responseTo(request, textOf(request)))
              return
            }
            const fate: string[] = []
            const request = `${index} ${event.takes}`
            fates.set(index, fate)
            const call = exchange$(requester, echo, request, event.options).subscribe({
              next: (answer) => fate.push(answer === request ? 'answered' : `answered ${answer}`),
              error: (error: unknown) => fate.push(AntiphonError.from(error).code),
              complete: () => fate.push('complete'),
            })
            if (event.cancelAfter === null) return
            timer(event.cancelAfter, scheduler).subscribe(() => {
              if (!call.closed) fate.push('cancelled')
              call.unsubscribe()
            })
          }
          script.forEach((event, index) => scheduler.schedule(() => happen(event, index), event.at))
          const { deadlines } = pendingRequestsOf(requester)
          for (let time = 0; time < turmoil + 6_000; time += 200) {
            advance(200)
            const { pending } = requesterStats(requester, echo)
            // Its time-out and its next attempt, and the lingering response subscription.
            expect(deadlines.size).toBeLessThanOrEqual(2 * pending + 1)
            expect(
              pendingRequestsOf(requester).responseSubscription('response/caller').pending,
            ).toBeLessThanOrEqual(pending)
          }
          // What was lost on the way comes again on the next connection.
          broker.inject({ kind: 'heal' })
          broker.inject({ kind: 'disconnect' })
          advance(1_000)
          broker.inject({ kind: 'disconnect' })
          advance(120_000)

          for (const fate of fates.values())
            expect(fate.join()).toMatch(
              /^(answered,complete|cancelled|timeout|no-responder|connection-lost)$/,
            )
          const {
            requested,
            pending,
            responded: answered,
            failed,
            timedOut,
            cancelled,
          } = requesterStats(requester, echo)
          expect(pending).toBe(0)
          expect(answered + failed + timedOut + cancelled).toBe(requested)
          expect(requested).toBe(fates.size)
          expect(scheduler.actions.length).toBe(idle)
          expect(broker.subscriptions().map(({ filter }) => filter)).toEqual(['echo'])
          expect(broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
          expect(broker.sessions().flatMap(({ queued }) => queued)).toEqual([])
        })
      }),
      longRuns,
    )
  },
  60_000 + 50 * longRuns.numRuns,
)
