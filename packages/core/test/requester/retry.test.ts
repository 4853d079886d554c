import {
  AntiphonError,
  endpoint,
  exchange$,
  inOrder,
  json,
  payloadField,
  requests$,
  serve,
  text,
  type RetryOptions,
} from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import * as t from 'io-ts'
import { defer, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import {
  respondOn,
  observe,
  publishedBy,
  responseTo,
  withoutCancels,
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

describe('a silent attempt', () => {
  /** Returns the milliseconds between the attempts of a request without any response. */
  function gapsOf(retry: RetryOptions, timeout: number): readonly number[] {
    let gaps: readonly number[] = []
    withRetries(
      retry,
      [],
      ({ world, attempts }) => {
        world.advance(timeout + 100)
        gaps = delays(withoutCancels(attempts))
      },
      timeout,
    )
    return gaps
  }

  it('is followed by the next one after attemptTimeout and the back-off', () => {
    expect(gapsOf({ count: 3, attemptTimeout: 200, backOff: steady }, 10_000)).toEqual([300, 400, 600])
  })

  it('is followed by the next one after attemptTimeout without backOff', () => {
    expect(gapsOf({ count: 2, attemptTimeout: 200 }, 10_000)).toEqual([200, 200])
  })

  it('leaves an equal share of the timeout to every further attempt', () => {
    const backOff = { initial: 900, maximum: 900, jitter: 0 }
    const gaps = gapsOf({ count: 2, attemptTimeout: 100, backOff }, 1_202)
    expect(gaps.map((gap) => Math.round(gap / 100))).toEqual([4, 4])
    expect(gapsOf({ count: 1, backOff }, 1_000).map((gap) => Math.round(gap / 100))).toEqual([5])
  })

  it('is followed by the next one also if random throws', () => {
    const random = (): never => {
      throw new Error('no entropy')
    }
    const backOff = { initial: 500, random }
    expect(gapsOf({ count: 1, attemptTimeout: 200, backOff }, 2_000)).toEqual([200])
  })
})

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
      ({ world, call, attempts: published }) => {
        world.advance(5_000)
        const attempts = withoutCancels(published)
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

  it('retries a request that the link refuses because its queue is full', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => [responseTo(request, 'response')])
      world.advance(10)
      let refusals = 1
      const full = linkMiddleware({
        publish$: (message, next) =>
          refusals-- > 0
            ? throwError(() => new AntiphonError('overflow', 'the queue is full'))
            : next(message),
      })
      const retry = { count: 1, backOff: steady }
      const call = observe(world, exchange$(full(world.link('requester')), echo, 'x', { retry }))
      world.advance(1_000)
      expect(call.values).toEqual(['response'])
    })
  })

  it('does not retry a response that cannot be decoded', () => {
    inWorld((world) => {
      const numbers = endpoint({ topic: 'echo', request: text, response: json(t.number) })
      respondOn(world, 'echo', (request) => [responseTo(request, 'no JSON')])
      world.advance(10)
      const attempts = publishedBy(world, 'requester')
      const retry = { count: 1, backOff: steady }
      const call = observe(world, exchange$(world.link('requester'), numbers, 'x', { retry }))
      world.advance(1_000)
      expect(call.ending()).toMatchObject({ code: 'decode' })
      expect(attempts).toHaveLength(1)
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
      // The responder has not seen the first attempt, so it cannot have cached a failure.
      expect(new Set(attempts.map(({ message }) => String(message.correlationData))).size).toBe(1)
    })
  })

  it('retries a reported failure with a new correlation, so that the handler runs again', () => {
    inWorld((world) => {
      let runs = 0
      requests$(world.link('server'), echo)
        .pipe(
          serve(() => defer(() => (++runs < 3 ? throwError(() => new Error('not yet')) : of('response')))),
        )
        .subscribe()
      world.advance(50)
      const attempts = publishedBy(world, 'requester')
      const retry = { count: 3, backOff: steady, on: () => true }
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { retry }))
      world.advance(2_000)
      expect(call.values).toEqual(['response'])
      expect(runs).toBe(3)
      expect(new Set(attempts.map(({ message }) => String(message.correlationData))).size).toBe(3)
    })
  })

  it('does not retry a reported failure if the value fixes the token, as the responder would repeat the failure', () => {
    inWorld((world) => {
      const codec = json(t.type({ text: t.string }))
      const tokens = endpoint({
        topic: 'tokens',
        request: codec,
        response: codec,
        correlation: payloadField('id'),
      })
      let runs = 0
      const handler = () => {
        runs += 1
        return throwError(() => new Error('not yet'))
      }
      observe(world, requests$(world.link('server'), tokens).pipe(serve(handler)))
      world.advance(50)
      const attempts = publishedBy(world, 'requester')
      const retry = { count: 3, backOff: steady, on: () => true }
      const requester = world.link('requester')
      const fixed = observe(
        world,
        exchange$(requester, tokens, { text: 'x', id: 'a' } as { text: string }, { retry }),
      )
      world.advance(50)
      expect(fixed.ending()).toMatchObject({ code: 'status', status: { code: 500 } })
      expect([attempts.length, runs]).toEqual([1, 1])
      const free = observe(world, exchange$(requester, tokens, { text: 'x' }, { retry }))
      world.advance(2_000)
      expect(free.ending()).toMatchObject({ code: 'status' })
      expect([attempts.length, runs]).toEqual([5, 5])
    })
  })

  it('does not take the responses of other requests while a request without a token waits for its retry', () => {
    inWorld((world) => {
      const ordered = endpoint({
        topic: 'echo',
        responseTopic: 'response',
        request: text,
        response: text,
        correlation: inOrder(),
      })
      const respond = (payload: string, status: string): void => {
        const userProperties = [['__stat', status]] as const
        world.broker.publish({
          topic: 'response',
          payload: new TextEncoder().encode(payload),
          userProperties,
        })
        world.advance(5)
      }
      const retry = { count: 1, backOff: { ...steady, initial: 100 } }
      const requester = world.link('requester')
      const first = observe(world, exchange$(requester, ordered, '1', { retry }))
      const second = observe(world, exchange$(requester, ordered, '2'))
      world.advance(10)
      respond('', '503')
      respond('2', '200')
      expect([first.values, second.values]).toEqual([[], ['2']])
      world.advance(200)
      respond('1', '200')
      expect(first.values).toEqual(['1'])
    })
  })

  it.each(['on', 'backOff'])('fails the request and keeps serving the link when `%s` throws', (option) => {
    const thrown = new Error('broken option')
    const fail = (): never => {
      throw thrown
    }
    const retry =
      option === 'on'
        ? { count: 3, on: fail }
        : { count: 3, backOff: { ...steady, jitter: 0.5, random: fail } }
    withRetries(retry, [503, 'success'], ({ world, call }) => {
      world.advance(100)
      expect(call.ending()).toMatchObject({
        code: 'unknown',
        cause: thrown,
        endpoint: 'echo',
        rawMessage: 'cannot retry: a function of options.retry threw: broken option',
      })
      expect(world.broker.session('requester')?.unacknowledged).toEqual([])
    })
  })
})
