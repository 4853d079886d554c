import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import type { RequestContext } from '../../src/responder/request-context.js'
import { UnservedRequests } from '../../src/responder/unserved-requests.js'
import { deadlines, type Deadlines } from '../../src/time/deadlines.js'

/** Requests that wait for a `serve`, and how each of them ended. */
interface Waiting {
  readonly unserved: UnservedRequests
  readonly pending: Deadlines
  readonly ended: readonly string[]
  readonly request: (bytes?: number, lifetime?: number) => RequestContext
  readonly advance: (milliseconds: number) => void
}

const MAX_BYTES = 16 * 2 ** 20
const TOO_MANY = 'too many requests wait for a serve'
const EXPIRED = 'no serve received it until it expired'

/** Runs a test with a `ttl` of 1 000 ms for requests without an expiry. */
function withWaiting(test: (waiting: Waiting) => void): void {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(() => {
    const pending = deadlines(scheduler)
    const ended: string[] = []
    const responder = { deadlines: pending, cacheBounds: { ttl: 1_000 } }
    const request: Waiting['request'] = (bytes = 0, lifetime = Infinity) => {
      const endUnserved = (reason: string): void => void ended.push(reason)
      return { message: { payload: { length: bytes } }, lifetime, responder, endUnserved } as never
    }
    const advance: Waiting['advance'] = (milliseconds) => {
      scheduler.maxFrames = scheduler.now() + milliseconds
      scheduler.schedule(() => undefined, milliseconds)
      scheduler.flush()
    }
    test({ unserved: new UnservedRequests(), pending, ended, request, advance })
  })
}

describe('the requests that wait for a serve', () => {
  it('are at most 10 000; a further one ends at once', () => {
    withWaiting(({ unserved, ended, request }) => {
      const first = request()
      unserved.add(first)
      for (let index = 1; index < 10_000; index++) unserved.add(request())
      expect(ended).toEqual([])
      unserved.add(request())
      expect(ended).toEqual([TOO_MANY])
      unserved.remove(first)
      unserved.add(request())
      expect(ended).toEqual([TOO_MANY])
    })
  })

  it('have at most 16 MiB; a request that exceeds them ends at once', () => {
    withWaiting(({ unserved, ended, request }) => {
      const half = request(MAX_BYTES / 2)
      unserved.add(half)
      unserved.add(request(MAX_BYTES / 2))
      expect(ended).toEqual([])
      unserved.add(request(1))
      expect(ended).toEqual([TOO_MANY])
      unserved.remove(half)
      unserved.add(request(MAX_BYTES / 2))
      unserved.add(request(1))
      expect(ended).toEqual([TOO_MANY, TOO_MANY])
    })
  })

  it.each([
    ['at their expiry', 300, 300],
    ['after ttl if they do not expire', Infinity, 1_000],
  ])('end %s', (_, lifetime, expected) => {
    withWaiting(({ unserved, ended, request, advance }) => {
      unserved.add(request(0, lifetime))
      advance(expected - 1)
      expect(ended).toEqual([])
      advance(1)
      expect(ended).toEqual([EXPIRED])
    })
  })

  it('do not end once a serve has received them, or the responder has stopped', () => {
    withWaiting(({ unserved, pending, ended, request, advance }) => {
      const received = request()
      unserved.add(received)
      unserved.remove(received)
      unserved.remove(received)
      expect(pending.size).toBe(0)
      for (let index = 0; index < 3; index++) unserved.add(request())
      unserved.clear()
      expect(pending.size).toBe(0)
      advance(2_000)
      expect(ended).toEqual([])
    })
  })
})
