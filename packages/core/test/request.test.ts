import {
  ApplicationError,
  requesterStats,
  endpoint,
  exchange$,
  request,
  request$,
  requestEither$,
  requests$,
  serve,
  text,
  type PromiseOptions,
} from '@antiphon/core'
import { isLeft } from 'fp-ts/lib/Either.js'
import { delay, EMPTY, from, map, of, Subject, take, throwError, timer } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { accept, respondOn, bytesOf, observe, publishedBy, responseTo, textOf } from './observed.js'
import { inWorld, type World } from './world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** Serves `echo`: answers `300` after 300 milliseconds, and `bad` with an `ApplicationError`. */
function serveEcho(world: World): void {
  const server = world.link('server')
  requests$(server, echo)
    .pipe(
      serve(({ value }) =>
        value === 'bad'
          ? throwError(() => new ApplicationError({ code: 'bad' }))
          : of(`${value}!`).pipe(delay(Number(value) || 0, server.scheduler)),
      ),
    )
    .subscribe()
  world.advance(50)
}

describe('request$', () => {
  it('emits the responses in the order of their arrival', () => {
    inWorld((world) => {
      serveEcho(world)
      const responses = observe(
        world,
        from(['300', '100', '200']).pipe(request$(world.link('requester'), echo)),
      )
      world.advance(1_000)
      expect(responses.values).toEqual(['100!', '200!', '300!'])
      expect(responses.ending()).toBe('complete')
    })
  })

  it('emits the responses in the order of the requests with `ordered`', () => {
    inWorld((world) => {
      serveEcho(world)
      const ordered = request$(world.link('requester'), echo, { ordered: true })
      const responses = observe(world, from(['300', '100', '200']).pipe(ordered))
      world.advance(1_000)
      expect(responses.values).toEqual(['300!', '100!', '200!'])
    })
  })

  it('keeps at most `concurrency` requests pending', () => {
    inWorld((world) => {
      serveEcho(world)
      const requester = world.link('requester')
      const two = request$(requester, echo, { concurrency: 2 })
      let mostPending = 0
      const responses = observe(world, from(['100', '100', '100', '100', '100']).pipe(two))
      for (let at = 0; at < 1_000; at++) {
        world.advance(1)
        mostPending = Math.max(mostPending, requesterStats(requester, echo).pending)
      }
      expect(responses.values).toHaveLength(5)
      expect(mostPending).toBe(2)
    })
  })

  it('fails with overflow when the queue of request$ is full', () => {
    inWorld((world) => {
      serveEcho(world)
      const requester = world.link('requester')
      const narrow = request$(requester, echo, { concurrency: 1, queue: 1 })
      const responses = observe(world, from(['100', '200', '300']).pipe(narrow))
      expect(responses.ending()).toMatchObject({
        code: 'overflow',
        phase: 'before-network',
        rawMessage:
          'request$ has 1 pending requests and 1 queued. Slow down the source, or raise concurrency or queue',
      })
      expect(requesterStats(requester, echo).pending).toBe(0)
    })
  })

  it('cancels the previous request with `switch`, and notifies its responder', () => {
    inWorld((world) => {
      serveEcho(world)
      const requests = new Subject<string>()
      const published = publishedBy(world, 'requester')
      const requester = world.link('requester')
      const responses = observe(world, requests.pipe(request$(requester, echo, { overlap: 'switch' })))
      requests.next('1000')
      world.advance(200)
      requests.next('10')
      world.advance(2_000)
      expect(responses.values).toEqual(['10!'])
      expect(published.map(({ message }) => textOf(message))).toEqual(['1000', '', '10'])
      expect(requesterStats(requester, echo)).toMatchObject({ cancelled: 1, responded: 1, pending: 0 })
    })
  })

  it('drops requests while one is pending with `exhaust`', () => {
    inWorld((world) => {
      serveEcho(world)
      const requester = world.link('requester')
      const responses = observe(
        world,
        from(['100', '10']).pipe(request$(requester, echo, { overlap: 'exhaust' })),
      )
      world.advance(1_000)
      expect(responses.values).toEqual(['100!'])
      expect(requesterStats(requester, echo).requested).toBe(1)
    })
  })

  it('fails request$ with the first exchange that fails, and cancels the others', () => {
    inWorld((world) => {
      serveEcho(world)
      const requester = world.link('requester')
      const responses = observe(world, from(['10', '1000', 'bad']).pipe(request$(requester, echo)))
      world.advance(5_000)
      expect(responses.ending()).toMatchObject({ code: 'status', status: { applicationCode: 'bad' } })
      expect(requesterStats(requester, echo)).toMatchObject({ pending: 0, failed: 1, cancelled: 2 })
    })
  })

  it('opens the link with the first request, not before', () => {
    inWorld((world) => {
      const requests = new Subject<string>()
      observe(world, requests.pipe(request$(world.link('requester'), echo)))
      world.advance(100)
      expect(world.broker.counts().connections).toBe(0)
      requests.next('x')
      world.advance(100)
      expect(world.broker.counts().connections).toBe(1)
    })
  })

  it('cancels the other requests when the subscriber unsubscribes on the first response', () => {
    inWorld((world) => {
      serveEcho(world)
      const requester = world.link('requester')
      const responses = observe(world, from(['10', '1000', '2000']).pipe(request$(requester, echo), take(1)))
      world.advance(5_000)
      expect(responses.values).toEqual(['10!'])
      expect(responses.ending()).toBe('complete')
      expect(requesterStats(requester, echo)).toMatchObject({ responded: 1, cancelled: 2, pending: 0 })
    })
  })

  it('sends no cancel for a request whose response made the subscriber unsubscribe', () => {
    inWorld((world) => {
      serveEcho(world)
      const published = publishedBy(world, 'requester')
      const responses = observe(world, of('10').pipe(request$(world.link('requester'), echo), take(1)))
      world.advance(1_000)
      expect(responses.values).toEqual(['10!'])
      expect(published).toHaveLength(1)
    })
  })

  it('sends requests that a subscriber adds while it receives a response', () => {
    inWorld((world) => {
      serveEcho(world)
      const requests = new Subject<string>()
      const seen: string[] = []
      requests.pipe(request$(world.link('requester'), echo)).subscribe((response) => {
        seen.push(response)
        if (response.length < 5) requests.next(response)
      })
      requests.next('a')
      world.advance(1_000)
      expect(seen).toEqual(['a!', 'a!!', 'a!!!', 'a!!!!'])
    })
  })

  it('sends the value of a source that emits once and completes', () => {
    inWorld((world) => {
      serveEcho(world)
      const responses = observe(
        world,
        timer(10, world.scheduler).pipe(
          map((index) => String(index)),
          request$(world.link('c'), echo),
        ),
      )
      world.advance(100)
      expect(responses.values).toEqual(['0!'])
    })
  })

  it('completes for an empty source without connecting', () => {
    inWorld((world) => {
      const responses = observe(world, EMPTY.pipe(request$(world.link('requester'), echo)))
      expect(responses.ending()).toBe('complete')
      expect(world.broker.counts().packets).toEqual({})
    })
  })
})

describe('requestEither$', () => {
  it('emits a failed exchange as a Left and continues', () => {
    inWorld((world) => {
      serveEcho(world)
      const either = requestEither$(world.link('requester'), echo, { ordered: true, timeout: 500 })
      const responses = observe(
        world,
        from(['bad', '10', '1000', '20']).pipe(
          either,
          map((response) => (isLeft(response) ? response.left.code : response.right)),
        ),
      )
      world.advance(5_000)
      expect(responses.values).toEqual(['status', '10!', 'timeout', '20!'])
      expect(responses.ending()).toBe('complete')
    })
  })

  it('emits an overflow as a Left in the order of the requests', () => {
    inWorld((world) => {
      serveEcho(world)
      const narrow = requestEither$(world.link('requester'), echo, {
        concurrency: 1,
        queue: 1,
        ordered: true,
      })
      const responses = observe(
        world,
        from(['10', '20', '30']).pipe(
          narrow,
          map((response) => (isLeft(response) ? response.left.code : response.right)),
        ),
      )
      world.advance(5_000)
      expect(responses.values).toEqual(['10!', '20!', 'overflow'])
    })
  })

  it('emits a request that cannot be encoded as a Left', () => {
    inWorld((world) => {
      serveEcho(world)
      const either = requestEither$(world.link('requester'), echo)
      const responses = observe(
        world,
        from(['\ud800', '10']).pipe(
          either,
          map((response) => (isLeft(response) ? response.left.code : response.right)),
        ),
      )
      world.advance(1_000)
      expect(responses.values).toEqual(['encode', '10!'])
    })
  })

  it('fails requestEither$ with its source', () => {
    inWorld((world) => {
      const responses = observe(
        world,
        throwError(() => new Error('no more requests')).pipe(requestEither$(world.link('requester'), echo)),
      )
      expect(responses.ending()).toMatchObject({ rawMessage: 'no more requests' })
    })
  })
})

describe('exchange$', () => {
  it('sends a new request for each subscription', () => {
    inWorld((world) => {
      serveEcho(world)
      const requester = world.link('requester')
      const response$ = exchange$(requester, echo, '10')
      const [one, two] = [observe(world, response$), observe(world, response$)]
      world.advance(100)
      expect([one.values, two.values]).toEqual([['10!'], ['10!']])
      expect(requesterStats(requester, echo).requested).toBe(2)
    })
  })
})

describe('request', () => {
  interface Settlement {
    readonly settled: readonly unknown[]
    readonly added: number
    readonly removed: number
    readonly stats: ReturnType<typeof requesterStats>
  }

  /** Calls `request`, runs a scenario in virtual time, then waits for the promise to settle. */
  async function settle(
    scenario: (world: World, controller: AbortController) => void,
    options: PromiseOptions = {},
    prepare: (controller: AbortController) => void = () => undefined,
  ): Promise<Settlement> {
    const controller = new AbortController()
    const added = vi.spyOn(controller.signal, 'addEventListener')
    const removed = vi.spyOn(controller.signal, 'removeEventListener')
    const settled: unknown[] = []
    let promise: Promise<string> = Promise.resolve('')
    let stats: () => ReturnType<typeof requesterStats> = () => requesterStats(undefined as never, echo)
    inWorld((world) => {
      prepare(controller)
      const requester = world.link('requester')
      stats = () => requesterStats(requester, echo)
      promise = request(requester, echo, 'request', { signal: controller.signal, ...options })
      scenario(world, controller)
    })
    await promise.then(
      (value) => settled.push(value),
      (error: unknown) => settled.push(error),
    )
    const listeners = { added: added.mock.calls.length, removed: removed.mock.calls.length }
    controller.abort('much later')
    await Promise.resolve()
    return { settled, ...listeners, stats: stats() }
  }

  it('resolves request with the first response', async () => {
    const { settled, added, removed } = await settle((world) => {
      respondOn(world, 'echo', (request) => [
        responseTo(request, 'response'),
        responseTo(request, 'duplicate'),
      ])
      world.advance(10_000)
    })
    expect(settled).toEqual(['response'])
    expect(removed).toBe(added)
  })

  it.each([
    ['a timeout', { timeout: 100 }, 'timeout'],
    ['no responder', { failFast: true }, 'no-responder'],
  ] as const)('rejects on %s, and removes its listener from the signal', async (_, options, code) => {
    const { settled, added, removed, stats } = await settle((world) => world.advance(10_000), options)
    expect(settled).toMatchObject([{ code }])
    expect(removed).toBe(added)
    expect(stats.pending).toBe(0)
  })

  it('rejects without sending when the signal is already aborted', async () => {
    let packets: unknown
    const { settled, added, stats } = await settle(
      (world) => {
        world.advance(1_000)
        packets = world.broker.counts().packets
      },
      {},
      (controller) => controller.abort('too late'),
    )
    expect(settled).toMatchObject([{ code: 'cancelled', cause: 'too late' }])
    expect([packets, stats.requested, added]).toEqual([{}, 0, 0])
  })

  it('rejects when the signal aborts a pending request, and notifies the responder', async () => {
    let sentPayloads: readonly string[] = []
    const { settled, added, removed, stats } = await settle((world, controller) => {
      const published = publishedBy(world, 'requester')
      world.advance(100)
      accept(world, published[0]?.message)
      controller.abort('enough')
      world.advance(10_000)
      sentPayloads = published.map(({ message }) => textOf(message))
    })
    expect(settled).toMatchObject([{ code: 'cancelled', cause: 'enough', endpoint: 'echo' }])
    expect(sentPayloads).toEqual(['request', ''])
    expect(stats).toMatchObject({ pending: 0, cancelled: 1 })
    expect(removed).toBe(added)
  })

  it('stays resolved when the signal aborts after the response', async () => {
    const { settled, stats } = await settle((world, controller) => {
      respondOn(world, 'echo', (request) => [responseTo(request, 'response')])
      world.advance(1_000)
      controller.abort('too late')
      world.advance(1_000)
    })
    expect(settled).toEqual(['response'])
    expect(stats).toMatchObject({ responded: 1, cancelled: 0 })
  })

  it('settles once when response and abort happen in the same millisecond', async () => {
    const { settled } = await settle((world, controller) => {
      const published = publishedBy(world, 'requester')
      world.advance(10)
      const [sent] = published
      if (sent !== undefined) world.broker.publish(responseTo(sent.message, 'response'))
      world.scheduler.schedule(() => controller.abort('now'), 1)
      world.advance(1_000)
    })
    expect(settled).toHaveLength(1)
  })

  it('rejects when the request cannot be encoded', async () => {
    let response: Promise<unknown> = Promise.resolve()
    inWorld(({ link }) => {
      response = request(link('requester'), echo, '\ud800')
    })
    await expect(response).rejects.toMatchObject({ code: 'encode' })
  })

  it('ignores messages on the response topic without its correlation', async () => {
    const { settled } = await settle((world) => {
      const published = publishedBy(world, 'requester')
      world.advance(10)
      world.broker.publish({ topic: 'response/requester', payload: bytesOf('noise') })
      world.advance(10)
      const [sent] = published
      if (sent !== undefined) world.broker.publish(responseTo(sent.message, 'response'))
      world.advance(10)
    })
    expect(settled).toEqual(['response'])
  })
})
