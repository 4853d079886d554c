import { endpoint, serve, text, type ServeOptions } from '@antiphon/core'
import { defer, delay, finalize, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { ConcurrencyLimit } from '../../src/responder/adaptive-concurrency.js'
import { bytesOf } from '../observed.js'
import { withResponder } from './with-responder.js'

/** Returns how many handlers may run at once. */
function sizeOf(limit: ConcurrencyLimit): number {
  let running = 0
  while (limit.hasRoom(running)) running += 1
  return running
}

/** Ends as many runs as may run at once; `average` is what they took. */
function round(limit: ConcurrencyLimit, average: number): void {
  for (let runs = sizeOf(limit); runs > 0; runs -= 1) limit.onEnd(average)
}

describe('ConcurrencyLimit', () => {
  it('grows by one a round while handlers are fast enough, up to its maximum', () => {
    const limit = new ConcurrencyLimit({ target: 100, minimum: 2, maximum: 4 })
    const sizes = [2, 3, 4, 5].map(() => {
      round(limit, 100)
      return sizeOf(limit)
    })
    expect(sizes).toEqual([3, 4, 4, 4])
  })

  it('shrinks by a tenth a round while handlers are too slow, down to its minimum', () => {
    const limit = new ConcurrencyLimit({ target: 100, minimum: 18 })
    for (let rounds = 0; rounds < 4; rounds += 1) round(limit, 50)
    expect(sizeOf(limit)).toBe(22)
    const sizes = [1, 2, 3].map(() => {
      round(limit, 101)
      return sizeOf(limit)
    })
    expect(sizes).toEqual([19, 18, 18])
  })

  it('does not grow while fewer handlers run than may', () => {
    const limit = new ConcurrencyLimit({ target: 100 })
    for (let runs = 0; runs < 100; runs += 1) limit.onEnd(1)
    expect(limit.hasRoom(3)).toBe(true)
    expect(limit.hasRoom(4)).toBe(false)
  })

  it('stays fixed if it is a number', () => {
    const limit = new ConcurrencyLimit(3)
    for (const average of [1, 1, 1_000_000, Infinity, 1]) round(limit, average)
    expect(sizeOf(limit)).toBe(3)
  })
})

describe('serve with an adaptive concurrency', () => {
  const echo = endpoint({ topic: 'echo', request: text, response: text })

  /** The most handlers at once, and how long the last ones took, if each of n takes n times 10 ms. */
  function mostRunning(concurrency: NonNullable<ServeOptions['concurrency']>): number {
    let running = 0
    let most = 0
    withResponder(
      {
        endpoint: echo,
        handler: () =>
          defer(() => {
            running += 1
            most = Math.max(most, running)
            return of('done').pipe(
              delay(10 * running),
              finalize(() => (running -= 1)),
            )
          }),
        serve: { concurrency },
        client: { receiveMaximum: 65_535 },
      },
      ({ sendRequest, world, responses }) => {
        for (let index = 0; index < 1_000; index += 1)
          sendRequest('x', { correlationData: bytesOf(String(index)) })
        world.advance(200_000)
        expect(responses).toHaveLength(1_000)
      },
    )
    return most
  }

  it('runs as many handlers at once as end within the target', () => {
    expect(mostRunning(100)).toBe(100)
    const most = mostRunning({ target: 80 })
    expect(most).toBeGreaterThan(6)
    expect(most).toBeLessThan(20)
  })

  it.each([
    [{}, 'options.concurrency.target is missing: it must be a number of milliseconds'],
    [{ target: 0 }, 'options.concurrency.target is 0: it must be a number from 0.001'],
    [{ target: 1, maximum: 3 }, 'options.concurrency.maximum is 3: it must be at least minimum, 4'],
    [{ target: 1, most: 3 }, 'options.concurrency.most is not known'],
    [null, 'options.concurrency is null: it must be an object'],
    [0, 'options.concurrency is 0: it must be a whole number from 1'],
  ])('rejects the concurrency %j', (concurrency, message) => {
    expect(() => serve(() => of('x'), { concurrency: concurrency as never })).toThrow(message)
  })

  it('accepts a maximum that equals the minimum', () => {
    expect(() => serve(() => of('x'), { concurrency: { target: 1, maximum: 4 } })).not.toThrow()
  })
})
