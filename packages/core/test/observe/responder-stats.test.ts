import { responderStats } from '@antiphon/core'
import { delay, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../observed.js'
import { cancelProperties, echo, withEchoResponder } from '../responder/with-responder.js'

describe('responderStats', () => {
  it('counts received requests, their outcomes and ignored messages', () => {
    withEchoResponder(
      ({ sendRequest, world, server, sendControl }) => {
        sendRequest('fine', { correlationData: bytesOf('1') })
        sendRequest('bad', { correlationData: bytesOf('2') })
        sendRequest('busy', { correlationData: bytesOf('3') })
        sendRequest('bad', { correlationData: bytesOf('2') })
        sendControl(cancelProperties, { correlationData: bytesOf('1') })
        sendRequest('no response topic', { responseTopic: 'a/#' })
        const before = responderStats(server, echo)
        world.advance(1_000)
        sendRequest('late', { correlationData: bytesOf('4') })
        world.advance(1_000)
        expect(responderStats(server, echo)).toEqual({
          received: 4,
          responded: 1,
          failed: 1,
          'timed-out': 0,
          expired: 0,
          cancelled: 1,
          busy: 1,
          unsent: 0,
          // A duplicate, the cancel, and a request with an invalid response topic.
          ignored: 3,
          evicted: 0,
          shed: 0,
        })
        expect(before.received).toBe(0)
      },
      {
        serve: { concurrency: 2, queue: 0 },
        handler: ({ value }) =>
          value === 'bad' ? throwError(() => new Error('no')) : of('done').pipe(delay(100)),
      },
    )
  })

  it('counts the responses that the cache had no room for before they expired', () => {
    withEchoResponder(
      ({ sendRequest, world, server }) => {
        for (const name of ['1', '2', '3']) sendRequest(name, { correlationData: bytesOf(name) })
        world.advance(50)
        expect(responderStats(server, echo).evicted).toBe(2)
        world.advance(2_000)
        sendRequest('4', { correlationData: bytesOf('4') })
        world.advance(50)
        expect(responderStats(server, echo).evicted).toBe(2)
      },
      { requests: { responseCache: { entries: 1, ttl: 1_000 } } },
    )
  })
})
