import { endpoint, exchange$, gather$, text, type ExchangeOptions, type Link } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import {
  observe,
  publishedBy,
  respondOn,
  responseTo,
  textOf,
  withoutCancels,
  type Observed,
} from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
/** Sends a request again after 300 ms, when 200 ms are left. */
const retried: ExchangeOptions = { timeout: 500, retry: { count: 1, attemptTimeout: 300 } }

interface Setup {
  readonly world: World
  readonly link: Link
  readonly send: (value: string, options?: ExchangeOptions) => Observed<string>
  /** Sends a request that is answered after about 400 ms. */
  readonly measure: () => void
  /** Returns how often a request was sent. */
  readonly attemptsOf: (value: string) => number
}

/** Runs a test with a responder that takes 400 ms, answers `busy` with 503, and does not answer `lost`. */
function withSlowResponder(test: (setup: Setup) => void): void {
  inWorld((world) => {
    const busy = { userProperties: [['__stat', '503']] } as const
    respondOn(
      world,
      'echo',
      (request) => {
        const value = textOf(request)
        return value.startsWith('lost') ? [] : [responseTo(request, 'done', value === 'busy' ? busy : {})]
      },
      400,
    )
    const published = publishedBy(world, 'requester')
    const link = world.link('requester', {
      clean: false,
      sessionExpiryInterval: 3_600,
      reconnect: { initial: 100, maximum: 100, jitter: 0 },
    })
    world.advance(50)
    const send = (value: string, options: ExchangeOptions = { timeout: 1_000 }): Observed<string> =>
      observe(world, exchange$(link, echo, value, options))
    test({
      world,
      link,
      send,
      measure: () => {
        expect(send('measured').values).toEqual([])
        world.advance(1_000)
      },
      attemptsOf: (value) =>
        withoutCancels(published).filter(({ message }) => textOf(message) === value).length,
    })
  })
}

describe('a request whose response would be too late', () => {
  it('is not sent again, and its timeout says why', () => {
    withSlowResponder(({ world, send, measure, attemptsOf }) => {
      measure()
      const call = send('lost', retried)
      world.advance(1_000)
      expect(attemptsOf('lost')).toBe(1)
      expect(call.ending()).toMatchObject({
        code: 'timeout',
        message: expect.stringMatching(
          /It was not sent again, because 200 ms are left, and the fastest of the latest responses took 40\d ms/,
        ) as string,
      })
    })
  })

  it('is sent again if no response was measured, skipLate is false, or the time suffices', () => {
    withSlowResponder(({ world, send, measure, attemptsOf }) => {
      send('lost 1', retried)
      world.advance(1_000)
      measure()
      send('lost 2', { ...retried, skipLate: false })
      send('lost 3', { timeout: 1_000, retry: { count: 1, attemptTimeout: 300 } })
      world.advance(1_000)
      expect(['lost 1', 'lost 2', 'lost 3'].map(attemptsOf)).toEqual([2, 2, 2])
    })
  })

  it('is sent again once the measured response is more than ten seconds old', () => {
    withSlowResponder(({ world, send, measure, attemptsOf }) => {
      measure()
      world.advance(4_500)
      send('lost 1', retried)
      world.advance(5_500)
      send('lost 2', retried)
      world.advance(1_000)
      expect(['lost 1', 'lost 2'].map(attemptsOf)).toEqual([1, 2])
    })
  })

  it('is not sent again after a failure, which it fails with at once', () => {
    withSlowResponder(({ world, send, measure, attemptsOf }) => {
      measure()
      const call = send('busy', { timeout: 700, retry: { count: 1, attemptTimeout: 600 } })
      world.advance(450)
      expect(attemptsOf('busy')).toBe(1)
      expect(call.ending()).toMatchObject({
        code: 'status',
        status: { code: 503 },
        message: expect.stringMatching(/answered 503; not sent again, because \d+ ms are left/) as string,
      })
    })
  })

  it('is not sent after it has waited for a connection, and fails at once', () => {
    withSlowResponder(({ world, send, measure, attemptsOf }) => {
      measure()
      world.broker.down({ sessions: 'keep' })
      world.advance(10)
      const [late, early] = [send('late'), send('early', { timeout: 5_000 })]
      world.advance(650)
      world.broker.up()
      world.advance(100)
      expect(attemptsOf('late')).toBe(0)
      expect(late.ending()).toMatchObject({
        code: 'timeout',
        phase: 'before-network',
        message: expect.stringMatching(/^\[timeout\] echo: not sent, because \d+ ms are left, and/) as string,
      })
      world.advance(1_000)
      expect(early.values).toEqual(['done'])
    })
  })

  it('is not sent again after the retry has waited for a connection', () => {
    withSlowResponder(({ world, send, measure, attemptsOf }) => {
      measure()
      const call = send('lost', { timeout: 2_000, retry: { count: 1, attemptTimeout: 1_000 } })
      world.advance(500)
      world.broker.down({ sessions: 'keep' })
      world.advance(1_250)
      world.broker.up()
      world.advance(1_000)
      expect(attemptsOf('lost')).toBe(1)
      expect(call.ending()).toMatchObject({
        code: 'timeout',
        phase: 'after-network',
        message: expect.stringMatching(/It was not sent again, because \d+ ms are left/) as string,
      })
    })
  })

  it('is not sent after it has waited for the response subscription of a new session', () => {
    withSlowResponder(({ world, send, measure, attemptsOf }) => {
      measure()
      world.advance(200)
      world.broker.down({ sessions: 'lose' })
      world.advance(10)
      const late = send('late')
      world.advance(650)
      world.broker.up()
      world.advance(100)
      expect([attemptsOf('late'), late.ending()]).toEqual([
        0,
        expect.objectContaining({ code: 'timeout', phase: 'before-network' }),
      ])
    })
  })

  it('is sent if it has not waited, however slow the latest responses were', () => {
    withSlowResponder(({ world, send, measure, attemptsOf }) => {
      measure()
      send('short', { timeout: 100 })
      world.advance(1_000)
      expect(attemptsOf('short')).toBe(1)
    })
  })
})

describe('the measured response time', () => {
  it('leaves out responses that have waited for another connection', () => {
    withSlowResponder(({ world, send, attemptsOf }) => {
      const call = send('measured', { timeout: 10_000 })
      world.advance(100)
      world.broker.inject({ kind: 'cut', clientId: 'requester', session: 'keep' })
      world.advance(2_000)
      world.broker.inject({ kind: 'restore', clientId: 'requester' })
      world.advance(1_000)
      expect(call.values).toEqual(['done'])
      send('lost', retried)
      world.advance(1_000)
      expect(attemptsOf('lost')).toBe(2)
    })
  })

  it('is that of the next request if the response to one is lost or fails', () => {
    withSlowResponder(({ world, send, measure, attemptsOf }) => {
      send('lost 1')
      world.advance(2_000)
      send('busy')
      world.advance(2_000)
      send('lost 2', retried)
      world.advance(1_000)
      measure()
      send('lost 3', retried)
      world.advance(1_000)
      expect(['lost 2', 'lost 3'].map(attemptsOf)).toEqual([2, 1])
    })
  })

  it('leaves out a gather$ that no responder has answered', () => {
    withSlowResponder(({ world, link, send, attemptsOf }) => {
      observe(world, gather$(link, echo, 'lost 1', { timeout: 1_000, skipLate: true }))
      world.advance(2_000)
      send('lost 2', retried)
      world.advance(1_000)
      expect(attemptsOf('lost 2')).toBe(2)
    })
  })
})
