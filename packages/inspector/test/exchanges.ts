import {
  endpoint,
  exchange$,
  json,
  requests$,
  serve,
  text,
  type Link,
  type StandardSchema,
} from '@antiphon/core'
import { observed, type EventSink } from '@antiphon/core/events'
import { createBroker, type Broker } from '@antiphon/broker'
import {
  concat,
  delay,
  filter,
  firstValueFrom,
  from,
  map,
  NEVER,
  of,
  Subject,
  throwError,
  type Subscription,
} from 'rxjs'

const target: StandardSchema<Target, Target> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof (value as Partial<Target>).target === 'number'
        ? { value: value as Target }
        : { issues: [{ message: 'it must be a number', path: ['target'] }] },
  },
}

const echo = endpoint({ name: 'echo', topic: 'echo/{room}', request: text, response: text })
const broken = endpoint({ name: 'broken', topic: 'broken', request: text, response: text })
const odd = endpoint({
  name: 'odd',
  topic: 'odd',
  request: text,
  response: json(target),
})
const oddServed = endpoint({
  name: 'odd',
  topic: 'odd',
  request: text,
  response: { ...text, contentType: 'application/json' },
})
const numbers = endpoint({
  name: 'numbers',
  topic: 'numbers',
  request: text,
  response: text,
  responses: 'many',
})
const silent = endpoint({ name: 'silent', topic: 'silent', request: text, response: text })
const moved = endpoint({ name: 'moved', topic: 'moved', request: text, response: text })
const slow = endpoint({ name: 'slow', topic: 'slow', request: text, response: text, cancel: 'local' })

/** An endpoint with a schema, for requests that are written on the page. */
export const thermostat = endpoint({
  name: 'thermostat',
  topic: 'rooms/{room}/thermostat',
  request: json(target),
  response: text,
})

interface Target {
  readonly target: number
}

/** A broker, and observed links on which there are exchanges of all kinds. */
export interface Exchanges {
  readonly broker: Broker
  readonly requester: Link
  readonly close: () => Promise<void>
}

/** Resolves with how an exchange ended. */
function ended(stream$: ReturnType<typeof exchange$>): Promise<unknown> {
  return new Promise((resolve) => {
    stream$.subscribe({ error: resolve, complete: () => resolve(undefined) })
  })
}

/** Runs an exchange of each kind. */
export async function runExchanges(sink: EventSink): Promise<Exchanges> {
  const broker = createBroker()
  const events$ = new Subject<Parameters<EventSink>[0]>()
  events$.subscribe(sink)
  const isSentAgain = firstValueFrom(events$.pipe(filter(({ kind }) => kind === 'duplicate')))
  const observe = observed((event) => events$.next(event), { payloadBytes: 1_000 })
  const server = observe(broker.link({ clientId: 'server-1' }))
  const requester = observe(broker.link({ clientId: 'phone' }))
  const running: Subscription[] = [
    requests$(server, echo, { group: 'workers' })
      .pipe(serve(({ value }) => of(value)))
      .subscribe(),
    requests$(server, broken)
      .pipe(serve(() => throwError(() => new Error('the <b>pump</b> is broken'))))
      .subscribe(),
    requests$(server, oddServed)
      .pipe(serve(() => of('{"target": "warm"}')))
      .subscribe(),
    requests$(server, numbers)
      .pipe(serve(() => concat(['1', '2', '3', '4', '5'], NEVER)))
      .subscribe(),
    requests$(server, silent)
      .pipe(serve(() => NEVER))
      .subscribe(),
    requests$(server, moved)
      .pipe(
        serve(({ value }) => {
          broker.disconnect('phone')
          return of(value).pipe(delay(50))
        }),
      )
      .subscribe(),
    requests$(server, slow)
      .pipe(serve(({ value }) => from(isSentAgain).pipe(map(() => value))))
      .subscribe(),
  ]
  for (const room of ['kitchen', '<img src=x onerror=alert(1)>'])
    await ended(exchange$(requester, echo, { params: { room }, value: '{"on":true}' }))
  await ended(exchange$(requester, broken, 'x'))
  await ended(exchange$(requester, odd, 'x'))
  await ended(exchange$(requester, slow, 'x', { retry: { count: 1, attemptTimeout: 150 } }))
  await ended(
    exchange$(requester, moved, 'x', { timeout: 60_000, retry: { count: 3, attemptTimeout: 15_000 } }),
  )
  await new Promise<void>((resolve) => {
    let count = 0
    const stream = exchange$(requester, numbers, 'x', { credit: 2 }).subscribe(() => {
      count++
      if (count < 5) return
      queueMicrotask(() => stream.unsubscribe())
      resolve()
    })
  })
  exchange$(requester, silent, 'x', { timeout: 600_000 }).subscribe({ error: () => undefined })
  await firstValueFrom(
    broker.link({ clientId: 'stranger' }).publish$({
      topic: 'response/phone',
      payload: new Uint8Array(),
      correlationData: new TextEncoder().encode('late-1'),
    }),
  )
  return {
    broker,
    requester,
    close: async () => {
      for (const subscription of running) subscription.unsubscribe()
      await Promise.all([server.close(), requester.close()])
      await broker.close()
    },
  }
}
