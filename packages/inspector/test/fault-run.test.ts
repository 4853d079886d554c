import { AntiphonError, endpoint, exchange$, requests$, serve, text } from '@antiphon/core'
import { observed } from '@antiphon/core/events'
import { inspect } from '@antiphon/inspector'
import { virtualBroker } from '@antiphon/testing'
import { once } from 'node:events'
import { delay, of, VirtualAction, VirtualTimeScheduler, type Subscription } from 'rxjs'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { ExchangeLog } from '../src/model/exchange-log.js'
import { toEvent } from '../src/model/read-event.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** Faults of connections and packets that do not close a link: lost, late, repeated and reordered packets, outages. */
const FAULTS = 'xrikbdunysfwlvoWVOXIBD'

const REQUESTS = 300

/** Returns numbers below `limit` that look random, the same for each seed. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** What the application saw of its requests, by outcome, and how often the handler ran. */
interface Seen {
  readonly outcomes: Record<string, number>
  readonly handled: string[]
}

/** Sends and serves requests while both connections have faults, and returns what the application saw. */
function runWithFaults(seed: number, sink: Parameters<typeof observed>[0]): Seen {
  const random = randomNumbers(seed)
  const scheduler = new VirtualTimeScheduler(VirtualAction, 0)
  const runFor = (milliseconds: number): void => {
    scheduler.maxFrames += milliseconds
    scheduler.flush()
    // Time passes also if no timer is due.
    scheduler.frame = scheduler.maxFrames
  }
  const script = (): string =>
    `${Array.from({ length: 400 }, () => (random(3) === 0 ? FAULTS.charAt(random(FAULTS.length)) : '-')).join('')}-h`
  const broker = virtualBroker({ scheduler, seed, latency: 1 })
  const observe = observed(sink, { payloadBytes: 100 })
  const requester = observe(broker.link({ clientId: 'requester' }))
  const responder = observe(broker.link({ clientId: 'responder' }))
  const seen: Seen = { outcomes: {}, handled: [] }
  const count = (outcome: string): void => {
    seen.outcomes[outcome] = (seen.outcomes[outcome] ?? 0) + 1
  }
  requests$(responder, echo)
    .pipe(
      serve(({ value }) => {
        seen.handled.push(value)
        return of(value).pipe(delay(random(30), scheduler))
      }),
    )
    .subscribe()
  runFor(20)
  broker.play(script(), { clientId: 'requester' })
  broker.play(script(), { clientId: 'responder' })
  for (let index = 0; index < REQUESTS; index++) {
    let isSettled = false
    const settle = (outcome: string): void => {
      isSettled = true
      count(outcome)
    }
    const options = { timeout: 300, retry: { count: random(3), attemptTimeout: 60 } }
    const exchange: Subscription = exchange$(requester, echo, `${index}`, options).subscribe({
      error: (error: unknown) =>
        settle(AntiphonError.from(error).code === 'timeout' ? 'timed-out' : 'failed'),
      complete: () => settle('responded'),
    })
    if (random(8) === 0)
      scheduler.schedule(() => {
        if (!isSettled) settle('cancelled')
        exchange.unsubscribe()
      }, random(40))
    runFor(random(4))
  }
  runFor(100_000)
  return seen
}

it.each([1, 2, 3])('accounts for all exchanges of a run with faults, seed %i', async (seed) => {
  const inspector = await inspect()
  const socket = new WebSocket(inspector.url.replace('http', 'ws'))
  await once(socket, 'message')
  const log = new ExchangeLog()
  socket.on('message', (data: Buffer) => {
    for (const value of JSON.parse(data.toString()) as readonly unknown[]) {
      const event = toEvent(value)
      if (event === undefined) throw new Error(`not an event: ${JSON.stringify(value)}`)
      log.add(event)
    }
  })
  let emitted = 0
  const seen = runWithFaults(seed, (event) => {
    emitted++
    inspector.sink(event)
  })
  while (log.events < emitted) await once(socket, 'message')
  await inspector.close()

  const outcomes: Record<string, number> = {}
  const exchanges = log.rows.filter(({ requester }) => requester !== undefined)
  for (const { outcome = 'pending' } of exchanges) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  expect(outcomes).toEqual(seen.outcomes)
  // All kinds have occurred, so that the comparison means something.
  expect(Object.keys(outcomes).sort()).toEqual(
    expect.arrayContaining(['cancelled', 'responded', 'timed-out']),
  )
  expect(exchanges).toHaveLength(REQUESTS)
  expect(log.dropped + log.forgotten).toBe(0)
  const started = log.rows.flatMap(({ events }) => events.filter(({ kind }) => kind === 'started'))
  expect(started).toHaveLength(seen.handled.length)
  for (const { outcome, request, response } of exchanges)
    if (outcome === 'responded') expect(response?.payload).toBe(request?.payload)
  expect(exchanges.some(({ attempts }) => attempts > 1)).toBe(true)
  // Each request that the responder has seen is a part of its requester's exchange.
  expect(log.rows.filter(({ requester }) => requester === undefined)).toEqual([])
  expect(log.connections.some(({ kind }) => kind === 'offline')).toBe(true)
})
