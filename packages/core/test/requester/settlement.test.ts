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
import { BaseLink, withBase } from '../../src/link/base-link.js'
import { pendingRequestsOf } from '../../src/requester/pending-requests.js'
import { deadlines } from '../../src/time/deadlines.js'
import { longRuns } from '../codec/runs.js'
import { responseTo, textOf } from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** The period in which requests, faults and responses occur, in milliseconds. */
const eventPeriod = 10_000

type Event = { readonly at: number } & (
  | {
      readonly kind: 'request'
      readonly responseDelay: number
      readonly options: ExchangeOptions
      readonly cancelAfter: number | null
    }
  | { readonly kind: 'fault'; readonly fault: Fault }
  /** Publishes a response to a request that may be pending, settled or cancelled. */
  | { readonly kind: 'response'; readonly requestIndex: number }
)

const at = fc.integer({ min: 0, max: eventPeriod })
const clientId = fc.constantFrom('requester', 'server')
const session = fc.constantFrom('keep', 'lose')

const requestEvent = fc.record({
  kind: fc.constant('request' as const),
  at,
  responseDelay: fc.integer({ min: 0, max: 3_000 }),
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
const faultEvent = fc.record({
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
const responseEvent = fc.record({ kind: fc.constant('response' as const), at, to: fc.nat(50) })
const events = fc.array(
  fc.oneof({ arbitrary: requestEvent, weight: 4 }, { arbitrary: faultEvent, weight: 3 }, responseEvent),
  {
    minLength: 1,
    maxLength: 40,
  },
) as fc.Arbitrary<readonly Event[]>

/** Serves `echo`: a request contains the delay of its response. */
function serveEcho({ link, scheduler }: World): void {
  requests$(link('server', { clean: false, sessionExpiryInterval: 3_600, ...quickReconnect }), echo, {
    controlTopic: 'control/server',
  })
    .pipe(serve(({ value }) => of(value).pipe(delay(Number(value.split(' ')[1]), scheduler))))
    .subscribe()
}

const quickReconnect = { reconnect: { initial: 20, maximum: 50, jitter: 0 } }

it.each(['persistent', 'clean'])(
  'settles each exchange exactly once and releases everything under random faults, with a %s session',
  (kind) => {
    fc.assert(
      fc.property(events, (script) => {
        inWorld((world) => {
          const { broker, scheduler, advance } = world
          serveEcho(world)
          advance(100)
          const idle = scheduler.actions.length
          const session = kind === 'persistent' ? { clean: false, sessionExpiryInterval: 3_600 } : {}
          // Deadlines of their own, so that those of the link and its queue are not counted with those of the exchanges.
          const exchangeDeadlines = deadlines(scheduler)
          const link = world.link('requester', { ...session, ...quickReconnect })
          const requester = withBase(link, new BaseLink(exchangeDeadlines))
          const requests: OutgoingMessage[] = []
          broker.published$.subscribe(({ clientId, message }) => {
            if (clientId === 'requester' && message.payload.length > 0) requests.push(message)
          })
          const outcomes = new Map<number, string[]>()

          const run = (event: Event, index: number): void => {
            if (event.kind === 'fault') {
              broker.inject(event.fault)
              return
            }
            if (event.kind === 'response') {
              const request = requests[event.requestIndex % Math.max(1, requests.length)]
              if (request !== undefined) broker.publish(responseTo(request, textOf(request)))
              return
            }
            const outcome: string[] = []
            const request = `${index} ${event.responseDelay}`
            outcomes.set(index, outcome)
            const call = exchange$(requester, echo, request, event.options).subscribe({
              next: (response) => outcome.push(response === request ? 'responded' : `responded ${response}`),
              error: (error: unknown) => outcome.push(AntiphonError.from(error).code),
              complete: () => outcome.push('complete'),
            })
            if (event.cancelAfter === null) return
            timer(event.cancelAfter, scheduler).subscribe(() => {
              if (!call.closed) outcome.push('cancelled')
              call.unsubscribe()
            })
          }
          script.forEach((event, index) => scheduler.schedule(() => run(event, index), event.at))
          for (let time = 0; time < eventPeriod + 6_000; time += 200) {
            advance(200)
            const { pending } = requesterStats(requester, echo)
            const { unmatched, registered } = pendingRequestsOf(requester)
            // Each request has its timeout and its next attempt; a remembered cancel and the unused response subscription
            // have one deadline each.
            expect(exchangeDeadlines.size).toBeLessThanOrEqual(2 * pending + unmatched.cancels + 1)
            expect(registered).toBeLessThanOrEqual(pending)
          }
          // Lost QoS 1 and 2 messages are redelivered on the next connection.
          broker.inject({ kind: 'heal' })
          broker.inject({ kind: 'disconnect' })
          advance(1_000)
          broker.inject({ kind: 'disconnect' })
          advance(120_000)

          for (const outcome of outcomes.values())
            expect(outcome.join()).toMatch(
              /^(responded,complete|cancelled|timeout|no-responder|connection-lost)$/,
            )
          const { requested, pending, responded, failed, timedOut, cancelled } = requesterStats(
            requester,
            echo,
          )
          expect([pending, exchangeDeadlines.size]).toEqual([0, 0])
          expect(responded + failed + timedOut + cancelled).toBe(requested)
          expect(requested).toBe(outcomes.size)
          expect(scheduler.actions.length).toBe(idle)
          expect(broker.subscriptions().map(({ filter }) => filter)).toEqual(['control/server', 'echo'])
          expect(broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
          expect(broker.sessions().flatMap(({ queued }) => queued)).toEqual([])
        })
      }),
      longRuns,
    )
  },
  60_000 + 50 * longRuns.numRuns,
)
