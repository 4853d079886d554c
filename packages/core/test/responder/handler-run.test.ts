import { responderStats } from '@antiphon/core'
import { delay, NEVER, of, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { deadlinesOf } from '../../src/link/link-deadlines.js'
import { bytesOf } from '../observed.js'
import { echo, withEchoResponder } from './with-responder.js'

describe('the run of a handler', () => {
  it('does not start for a request that expires at the moment when its handler could start', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, records, responses }) => {
        // The response has QoS 0, so that the next handler starts when the first one has responded.
        sendRequest('first', { qos: 0 })
        sendRequest('second', { correlationData: bytesOf('2'), messageExpiryInterval: 1 })
        world.advance(2_000)
        expect(handled.map(({ value }) => value)).toEqual(['first'])
        expect(records.values.map(({ outcome }) => outcome)).toEqual(['responded', 'expired'])
        const endedAt = records.values.map(({ endedAt }) => endedAt)
        expect(endedAt[1]).toBe(endedAt[0])
        expect(responses).toHaveLength(1)
      },
      { handler: () => of('done').pipe(delay(1_000)), serve: { concurrency: 1, shedLate: false } },
    )
  })

  it('has a deadline while its request waits, unless the request does not expire', () => {
    withEchoResponder(
      ({ sendRequest, world, server }) => {
        sendRequest('running')
        world.advance(10)
        const sizes = [60, undefined].map((messageExpiryInterval, index) => {
          const before = deadlinesOf(server).size
          sendRequest('waiting', {
            correlationData: bytesOf(String(index)),
            ...(messageExpiryInterval !== undefined && { messageExpiryInterval }),
          })
          world.advance(10)
          return deadlinesOf(server).size - before
        })
        expect(sizes).toEqual([1, 0])
      },
      { handler: () => NEVER, serve: { concurrency: 1 } },
    )
  })

  it('is counted once if its response is acknowledged after the responder has ended', () => {
    const drain$ = new Subject<void>()
    withEchoResponder(
      ({ sendRequest, world, server, records }) => {
        sendRequest('x')
        world.advance(50)
        world.broker.down()
        world.advance(100)
        drain$.next()
        world.advance(100)
        expect(records.values.map(({ outcome }) => outcome)).toEqual(['unsent'])
        world.broker.up()
        world.advance(1_000)
        expect(responderStats(server, echo)).toMatchObject({ unsent: 1, responded: 0 })
      },
      {
        handler: () => of('done').pipe(delay(100)),
        requests: { drain$, drainTimeout: 10 },
      },
    )
  })
})
