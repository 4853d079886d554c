import { requests$, serve, type Delivery, type Link } from '@antiphon/core'
import { concat, config, EMPTY, NEVER, Observable, of, Subject, take, takeUntil } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deadlinesOf } from '../../src/link/link-deadlines.js'
import { bytesOf, observe } from '../observed.js'
import { synchronousLink } from '../synchronous-link.js'
import { inWorld } from '../world.js'
import { deliveryOf } from './delivery-of.js'
import { echo, requestProperties } from './with-responder.js'

describe('a responder whose deliveries fail in a middleware', () => {
  const unhandled: unknown[] = []

  beforeEach(() => {
    vi.useFakeTimers()
    unhandled.length = 0
    config.onUnhandledError = (error) => unhandled.push(error)
  })

  afterEach(() => {
    config.onUnhandledError = null
    vi.useRealTimers()
  })

  it('reports the error as unhandled, and receives requests of the next window', () => {
    const windows = [new Subject<Delivery>(), new Subject<Delivery>()]
    const link: Link = {
      ...synchronousLink(() => undefined),
      subscription$: (filter) =>
        concat(
          of(
            ...windows.map(
              (deliveries$) => ({ filter, grantedQoS: 1, deliveries$, unsubscribe$: EMPTY }) as const,
            ),
          ),
          NEVER,
        ),
    }
    const requests: string[] = []
    requests$(link, echo).subscribe(({ value }) => requests.push(value))
    const failure = new Error('the middleware failed')
    windows[0]?.error(failure)
    windows[1]?.next(deliveryOf('x'))
    windows[1]?.complete()
    vi.runAllTimers()
    expect(unhandled).toEqual([failure])
    expect(requests).toEqual(['x'])
  })
})

describe('a link that emits a window while it subscribes', () => {
  /** Returns a link that emits a window at once, and the number of times its subscription was left. */
  function eagerLink(deliveries$: Observable<Delivery>): {
    readonly link: Link
    readonly left: () => number
  } {
    let left = 0
    const link: Link = {
      ...synchronousLink(() => undefined),
      subscription$: (filter) =>
        new Observable((subscriber) => {
          subscriber.next({ filter, grantedQoS: 1, deliveries$, unsubscribe$: EMPTY })
          return () => left++
        }),
    }
    return { link, left: () => left }
  }

  it('is left by a subscriber of requests$ that takes the first request', () => {
    const { link, left } = eagerLink(of(deliveryOf('x')))
    const received: string[] = []
    requests$(link, echo)
      .pipe(take(1))
      .subscribe(({ value }) => received.push(value))
    expect([received, left()]).toEqual([['x'], 1])
  })

  it('is left by a subscriber of requests$ that unsubscribes in onSubscribed', () => {
    const { link, left } = eagerLink(NEVER)
    const stop$ = new Subject<void>()
    requests$(link, echo, { onSubscribed: () => stop$.next() })
      .pipe(takeUntil(stop$))
      .subscribe()
    expect(left()).toBe(1)
  })

  it('keeps a subscription that is drained by pausing in onSubscribed', () => {
    const { link, left } = eagerLink(NEVER)
    const drain$ = new Subject<void>()
    let isComplete = false
    requests$(link, echo, { drain$, drainBy: 'pause', onSubscribed: () => drain$.next() }).subscribe({
      complete: () => (isComplete = true),
    })
    expect([isComplete, left()]).toEqual([true, 0])
  })
})

describe('unsubscribing from requests$', () => {
  it.each<[what: string, payload: string, userProperties: readonly (readonly [string, string])[]]>([
    ['an incomplete payload', 'c', [['__chunk', '0:2:2:00000000']]],
    ['a request that waits for a serve', 'x', []],
  ])('leaves no deadline of %s behind', (_, payload, userProperties) => {
    inWorld((world) => {
      const link = world.link('server')
      const requests = observe(world, requests$(link, echo))
      world.advance(50)
      const before = deadlinesOf(link).size
      world.broker.publish({ topic: 'echo', payload: bytesOf(payload), ...requestProperties, userProperties })
      world.advance(10)
      expect(deadlinesOf(link).size).toBe(before + 1)
      requests.unsubscribe()
      expect(deadlinesOf(link).size).toBe(before)
    })
  })

  it('leaves no deadline of its draining behind', () => {
    inWorld((world) => {
      const link = world.link('server', { clean: true, sessionExpiryInterval: 0 })
      const drain$ = new Subject<void>()
      const records = observe(world, requests$(link, echo, { drain$ }).pipe(serve(() => NEVER)))
      world.advance(50)
      world.broker.publish({ topic: 'echo', payload: bytesOf('x'), ...requestProperties })
      world.advance(10)
      world.broker.refusePublish('response/server/barrier/+', 0x87)
      const before = deadlinesOf(link).size
      drain$.next()
      world.advance(100)
      expect(deadlinesOf(link).size).toBeGreaterThan(before)
      records.unsubscribe()
      world.advance(100)
      expect(deadlinesOf(link).size).toBe(0)
    })
  })
})
