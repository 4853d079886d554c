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

/** How many questions are open at once, one round after the other: 1, 2, 1, 2, 3, 1, …, 64, 1. */
function* rounds(calls: number): Generator<number> {
  for (let left = calls; left > 0;)
    for (let most = 2; most <= 64 && left > 0; most++)
      for (const size of [1, most]) {
        yield Math.min(size, left)
        left -= Math.min(size, left)
        if (left === 0) break
      }
}

/** Enough for several climbs to 64; the nightly run asks for as many as of the first kind. */
const few = process.env['ANTIPHON_FC_RUNS'] === undefined ? 20_000 : 100_000

describe('in-flight counts that keep touching zero', () => {
  it.each([
    [100_000, 'after all were asked'],
    [few, 'before the acknowledgement'],
    [few, 'in reverse'],
  ] as const)(
    'lose none of %i calls answered %s',
    (calls, when) => {
      const waiting: (() => void)[] = []
      const link = synchronousLink((message, deliver) => {
        const response = (): void => deliver(responseTo(message, textOf(message)))
        if (when === 'before the acknowledgement') response()
        else waiting.push(response)
      })
      let unmatched = 0
      unmatchedResponses$(link).subscribe(() => unmatched++)
      const requests = new Subject<string>()
      let requested = 0
      let answered = 0
      let wrong = 0
      const open = new Set<string>()
      requests.pipe(request$(link, echo)).subscribe((response) => {
        answered++
        if (!open.delete(response)) wrong++
      })
      for (const size of rounds(calls)) {
        for (let index = 0; index < size; index++) {
          const request = String(requested++)
          open.add(request)
          requests.next(request)
        }
        const responses = waiting.splice(0)
        if (when === 'in reverse') responses.reverse()
        for (const response of responses) response()
        expect(requesterStats(link, echo).pending).toBe(0)
      }
      expect({ asked: requested, answered, wrong, strays: unmatched, open: open.size }).toEqual({
        asked: calls,
        answered: calls,
        wrong: 0,
        strays: 0,
        open: 0,
      })
      expect([link.subscribed(), link.unacknowledged()]).toEqual([1, 0])
    },
    120_000,
  )

  it('lose none of 10 000 calls over a broker', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request: OutgoingMessage) => [responseTo(request, textOf(request))], 0)
      world.advance(10)
      const requests = new Subject<string>()
      const requester = world.link('caller')
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
