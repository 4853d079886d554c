import {
  requesterStats,
  endpoint,
  request$,
  unmatchedResponses$,
  text,
  type OutgoingMessage,
} from '@antiphon/core'
import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { respondOn, observe, responseTo, textOf } from '../observed.js'
import { synchronousLink } from '../synchronous-link.js'
import { inWorld } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** Yields the number of requests per round: 1, 2, 1, 3, 1, …, 64, and again until all requests are used. */
function* rounds(requestCount: number): Generator<number> {
  for (let left = requestCount; left > 0;)
    for (let largest = 2; largest <= 64 && left > 0; largest++)
      for (const size of [1, largest]) {
        yield Math.min(size, left)
        left -= Math.min(size, left)
        if (left === 0) break
      }
}

/** Enough for several rounds of 64; the nightly run uses 100 000. */
const fewCalls = process.env['ANTIPHON_FC_RUNS'] === undefined ? 20_000 : 100_000

describe('an in-flight count that returns to 0 repeatedly', () => {
  it.each([
    [100_000, 'after all were published'],
    [fewCalls, 'before the acknowledgement'],
    [fewCalls, 'in reverse'],
  ] as const)(
    'settles all of %i requests with responses %s',
    (requestCount, order) => {
      const delayed: (() => void)[] = []
      const link = synchronousLink((message, deliver) => {
        const respond = (): void => deliver(responseTo(message, textOf(message)))
        if (order === 'before the acknowledgement') respond()
        else delayed.push(respond)
      })
      let unmatched = 0
      unmatchedResponses$(link).subscribe(() => unmatched++)
      const requests = new Subject<string>()
      let requested = 0
      let responded = 0
      let wrong = 0
      const pending = new Set<string>()
      requests.pipe(request$(link, echo)).subscribe((response) => {
        responded++
        if (!pending.delete(response)) wrong++
      })
      for (const size of rounds(requestCount)) {
        for (let index = 0; index < size; index++) {
          const request = String(requested++)
          pending.add(request)
          requests.next(request)
        }
        const responses = delayed.splice(0)
        if (order === 'in reverse') responses.reverse()
        for (const respond of responses) respond()
        expect(requesterStats(link, echo).pending).toBe(0)
      }
      expect({ requested, responded, wrong, unmatched, pending: pending.size }).toEqual({
        requested: requestCount,
        responded: requestCount,
        wrong: 0,
        unmatched: 0,
        pending: 0,
      })
      expect([link.subscribed(), link.unacknowledged()]).toEqual([1, 0])
    },
    120_000,
  )

  it('settles all of 10 000 requests over a broker', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request: OutgoingMessage) => [responseTo(request, textOf(request))], 0)
      world.advance(10)
      const requests = new Subject<string>()
      const requester = world.link('requester')
      const responses = observe(world, requests.pipe(request$(requester, echo)))
      let requested = 0
      for (const size of rounds(10_000)) {
        for (let index = 0; index < size; index++) requests.next(String(requested++))
        world.advance(20)
        if (responses.values.length !== requested) break
      }
      expect(responses.values).toHaveLength(10_000)
      expect(requesterStats(requester, echo)).toMatchObject({
        requested: 10_000,
        responded: 10_000,
        pending: 0,
      })
    })
  })
})
