import { endpoint, exchange$, text, topicParams, type Endpoint } from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { delay, finalize, map, of, ReplaySubject, Subject, take } from 'rxjs'
import {
  casesOf,
  numbers,
  waitUntilOnline,
  outgoing,
  send,
  type CaseDefinition,
  type CaseContext,
} from '../case-context.js'
import { recordStream } from '../record-stream.js'
import { startResponder, type EchoTypes } from './fixtures.js'

/** Returns an endpoint for notifications: a responder cannot reject one with 503. */
function notificationEndpoint(context: CaseContext): Endpoint<EchoTypes> {
  return endpoint({
    topic: context.topic('notifications'),
    request: text,
    response: text,
    acceptsNotifications: true,
  })
}

/** The cases of concurrent requests on any version of MQTT. */
export const concurrencyCases: readonly CaseDefinition[] = casesOf(
  'concurrent requests',
  {
    name: 'handles requests of one key in order and those of other keys concurrently',
    run: async (context) => {
      const unlock = endpoint({
        topic: `${context.topic('request')}/{car}/{number}`,
        responseTopic: `${context.topic('response')}/{car}/{number}`,
        responseFilter: `${context.topic('response')}/#`,
        request: text,
        response: text,
        correlation: topicParams(),
      })
      const link = context.link()
      const started: string[] = []
      const running = new Set<string>()
      let maxConcurrent = 0
      const [cars, rounds] = [['a', 'b', 'c'] as const, ['1', '2', '3', '4'] as const]
      // No handler finishes before one of each key has started.
      const hasStartedAll$ = new ReplaySubject<void>(1)
      await startResponder(
        context,
        unlock,
        ({ params: { car, number }, value }) => {
          expectThat(!running.has(car), `expected no concurrent request of ${car}`)
          started.push(car + number)
          maxConcurrent = Math.max(maxConcurrent, running.add(car).size)
          if (maxConcurrent === cars.length) hasStartedAll$.next()
          return hasStartedAll$.pipe(
            take(1),
            delay(50, link.scheduler),
            map(() => value),
            finalize(() => running.delete(car)),
          )
        },
        { link, serve: { orderedBy: ({ params: { car } }) => car } },
      )
      const requester = context.link()
      const exchanges = rounds.flatMap((number) =>
        cars.map((car) =>
          recordStream(exchange$(requester, unlock, { params: { car, number }, value: number })),
        ),
      )
      for (const exchange of exchanges)
        expectEqual(await context.eventually(exchange.ended()), 'complete', 'the end of the stream')
      for (const car of cars) {
        const own = started.filter((id) => id.startsWith(car))
        expectEqual(
          own,
          rounds.map((number) => car + number),
          `the order of ${car}`,
        )
      }
      expectEqual(maxConcurrent, cars.length, 'the maximum of concurrent handlers')
    },
  },
  {
    name: 'queues notifications beyond the queue limit and handles them all',
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const notifications = notificationEndpoint(context)
      const { records } = await startResponder(
        context,
        notifications,
        ({ value }) => of(value).pipe(delay(5, link.scheduler)),
        {
          link,
          serve: { concurrency: 1, queue: 1 },
        },
      )
      for (const payload of numbers(10))
        await send(context, context.peer, outgoing(notifications.name, payload))
      await context.eventually(records.until(10))
      expectEqual(
        records.values.map(({ outcome }) => outcome),
        numbers(10).map(() => 'responded' as const),
        'the outcomes of the records',
      )
    },
  },
  {
    name: 'pauses by keeping its subscription, so that later messages are redelivered at the next start',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const notifications = notificationEndpoint(context)
      const [release$, drain$] = [new Subject<string>(), new Subject<void>()]
      const paused = await startResponder(context, notifications, () => release$, {
        link,
        requests: { drain$, drainBy: 'pause' },
      })
      await send(context, context.peer, outgoing(notifications.name, 'before'))
      await context.settle()
      drain$.next()
      await send(context, context.peer, outgoing(notifications.name, 'after'))
      await context.settle()
      release$.next('done')
      expectEqual(
        await context.eventually(paused.records.ended()),
        'complete',
        'the end of the serve records',
      )
      expectEqual(
        paused.records.values.map(({ outcome }) => outcome),
        ['responded'],
        'the outcomes of the records',
      )

      const handled: string[] = []
      const successor = await startResponder(
        context,
        notifications,
        ({ value }) => {
          handled.push(value)
          return of('done')
        },
        { link },
      )
      await context.cut(link)
      await context.restore(link)
      await waitUntilOnline(context, link)
      await context.eventually(successor.records.until(1))
      expectEqual(handled, ['after'], 'the payloads handled after the redelivery')
    },
  },
)
