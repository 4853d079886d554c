import {
  endpoint,
  exchange$,
  gather$,
  requestEither$,
  text,
  type ExchangeOptions,
  type Link,
} from '@antiphon/core'
import type { VirtualBrokerOptions } from '@antiphon/testing'
import { isRight, right } from 'fp-ts/lib/Either.js'
import { Subject } from 'rxjs'
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

/** Runs a test in which the requester has one request in flight at a time, each for 300 ms until its PUBACK. */
function withFullWindow(test: (setup: Setup) => void, limits: VirtualBrokerOptions['limits'] = {}): void {
  withSlowResponder(
    (setup) => {
      setup.world.broker.inject({
        kind: 'reorder',
        by: 298,
        packets: ['puback'],
        clientId: 'requester',
        times: Infinity,
      })
      test(setup)
    },
    { limits: { receiveMaximum: 1, ...limits } },
  )
}

/** Runs a test with a responder that takes 400 ms, answers `busy` with 503, and does not answer `lost`. */
function withSlowResponder(test: (setup: Setup) => void, options: Partial<VirtualBrokerOptions> = {}): void {
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
  }, options)
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

  it('is sent again if as much time is left as the measured response took, and not with 1 ms less', () => {
    withSlowResponder(({ world, send, measure, attemptsOf }) => {
      measure()
      const late = send('lost', retried)
      world.advance(1_000)
      const { message } = late.ending() as Error
      const took = Number(/responses took (\d+) ms/.exec(message)?.[1])
      send('lost in time', { ...retried, timeout: 300 + took })
      send('lost too late', { ...retried, timeout: 299 + took })
      world.advance(1_000)
      expect(['lost in time', 'lost too late'].map(attemptsOf)).toEqual([2, 1])
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

  it('is sent again after a pause of more than ten seconds, whatever was measured before', () => {
    withSlowResponder(({ world, send, measure, attemptsOf }) => {
      measure()
      world.advance(20_000)
      send('lost', retried)
      world.advance(1_000)
      expect(attemptsOf('lost')).toBe(2)
    })
  })

  it('is answered with skipLate false', () => {
    withSlowResponder(({ world, send }) => {
      const call = send('x', { timeout: 1_000, skipLate: false })
      world.advance(500)
      expect(call.values).toEqual(['done'])
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
        cause: { code: 'status', rawMessage: 'the responder answered 503' },
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

  it('is not sent after it has waited for a connection, over a link that another author has made', () => {
    withSlowResponder(({ world, link, attemptsOf }) => {
      // Without the symbol by which middleware finds the parts of `linkOver`.
      const foreign = Object.fromEntries(Object.entries(link)) as unknown as Link
      const send = (value: string): Observed<string> =>
        observe(world, exchange$(foreign, echo, value, { timeout: 1_000 }))
      send('measured')
      world.advance(1_000)
      world.broker.down({ sessions: 'keep' })
      world.advance(10)
      const late = send('late')
      world.advance(650)
      world.broker.up()
      world.advance(100)
      expect(attemptsOf('late')).toBe(0)
      expect(late.ending()).toMatchObject({ code: 'timeout', phase: 'before-network' })
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

describe('a request that waits for room in the send window', () => {
  it('is not sent if its response would be too late, and fails when its turn comes', () => {
    withFullWindow(({ world, send, measure, attemptsOf }) => {
      measure()
      const calls = ['a', 'b', 'c', 'd'].map((value) => send(value))
      world.advance(2_000)
      expect(['a', 'b', 'c', 'd'].map(attemptsOf)).toEqual([1, 1, 0, 0])
      expect(calls.map(({ values }) => values)).toEqual([['done'], ['done'], [], []])
      expect(calls[2]?.ending()).toMatchObject({
        code: 'timeout',
        phase: 'before-network',
        message: expect.stringMatching(/^\[timeout\] echo: not sent, because \d+ ms are left, and/) as string,
      })
      expect(calls[2]?.endedAt()).toBeLessThan((calls[0]?.at[0] ?? 0) + 300)
    })
  })

  it('is sent with skipLate false, and if the time suffices when its turn comes', () => {
    withFullWindow(({ world, send, measure, attemptsOf }) => {
      measure()
      const calls = [
        send('a'),
        send('b'),
        send('c', { timeout: 1_000, skipLate: false }),
        send('d', { timeout: 1_500 }),
      ]
      world.advance(3_000)
      expect(['a', 'b', 'c', 'd'].map(attemptsOf)).toEqual([1, 1, 1, 1])
      expect(calls[3]?.values).toEqual(['done'])
    })
  })

  it('is not sent again if the retry has waited too long', () => {
    withFullWindow(({ world, send, measure, attemptsOf }) => {
      measure()
      const call = send('lost', { timeout: 1_500, retry: { count: 1, attemptTimeout: 700 } })
      world.advance(690)
      for (const value of ['a', 'b']) send(value, { timeout: 5_000 })
      world.advance(2_000)
      expect(attemptsOf('lost')).toBe(1)
      expect(call.ending()).toMatchObject({
        code: 'timeout',
        message: expect.stringMatching(/It was not sent again, because \d+ ms are left/) as string,
      })
    })
  })

  it('is measured from when it was sent', () => {
    withFullWindow(({ world, send, attemptsOf }) => {
      // The window is full for more than ten seconds, so that only requests are measured that have waited.
      for (let index = 0; index < 40; index++) send(`early ${index}`, { timeout: 60_000 })
      const last = send('last', { timeout: 12_700 })
      world.advance(15_000)
      expect(attemptsOf('last')).toBe(1)
      expect(last.values).toEqual(['done'])
    })
  })

  it('is sent whole in chunks once it is sent', () => {
    withFullWindow(
      ({ world, send, measure, attemptsOf }) => {
        measure()
        const large = 'x'.repeat(500)
        const calls = [send('a'), send(large, { timeout: 1_000 })]
        world.advance(3_000)
        expect(attemptsOf('a')).toBe(1)
        expect(calls[1]?.values).toEqual(['done'])
      },
      { maximumPacketSize: 400 },
    )
  })
})

describe('the measured response time', () => {
  it('begins with the first attempt of the request', () => {
    withSlowResponder(({ world, send, attemptsOf }) => {
      const measured = send('twice', { timeout: 1_000, retry: { count: 1, attemptTimeout: 300 } })
      world.advance(1_000)
      expect([attemptsOf('twice'), measured.values]).toEqual([2, ['done']])
      send('lost', retried)
      world.advance(1_000)
      expect(attemptsOf('lost')).toBe(1)
    })
  })

  describe('of the requests of one stream', () => {
    it('is not that from one request to the response of another', () => {
      withSlowResponder(({ world, link, send, attemptsOf }) => {
        const requests$ = new Subject<string>()
        const call = observe(world, requests$.pipe(requestEither$(link, echo, { timeout: 1_000 })))
        requests$.next('lost 1')
        world.advance(300)
        requests$.next('other')
        world.advance(600)
        expect(call.values).toEqual([right('done')])
        send('lost 2', retried)
        world.advance(1_000)
        expect(attemptsOf('lost 2')).toBe(2)
      })
    })

    it('is that of the next request once one has ended without a response', () => {
      withSlowResponder(({ world, link, send, attemptsOf }) => {
        const requests$ = new Subject<string>()
        const call = observe(world, requests$.pipe(requestEither$(link, echo, { timeout: 1_000 })))
        requests$.next('lost 1')
        world.advance(1_100)
        requests$.next('measured')
        world.advance(600)
        expect(call.values.map(isRight)).toEqual([false, true])
        send('lost 2', retried)
        world.advance(1_000)
        expect(attemptsOf('lost 2')).toBe(1)
      })
    })
  })

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
