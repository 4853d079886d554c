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
import { respondOn, bytesOf, observe, publishedBy, responseTo, textOf } from './observed.js'
import { inWorld, type World } from './world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** Serves `echo`: `300` is answered after as many milliseconds, `bad` with an application's failure. */
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
  it('turns a stream of questions into a stream of answers, as they come', () => {
    inWorld((world) => {
      serveEcho(world)
      const responses = observe(world, from(['300', '100', '200']).pipe(request$(world.link('caller'), echo)))
      world.advance(1_000)
      expect(responses.values).toEqual(['100!', '200!', '300!'])
      expect(responses.ending()).toBe('complete')
    })
  })

  it('keeps the order of the questions where it is asked to', () => {
    inWorld((world) => {
      serveEcho(world)
      const ordered = request$(world.link('caller'), echo, { ordered: true })
      const responses = observe(world, from(['300', '100', '200']).pipe(ordered))
      world.advance(1_000)
      expect(responses.values).toEqual(['300!', '100!', '200!'])
    })
  })

  it('asks so many at once as it is allowed to', () => {
    inWorld((world) => {
      serveEcho(world)
      const requester = world.link('caller')
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

  it('fails with `overflow` when its queue is full', () => {
    inWorld((world) => {
      serveEcho(world)
      const requester = world.link('caller')
      const narrow = request$(requester, echo, { concurrency: 1, queue: 1 })
      const responses = observe(world, from(['100', '200', '300']).pipe(narrow))
      expect(responses.ending()).toMatchObject({ code: 'overflow', phase: 'before-network' })
      expect(requesterStats(requester, echo).pending).toBe(0)
    })
  })

  it('cancels the question before, like switchMap, and tells its responder', () => {
    inWorld((world) => {
      serveEcho(world)
      const requests = new Subject<string>()
      const requested = publishedBy(world, 'caller')
      const requester = world.link('caller')
      const responses = observe(world, requests.pipe(request$(requester, echo, { overlap: 'switch' })))
      requests.next('1000')
      world.advance(100)
      requests.next('10')
      world.advance(2_000)
      expect(responses.values).toEqual(['10!'])
      expect(requested.map(({ message }) => textOf(message))).toEqual(['1000', '', '10'])
      expect(requesterStats(requester, echo)).toMatchObject({ cancelled: 1, responded: 1, pending: 0 })
    })
  })

  it('leaves out what comes meanwhile, like exhaustMap', () => {
    inWorld((world) => {
      serveEcho(world)
      const requester = world.link('caller')
      const responses = observe(
        world,
        from(['100', '10']).pipe(request$(requester, echo, { overlap: 'exhaust' })),
      )
      world.advance(1_000)
      expect(responses.values).toEqual(['100!'])
      expect(requesterStats(requester, echo).requested).toBe(1)
    })
  })

  it('ends with the first exchange that fails, as mergeMap does, and cancels the others', () => {
    inWorld((world) => {
      serveEcho(world)
      const requester = world.link('caller')
      const responses = observe(world, from(['10', '1000', 'bad']).pipe(request$(requester, echo)))
      world.advance(5_000)
      expect(responses.ending()).toMatchObject({ code: 'status', status: { applicationCode: 'bad' } })
      expect(requesterStats(requester, echo)).toMatchObject({ pending: 0, failed: 1, cancelled: 2 })
    })
  })

  it('opens the link with the first question, not before', () => {
    inWorld((world) => {
      const requests = new Subject<string>()
      observe(world, requests.pipe(request$(world.link('caller'), echo)))
      world.advance(100)
      expect(world.broker.counts().connections).toBe(0)
      requests.next('x')
      world.advance(100)
      expect(world.broker.counts().connections).toBe(1)
    })
  })

  it('can be left by its first answer, and cancels the rest', () => {
    inWorld((world) => {
      serveEcho(world)
      const requester = world.link('caller')
      const responses = observe(world, from(['10', '1000', '2000']).pipe(request$(requester, echo), take(1)))
      world.advance(5_000)
      expect(responses.values).toEqual(['10!'])
      expect(responses.ending()).toBe('complete')
      expect(requesterStats(requester, echo)).toMatchObject({ responded: 1, cancelled: 2, pending: 0 })
    })
  })

  it('sends no cancel for what is answered when it is left by the answer', () => {
    inWorld((world) => {
      serveEcho(world)
      const requested = publishedBy(world, 'caller')
      const responses = observe(world, of('10').pipe(request$(world.link('caller'), echo), take(1)))
      world.advance(1_000)
      expect(responses.values).toEqual(['10!'])
      expect(requested).toHaveLength(1)
    })
  })

  it('asks again what an answer brings about', () => {
    inWorld((world) => {
      serveEcho(world)
      const requests = new Subject<string>()
      const seen: string[] = []
      requests.pipe(request$(world.link('caller'), echo)).subscribe((response) => {
        seen.push(response)
        if (response.length < 5) requests.next(response)
      })
      requests.next('a')
      world.advance(1_000)
      expect(seen).toEqual(['a!', 'a!!', 'a!!!', 'a!!!!'])
    })
  })

  it('takes its questions from whatever emits at once', () => {
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

  it('completes with no questions at all, without a connection', () => {
    inWorld((world) => {
      const responses = observe(world, EMPTY.pipe(request$(world.link('caller'), echo)))
      expect(responses.ending()).toBe('complete')
      expect(world.broker.counts().packets).toEqual({})
    })
  })
})

describe('requestEither$', () => {
  it('lives on: a failed exchange is a Left among the answers', () => {
    inWorld((world) => {
      serveEcho(world)
      const either = requestEither$(world.link('caller'), echo, { ordered: true, timeout: 500 })
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

  it('has an overflow among the answers, in its place', () => {
    inWorld((world) => {
      serveEcho(world)
      const narrow = requestEither$(world.link('caller'), echo, { concurrency: 1, queue: 1, ordered: true })
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

  it('has a question that does not encode among the answers', () => {
    inWorld((world) => {
      serveEcho(world)
      const either = requestEither$(world.link('caller'), echo)
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

  it('fails with its source', () => {
    inWorld((world) => {
      const responses = observe(
        world,
        throwError(() => new Error('no more questions')).pipe(requestEither$(world.link('caller'), echo)),
      )
      expect(responses.ending()).toMatchObject({ rawMessage: 'no more questions' })
    })
  })
})

describe('exchange$', () => {
  it('asks anew for each subscriber', () => {
    inWorld((world) => {
      serveEcho(world)
      const requester = world.link('caller')
      const response$ = exchange$(requester, echo, '10')
      const [one, two] = [observe(world, response$), observe(world, response$)]
      world.advance(100)
      expect([one.values, two.values]).toEqual([['10!'], ['10!']])
      expect(requesterStats(requester, echo).requested).toBe(2)
    })
  })
})

describe('request', () => {
  interface Settling {
    readonly settled: readonly unknown[]
    readonly added: number
    readonly removed: number
    readonly counts: ReturnType<typeof requesterStats>
  }

  /** Asks by promise, lets things happen in virtual time, then waits for what the promise has to say. */
  async function settling(
    happen: (world: World, controller: AbortController) => void,
    options: PromiseOptions = {},
    prepare: (controller: AbortController) => void = () => undefined,
  ): Promise<Settling> {
    const controller = new AbortController()
    const added = vi.spyOn(controller.signal, 'addEventListener')
    const removed = vi.spyOn(controller.signal, 'removeEventListener')
    const settled: unknown[] = []
    let promise: Promise<string> = Promise.resolve('')
    let counts: () => ReturnType<typeof requesterStats> = () => requesterStats(undefined as never, echo)
    inWorld((world) => {
      prepare(controller)
      const requester = world.link('caller')
      counts = () => requesterStats(requester, echo)
      promise = request(requester, echo, 'question', { signal: controller.signal, ...options })
      happen(world, controller)
    })
    await promise.then(
      (value) => settled.push(value),
      (error: unknown) => settled.push(error),
    )
    const listeners = { added: added.mock.calls.length, removed: removed.mock.calls.length }
    controller.abort('much later')
    await Promise.resolve()
    return { settled, ...listeners, counts: counts() }
  }

  it('resolves with the answer', async () => {
    const { settled, added, removed } = await settling((world) => {
      respondOn(world, 'echo', (requested) => [responseTo(requested, 'answer'), responseTo(requested, 'another')])
      world.advance(10_000)
    })
    expect(settled).toEqual(['answer'])
    expect(removed).toBe(added)
  })

  it.each([
    ['a timeout', { timeout: 100 }, 'timeout'],
    ['nobody there', { failFast: true }, 'no-responder'],
  ] as const)('rejects with %s, and leaves no listener on the signal', async (_, options, code) => {
    const { settled, added, removed, counts } = await settling((world) => world.advance(10_000), options)
    expect(settled).toMatchObject([{ code }])
    expect(removed).toBe(added)
    expect(counts.pending).toBe(0)
  })

  it('rejects at once when the signal was aborted before, and sends nothing', async () => {
    let packets: unknown
    const { settled, added, counts } = await settling(
      (world) => {
        world.advance(1_000)
        packets = world.broker.counts().packets
      },
      {},
      (controller) => controller.abort('too late'),
    )
    expect(settled).toMatchObject([{ code: 'cancelled', cause: 'too late' }])
    expect([packets, counts.requested, added]).toEqual([{}, 0, 0])
  })

  it('rejects when the signal aborts meanwhile, and tells the responder', async () => {
    let requested: readonly string[] = []
    const { settled, added, removed, counts } = await settling((world, controller) => {
      const taken = publishedBy(world, 'caller')
      world.advance(100)
      controller.abort('enough')
      world.advance(10_000)
      requested = taken.map(({ message }) => textOf(message))
    })
    expect(settled).toMatchObject([{ code: 'cancelled', cause: 'enough', endpoint: 'echo' }])
    expect(requested).toEqual(['question', ''])
    expect(counts).toMatchObject({ pending: 0, cancelled: 1 })
    expect(removed).toBe(added)
  })

  it('stays resolved when the signal aborts after the answer', async () => {
    const { settled, counts } = await settling((world, controller) => {
      respondOn(world, 'echo', (requested) => [responseTo(requested, 'answer')])
      world.advance(1_000)
      controller.abort('too late')
      world.advance(1_000)
    })
    expect(settled).toEqual(['answer'])
    expect(counts).toMatchObject({ responded: 1, cancelled: 0 })
  })

  it('settles once when answer and abort come in one instant', async () => {
    const { settled } = await settling((world, controller) => {
      const taken = publishedBy(world, 'caller')
      world.advance(10)
      const [question] = taken
      if (question !== undefined) world.broker.publish(responseTo(question.message, 'answer'))
      world.scheduler.schedule(() => controller.abort('now'), 1)
      world.advance(1_000)
    })
    expect(settled).toHaveLength(1)
  })

  it('rejects when the question does not encode', async () => {
    let requesting: Promise<unknown> = Promise.resolve()
    inWorld(({ link }) => {
      requesting = request(link('caller'), echo, '\ud800')
    })
    await expect(requesting).rejects.toMatchObject({ code: 'encode' })
  })

  it('is not disturbed by what has nothing to do with it', async () => {
    const { settled } = await settling((world) => {
      const taken = publishedBy(world, 'caller')
      world.advance(10)
      world.broker.publish({ topic: 'response/caller', payload: bytesOf('noise') })
      world.advance(10)
      const [question] = taken
      if (question !== undefined) world.broker.publish(responseTo(question.message, 'answer'))
      world.advance(10)
    })
    expect(settled).toEqual(['answer'])
  })
})
