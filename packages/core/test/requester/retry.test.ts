import { endpoint, exchange$, text, type AntiphonError, type RetryOptions } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import {
  respondOn,
  observe,
  publishedBy,
  responseTo,
  type Observed,
  type PublishedMessage,
} from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const steady = { initial: 100, maximum: 1_000, jitter: 0 }

/** The result of each attempt: a status, or success. */
type AttemptResults = readonly (number | 'success')[]

interface Fixture {
  readonly world: World
  readonly call: Observed<string>
  readonly attempts: readonly PublishedMessage[]
}

/** Sends one request to a peer that responds to each attempt with the next result. */
function withRetries(
  retry: RetryOptions,
  results: AttemptResults,
  test: (fixture: Fixture) => void,
  timeout = 5_000,
): void {
  inWorld((world) => {
    const attempts = publishedBy(world, 'requester')
    let received = 0
    respondOn(world, 'echo', (request) => {
      const result = results[received++]
      if (result === undefined) return []
      return [
        responseTo(
          request,
          'response',
          result === 'success' ? {} : { userProperties: [['__stat', `${result}`]] },
        ),
      ]
    })
    world.advance(10)
    const call = observe(world, exchange$(world.link('requester'), echo, 'x', { timeout, retry }))
    test({ world, call, attempts })
  })
}

/** Returns the milliseconds between successive attempts. */
function delays(attempts: readonly PublishedMessage[]): readonly number[] {
  return attempts.slice(1).map(({ at }, index) => at - (attempts[index]?.at ?? NaN))
}

describe('retrying a failed request', () => {
  it('retries with growing delays and the same correlation', () => {
    withRetries({ count: 3, backOff: steady }, [503, 503, 503, 'success'], ({ world, call, attempts }) => {
      world.advance(5_000)
      expect(call.values).toEqual(['response'])
      // Each delay includes 4 ms for the packets and the peer.
      expect(delays(attempts)).toEqual([104, 204, 404])
      expect(new Set(attempts.map(({ message }) => String(message.correlationData))).size).toBe(1)
    })
  })

  it('fails with the error of the last attempt', () => {
    withRetries({ count: 1, backOff: steady }, [503, 503, 'success'], ({ world, call, attempts }) => {
      world.advance(5_000)
      expect(attempts).toHaveLength(2)
      expect(call.ending()).toMatchObject({ code: 'status', status: { code: 503 } })
    })
  })

  it('does not retry beyond the timeout', () => {
    withRetries(
      { count: 5, backOff: { ...steady, initial: 800 } },
      [503, 503, 503],
      ({ world, call, attempts }) => {
        world.advance(5_000)
        expect(attempts).toHaveLength(2)
        expect(call.ending()).toMatchObject({ code: 'timeout' })
        expect(attempts.map(({ message }) => message.messageExpiryInterval)).toEqual([2, 1])
      },
      1_500,
    )
  })

  it.each([400, 408, 415, 499, 500, 505])('does not retry status %d by default', (status) => {
    withRetries({ count: 3, backOff: steady }, [status, 'success'], ({ world, call }) => {
      world.advance(5_000)
      expect(call.ending()).toMatchObject({ code: 'status', status: { code: status } })
    })
  })

  it('retries only the errors that `on` accepts', () => {
    const on = ({ status }: AntiphonError): boolean => status?.code === 500
    withRetries({ count: 3, backOff: steady, on }, [500, 503, 'success'], ({ world, call, attempts }) => {
      world.advance(5_000)
      expect(attempts).toHaveLength(2)
      expect(call.ending()).toMatchObject({ status: { code: 503 } })
    })
  })

  it('retries a request that the broker refuses', () => {
    withRetries({ count: 2, backOff: steady }, ['success'], ({ world, call, attempts }) => {
      const allow = world.broker.refusePublish('echo', 0x97)
      world.advance(50)
      expect(call.ending()).toBeUndefined()
      allow()
      world.advance(500)
      expect(call.values).toEqual(['response'])
      expect(attempts.map(({ reasonCode }) => reasonCode)).toEqual([0x97, 0])
    })
  })
})
