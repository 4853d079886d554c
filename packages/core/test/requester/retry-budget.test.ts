import { endpoint, exchange$, requesterStats, text, type Link, type RetryOptions } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { observe, publishedBy, respondOn, responseTo, withoutCancels, type Observed } from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const other = endpoint({ topic: 'other', request: text, response: text })
const retry = { count: 1, attemptTimeout: 100, budget: { burst: 2, perResponse: 0.5 } }

function send(world: World, link: Link, options: RetryOptions = retry, to = echo): Observed<string> {
  return observe(world, exchange$(link, to, 'x', { timeout: 1_000, retry: options }))
}

/** The number of attempts that each of some requests without a response sends. */
function attemptsOfSilentRequests(count: number, options: RetryOptions): number {
  let attempts = 0
  inWorld((world) => {
    const published = publishedBy(world, 'requester')
    const link = world.link('requester')
    for (let index = 0; index < count; index += 1) send(world, link, options)
    world.advance(2_000)
    attempts = withoutCancels(published).length
  })
  return attempts
}

describe('the retry budget', () => {
  it('limits the retries of all requests to an endpoint together', () => {
    expect(attemptsOfSilentRequests(5, retry)).toBe(5 + 2)
    expect(attemptsOfSilentRequests(150, { count: 1, attemptTimeout: 100 })).toBe(150 + 100)
    expect(attemptsOfSilentRequests(150, { ...retry, budget: { burst: Infinity } })).toBe(300)
    expect(attemptsOfSilentRequests(3, { ...retry, budget: { burst: 0 } })).toBe(3)
  })

  it('is named in the timeout of a request that was not sent again', () => {
    inWorld((world) => {
      const link = world.link('requester')
      const [first, second] = [1, 2].map(() => send(world, link, { ...retry, budget: { burst: 1 } }))
      world.advance(2_000)
      const messages = [first, second].map((call) => (call?.ending() as Error).message)
      const reason = 'It was not sent again, because the retry budget of the endpoint is used up'
      expect(messages.map((message) => message.includes(reason))).toEqual([false, true])
    })
  })

  it('fails a request with a failure that would be retried, and says why it was not', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => [
        responseTo(request, 'busy', { userProperties: [['__stat', '503']] }),
      ])
      world.advance(10)
      const call = send(world, world.link('requester'), { ...retry, budget: { burst: 0 } })
      world.advance(50)
      expect(call.ending()).toMatchObject({
        code: 'status',
        status: { code: 503 },
        endpoint: 'echo',
        message: expect.stringMatching(/503; not sent again, because the retry budget/) as string,
      })
      expect(requesterStats(world.link('requester'), echo).retried).toBe(0)
    })
  })

  it('is refilled by responses, up to its burst', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      let isSilent = true
      respondOn(world, 'echo', (request) => (isSilent ? [] : [responseTo(request, 'response')]))
      world.advance(10)
      const link = world.link('requester')
      const attemptsOf = (count: number): number => {
        const before = withoutCancels(published).length
        for (let index = 0; index < count; index += 1) send(world, link)
        world.advance(2_000)
        return withoutCancels(published).length - before
      }
      expect(attemptsOf(4)).toBe(4 + 2)
      isSilent = false
      expect(attemptsOf(3)).toBe(3)
      isSilent = true
      expect(attemptsOf(4)).toBe(4 + 1)
      isSilent = false
      attemptsOf(20)
      isSilent = true
      expect(attemptsOf(4)).toBe(4 + 2)
    })
  })

  it('is that of one endpoint and one connection', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const link = world.link('requester')
      send(world, link, { ...retry, budget: { burst: 1 } })
      send(world, link, { ...retry, budget: { burst: 1 } }, other)
      send(world, world.link('second'), { ...retry, budget: { burst: 1 } })
      world.advance(2_000)
      expect(withoutCancels(published)).toHaveLength(4)
    })
  })
})
