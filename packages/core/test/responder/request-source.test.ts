import { endpoint, requests$, text, type Delivery, type Link } from '@antiphon/core'
import { concat, config, EMPTY, NEVER, of, Subject } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { synchronousLink } from '../synchronous-link.js'

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
    requests$(link, endpoint({ topic: 'echo', request: text, response: text })).subscribe(({ value }) =>
      requests.push(value),
    )
    const failure = new Error('the middleware failed')
    windows[0]?.error(failure)
    const message = {
      topic: 'echo',
      payload: new TextEncoder().encode('x'),
      responseTopic: 'response',
      qos: 1,
      retain: false,
      dup: false,
    } as const
    windows[1]?.next({ message, acknowledge: () => undefined })
    windows[1]?.complete()
    vi.runAllTimers()
    expect(unhandled).toEqual([failure])
    expect(requests).toEqual(['x'])
  })
})
