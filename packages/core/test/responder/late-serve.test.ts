import { requests$, serve, type RequestsOptions } from '@antiphon/core'
import { delay, filter, NEVER, of, share, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe, publishedBy, textOf, type Observed } from '../observed.js'
import { inWorld, type World } from '../world.js'
import { echo, requestProperties } from './with-responder.js'

type Echo = NonNullable<(typeof echo)['types']>

/** Serves `echo`: an operator keeps each request for 100 ms, then its handler takes some milliseconds. */
function serveLate(
  world: World,
  handlerTime: number,
  options: RequestsOptions<Echo> = {},
): Observed<unknown> {
  return observe(
    world,
    requests$(world.link('server'), echo, options).pipe(
      delay(100),
      serve(() => of('done').pipe(delay(handlerTime))),
    ),
  )
}

function sendRequest({ broker }: World, properties: object = {}): void {
  broker.publish({ topic: 'echo', payload: bytesOf('x'), ...requestProperties, ...properties })
}

describe('a request that serve receives late', () => {
  it.each(['on-start', 'after-response', 'on-receipt'] as const)(
    'is responded to before a drained responder completes, with acknowledge: %s',
    (acknowledge) => {
      inWorld((world) => {
        const drain$ = new Subject<void>()
        const responses = publishedBy(world, 'server')
        const records = serveLate(world, 500, { acknowledge, drain$ })
        world.advance(50)
        sendRequest(world)
        world.advance(150)
        drain$.next()
        world.advance(300)
        expect(records.ending()).toBeUndefined()
        world.advance(300)
        expect(responses.map(({ message }) => textOf(message))).toContain('done')
        expect(records.ending()).toBe('complete')
      })
    },
  )

  it('is handled for longer than requests without an expiry may wait for serve', () => {
    inWorld((world) => {
      const records = serveLate(world, 70_000)
      world.advance(50)
      sendRequest(world)
      world.advance(75_000)
      expect(records.values).toMatchObject([{ outcome: 'responded' }])
    })
  })

  it('does not keep a drained responder from completing once it has expired unserved', () => {
    inWorld((world) => {
      const drain$ = new Subject<void>()
      const records = observe(
        world,
        requests$(world.link('server'), echo, { drain$, drainTimeout: 60_000 }).pipe(
          filter(() => false),
          serve(() => of('done')),
        ),
      )
      world.advance(50)
      sendRequest(world, { messageExpiryInterval: 1 })
      world.advance(2_000)
      drain$.next()
      world.advance(50)
      expect(records.ending()).toBe('complete')
    })
  })

  it('is handled once when two serves share a requests$, also while its handler runs', () => {
    inWorld((world) => {
      const responses = publishedBy(world, 'server')
      const shared$ = requests$(world.link('server'), echo).pipe(share())
      const handled: string[] = []
      const records = ['first', 'second'].map((name) =>
        observe(
          world,
          shared$.pipe(
            serve(() => {
              handled.push(name)
              return of(name).pipe(delay(50))
            }),
          ),
        ),
      )
      world.advance(50)
      sendRequest(world)
      world.advance(200)
      expect(handled).toEqual(['first'])
      expect(responses.map(({ message }) => textOf(message))).toEqual(['first'])
      expect(records.map(({ values }) => values.length)).toEqual([1, 0])
    })
  })

  it('has its signal aborted at the end if its handler starts after drainTimeout', () => {
    inWorld((world) => {
      const drain$ = new Subject<void>()
      const signals: AbortSignal[] = []
      const records = observe(
        world,
        requests$(world.link('server'), echo, {
          drain$,
          drainTimeout: 50,
          acknowledge: 'after-response',
        }).pipe(
          delay(100),
          serve(({ signal }) => {
            signals.push(signal)
            return NEVER
          }),
        ),
      )
      world.advance(50)
      sendRequest(world)
      world.advance(10)
      drain$.next()
      world.advance(500)
      expect(signals.map(({ aborted }) => aborted)).toEqual([false])
      world.advance(1_000)
      expect(records.values).toMatchObject([
        {
          outcome: 'unsent',
          error: {
            code: 'timeout',
            rawMessage: 'cannot respond: the broker has sent no acknowledgement within drainTimeout',
          },
        },
      ])
      expect(signals[0]?.reason).toMatchObject({
        rawMessage: 'the responder stopped before the handler had responded',
      })
      expect(records.ending()).toBe('complete')
    })
  })
})
