import {
  endpoint,
  exchange$,
  json,
  payloadField,
  request$,
  requestEither$,
  requests$,
  serve,
  text,
  countsOf,
  type AntiphonError,
  type Link,
  type OutgoingMessage,
} from '@antiphon/core'
import { isLeft } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { from, map, Observable, of, throwError, delay } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { inWorld, type World } from './world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** Serves `echo` on a link of its own. */
function serveEcho({ link, advance }: World, after = 0): Link {
  const server = link('server')
  requests$(server, echo)
    .pipe(
      serve(
        ({ value }) => (after > 0 ? of(`${value}!`).pipe(delay(after, server.scheduler)) : of(`${value}!`)),
        { concurrency: 10_000 },
      ),
    )
    .subscribe()
  advance(50)
  return server
}

/** Everything that happened to a stream, with the time. */
function recorded(world: World): {
  log: unknown[]
  observer: { next: (v: unknown) => void; error: (e: unknown) => void; complete: () => void }
} {
  const log: unknown[] = []
  const at = (): number => world.scheduler.now()
  return {
    log,
    observer: {
      next: (value) => log.push([at(), value]),
      error: (error: AntiphonError) => log.push([at(), 'error', error.code]),
      complete: () => log.push([at(), 'complete']),
    },
  }
}

describe('request$', () => {
  it('answers each question', () => {
    inWorld((world) => {
      serveEcho(world)
      const { log, observer } = recorded(world)
      from(['a', 'b'])
        .pipe(request$(world.link('caller'), echo))
        .subscribe(observer)
      world.advance(100)
      expect(log.map((entry) => (entry as unknown[])[1])).toEqual(['a!', 'b!', 'complete'])
    })
  })

  it('publishes only after the SUBACK, with one SUBSCRIBE for many concurrent questions', () => {
    inWorld((world) => {
      serveEcho(world)
      const before = world.broker.counts().packets['subscribe'] ?? 0
      const caller = world.link('caller')
      const { log, observer } = recorded(world)
      from(Array.from({ length: 50 }, (_, i) => String(i)))
        .pipe(request$(caller, echo))
        .subscribe(observer)
      world.advance(100)
      expect(log).toHaveLength(51)
      expect((world.broker.counts().packets['subscribe'] ?? 0) - before).toBe(1)
    })
  })

  it('times out at its total time and leaves nothing behind', () => {
    inWorld((world) => {
      const caller = world.link('caller')
      const { log, observer } = recorded(world)
      exchange$(caller, echo, 'x', { timeout: 1_000 }).subscribe(observer)
      world.advance(2_000)
      expect(log).toEqual([[1_000, 'error', 'timeout']])
      expect(countsOf(caller, echo)).toMatchObject({ asked: 1, pending: 0, timedOut: 1 })
    })
  })

  it('asks again in silence, with the same correlation and what is left of the expiry', () => {
    inWorld((world) => {
      const caller = world.link('caller')
      const seen: OutgoingMessage[] = []
      world.broker.published$.subscribe(({ message }) => seen.push(message))
      const { log, observer } = recorded(world)
      exchange$(caller, echo, 'x', { timeout: 9_000, retry: { count: 2 } }).subscribe(observer)
      world.advance(20_000)
      expect(seen.map(({ messageExpiryInterval }) => messageExpiryInterval)).toEqual([9, 6, 3])
      expect(new Set(seen.map(({ correlationData }) => String(correlationData))).size).toBe(1)
      expect(log).toEqual([[9_000, 'error', 'timeout']])
    })
  })

  it('a failed exchange ends the stream; requestEither$ lives on', () => {
    inWorld((world) => {
      const { link, advance } = world
      const server = link('server')
      requests$(server, echo)
        .pipe(serve(({ value }) => (value === 'bad' ? throwError(() => new Error('no')) : of(value))))
        .subscribe()
      advance(50)
      const caller = link('caller')
      const plain = recorded(world)
      from(['bad', 'good'])
        .pipe(request$(caller, echo, { concurrency: 1 }))
        .subscribe(plain.observer)
      const either = recorded(world)
      from(['bad', 'good'])
        .pipe(
          requestEither$(caller, echo, { concurrency: 1 }),
          map((answer) => (isLeft(answer) ? answer.left.status?.code : answer.right)),
        )
        .subscribe(either.observer)
      advance(100)
      expect(plain.log.map((entry) => (entry as unknown[]).slice(1))).toEqual([['error', 'status']])
      expect(either.log.map((entry) => (entry as unknown[])[1])).toEqual([500, 'good', 'complete'])
    })
  })

  it('cancels on unsubscribe: the handler is unsubscribed, and nothing is left', () => {
    inWorld((world) => {
      const { link, advance } = world
      const outcomes: string[] = []
      let isStopped = false
      requests$(link('server'), echo)
        .pipe(serve(() => new Observable<string>(() => () => (isStopped = true))))
        .subscribe(({ outcome }) => outcomes.push(outcome))
      advance(50)
      const caller = link('caller')
      const exchange = exchange$(caller, echo, 'x').subscribe()
      advance(50)
      exchange.unsubscribe()
      advance(50)
      expect(isStopped).toBe(true)
      expect(outcomes).toEqual(['cancelled'])
      expect(countsOf(caller, echo)).toMatchObject({ pending: 0, cancelled: 1 })
    })
  })

  it('streams many replies with credit, in order', () => {
    inWorld((world) => {
      const { link, advance } = world
      const numbers = endpoint({ topic: 'numbers', request: text, response: text, replies: 'many' })
      let asked = 0
      requests$(link('server'), numbers)
        .pipe(
          serve(function* ({ value }) {
            for (let i = 0; i < Number(value); i++) {
              asked++
              yield String(i)
            }
          }),
        )
        .subscribe()
      advance(50)
      const got: string[] = []
      let isDone = false
      exchange$(link('caller'), numbers, '100', { credit: 10 }).subscribe({
        next: (v) => got.push(v),
        complete: () => (isDone = true),
        error: console.log,
      })
      advance(500)
      expect(got).toEqual(Array.from({ length: 100 }, (_, i) => String(i)))
      expect(isDone).toBe(true)
      expect(asked).toBe(100)
    })
  })

  it('payload field on 3.1.1', () => {
    inWorld((world) => {
      const { link, advance } = world
      const Req = t.type({ command: t.string, commandId: t.string })
      const Res = t.type({ commandId: t.string, result: t.string })
      const unlock = endpoint({
        topic: 'req/{car}/{mobile}',
        reply: { topic: 'res/{mobile}/{car}', filter: 'res/{mobile}/#' },
        request: json(Req),
        response: json(Res),
        correlation: payloadField('commandId'),
      })
      requests$(link('car1', { protocolVersion: 4 }), unlock, { params: { car: 'car1' } })
        .pipe(serve(() => of({ result: 'Success' })))
        .subscribe(console.log)
      advance(50)
      const log: unknown[] = []
      exchange$(link('m1', { protocolVersion: 4 }), unlock, {
        params: { car: 'car1', mobile: 'm1' },
        value: { command: 'unlock' },
      }).subscribe({ next: (v) => log.push(v), error: (e) => log.push(e) })
      advance(100)
      expect(log).toMatchObject([{ result: 'Success' }])
    })
  })
})
