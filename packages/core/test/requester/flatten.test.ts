import { endpoint, request$, text, type Link } from '@antiphon/core'
import { marbles } from '@antiphon/testing'
import fc from 'fast-check'
import { NEVER, range, Subject, take, tap, VirtualTimeScheduler, type Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { flatten, type FlattenOptions, type FlattenWork } from '../../src/requester/flatten.js'
import { runs } from '../codec/runs.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** Creates work that responds to a request with the stream of that name, and to one that exceeds the queue with `o`. */
function respondingWith(
  responses: Readonly<Record<string, Observable<string>>>,
): FlattenWork<string, string> {
  return {
    start: (request, observer) => {
      const work = (responses[request] ?? NEVER).subscribe(observer)
      return { cancel: () => work.unsubscribe() }
    },
    reject: (_, observer) => {
      observer.next('o')
      observer.complete()
    },
  }
}

/** Work that synchronously responds to a request with the request. */
const synchronousWork: FlattenWork<number, number> = {
  start: (request, observer) => {
    observer.next(request)
    observer.complete()
    return { cancel: () => undefined }
  },
  reject: (error, observer) => observer.error(error),
}

describe('flatten', () => {
  it(
    'emits responses in order of arrival, and completes with the last request',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ---x|  ')
      const b = cold('       --y| ')
      const source = hot('-a-b|   ')
      const expected = '  ----xy| '
      expectObservable(source.pipe(flatten(respondingWith({ a, b }), {}))).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe('^---!  ')
      expectSubscriptions(a.subscriptions).toBe('     -^---! ')
      expectSubscriptions(b.subscriptions).toBe('     ---^--!')
    }),
  )

  it(
    'completes with an empty source',
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('---|').pipe(flatten(respondingWith({}), {}))).toBe('---|')
    }),
  )

  it(
    'fails with the source, and cancels pending requests',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ------x|')
      const source = hot('-a--#   ')
      expectObservable(source.pipe(flatten(respondingWith({ a }), {}))).toBe('----#')
      expectSubscriptions(a.subscriptions).toBe('-^--!')
    }),
  )

  it(
    'fails with the first request that fails, cancels the others and unsubscribes from the source',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ------x|')
      const b = cold('      --#    ')
      const source = hot('-ab-----c')
      expectObservable(source.pipe(flatten(respondingWith({ a, b }), {}))).toBe('----#')
      expectSubscriptions(source.subscriptions).toBe('^---!')
      expectSubscriptions(a.subscriptions).toBe('     -^--!')
    }),
  )

  it(
    'cancels pending requests and unsubscribes from the source when its subscriber unsubscribes',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ------x|')
      const source = hot('-a------')
      const unsubscribeAt4 = '^---!'
      expectObservable(source.pipe(flatten(respondingWith({ a }), {})), unsubscribeAt4).toBe('-----')
      expectSubscriptions(source.subscriptions).toBe('^---!')
      expectSubscriptions(a.subscriptions).toBe('     -^--!')
    }),
  )

  it(
    'keeps separate state for each subscription',
    marbles(({ cold, hot, expectObservable }) => {
      const a = cold('     -x|')
      const source = hot('-a-a|')
      const responses$ = source.pipe(flatten(respondingWith({ a }), {}))
      expectObservable(responses$).toBe('      --x-x|')
      expectObservable(responses$, '---^').toBe('----x|')
    }),
  )

  it('unsubscribes from a synchronous source when its subscriber unsubscribes', () => {
    const seen: number[] = []
    range(1, 1_000_000)
      .pipe(
        tap((request) => seen.push(request)),
        flatten(synchronousWork, {}),
        take(3),
      )
      .subscribe()
    expect(seen).toEqual([1, 2, 3])
  })

  it('starts no queued request after its subscriber unsubscribes on a response', () => {
    const started: number[] = []
    const first = new Subject<number>()
    const work: FlattenWork<number, number> = {
      start: (request, observer) => {
        started.push(request)
        if (request === 1) first.subscribe(observer)
        else synchronousWork.start(request, observer)
        return { cancel: () => undefined }
      },
      reject: synchronousWork.reject,
    }
    range(1, 1_000)
      .pipe(flatten(work, { concurrency: 1 }), take(3))
      .subscribe()
    first.next(1)
    first.complete()
    expect(started).toEqual([1, 2, 3])
  })

  it('starts a request that the source emits while a response is emitted', () => {
    const requests = new Subject<number>()
    const responses: number[] = []
    requests.pipe(flatten(synchronousWork, {})).subscribe((response) => {
      responses.push(response)
      if (response < 5) requests.next(response + 1)
    })
    requests.next(1)
    expect(responses).toEqual([1, 2, 3, 4, 5])
  })

  it('starts 100 000 queued requests with synchronous responses without overflowing the stack', () => {
    const first = new Subject<number>()
    const work: FlattenWork<number, number> = {
      start: (request, observer) => {
        if (request > 0) return synchronousWork.start(request, observer)
        first.subscribe(observer)
        return { cancel: () => undefined }
      },
      reject: synchronousWork.reject,
    }
    let responses = 0
    range(0, 100_001)
      .pipe(flatten(work, { concurrency: 1 }))
      .subscribe(() => responses++)
    first.complete()
    expect(responses).toBe(100_000)
  })

  it.each<[name: string, options: FlattenOptions]>([
    ['concurrency', { concurrency: 0 }],
    ['concurrency', { concurrency: 1.5 }],
    ['concurrency', { concurrency: NaN }],
    ['queue', { queue: -1 }],
    ['queue', { queue: 0.5 }],
  ])('rejects an invalid %s: %o', (name, options) => {
    expect(() => request$({} as Link, echo, options)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(name) as string }),
    )
  })
})

describe('flatten with concurrency', () => {
  it(
    'queues requests beyond `concurrency`, in order',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ---x|       ')
      const b = cold('         ---y|   ')
      const c = cold('             --z|')
      const source = hot('-abc|        ')
      const expected = '  ----x---y--z|'
      expectObservable(source.pipe(flatten(respondingWith({ a, b, c }), { concurrency: 1 }))).toBe(expected)
      expectSubscriptions(a.subscriptions).toBe('-^---!')
      expectSubscriptions(b.subscriptions).toBe('-----^---!')
      expectSubscriptions(c.subscriptions).toBe('---------^--!')
    }),
  )

  it(
    'rejects a request that exceeds the queue',
    marbles(({ cold, hot, expectObservable }) => {
      const a = cold('     ---x|    ')
      const b = cold('         ---y|')
      const source = hot('-abc|     ')
      const expected = '  ---ox---y|'
      expectObservable(source.pipe(flatten(respondingWith({ a, b }), { concurrency: 1, queue: 1 }))).toBe(
        expected,
      )
    }),
  )

  it(
    'starts no queued request after its subscriber unsubscribes',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ---x|')
      const b = cold('     ---y|')
      const source = hot('-ab|  ')
      expectObservable(source.pipe(flatten(respondingWith({ a, b }), { concurrency: 1 })), '^--!').toBe(
        '----',
      )
      expectSubscriptions(a.subscriptions).toBe('-^-!')
      expectSubscriptions(b.subscriptions).toBe([])
    }),
  )
})

it('rejects a request beyond the queue with an error that names the limits', () => {
  const errors: unknown[] = []
  const work: FlattenWork<number, number> = {
    start: () => ({ cancel: () => undefined }),
    reject: (error, observer) => {
      errors.push(error)
      observer.complete()
    },
  }
  range(4)
    .pipe(flatten(work, { concurrency: 2, queue: 1 }))
    .subscribe()
  expect(errors).toMatchObject([
    {
      code: 'overflow',
      phase: 'before-network',
      rawMessage:
        'request$ has 2 pending requests and 1 queued. Slow down the source, or raise concurrency or queue',
    },
  ])
})

describe('flatten in order', () => {
  it(
    'buffers responses until those of earlier requests are emitted',
    marbles(({ cold, hot, expectObservable }) => {
      const a = cold('     -----x|   ')
      const b = cold('      --y|      ')
      const c = cold('       ------z|')
      const source = hot('-abc|       ')
      const expected = '  ------xy-z|'
      expectObservable(source.pipe(flatten(respondingWith({ a, b, c }), { ordered: true }))).toBe(expected)
    }),
  )

  it(
    'emits responses of the oldest request at once, and buffered ones when their request becomes the oldest',
    marbles(({ cold, hot, expectObservable }) => {
      const a = cold('     -u-v---w|  ')
      const b = cold('      -x-y-----z|')
      const source = hot('-ab|         ')
      const expected = '  --u-v---w(xy)'
      expectObservable(source.pipe(flatten(respondingWith({ a, b }), { ordered: true })), '^---------!').toBe(
        expected,
      )
    }),
  )

  it(
    'emits the result of a rejected request in the order of the requests',
    marbles(({ cold, hot, expectObservable }) => {
      const a = cold('     -----x|    ')
      const b = cold('      --y|      ')
      const source = hot('-abc|       ')
      const expected = '  ------x(yo|)'
      const options = { ordered: true, concurrency: 2, queue: 0 }
      expectObservable(source.pipe(flatten(respondingWith({ a, b }), options))).toBe(expected)
    }),
  )

  it(
    'fails at once with a request that fails, whatever its position',
    marbles(({ cold, hot, expectObservable }) => {
      const a = cold('     -----x|')
      const b = cold('      --#   ')
      const source = hot('-ab|    ')
      expectObservable(source.pipe(flatten(respondingWith({ a, b }), { ordered: true }))).toBe('----#')
    }),
  )

  it('keeps the order when a buffered response causes its request to complete', () => {
    const [a, b, c] = [new Subject<string>(), new Subject<string>(), new Subject<string>()]
    const seen: string[] = []
    const requests = new Subject<string>()
    requests.pipe(flatten(respondingWith({ a, b, c }), { ordered: true })).subscribe((response) => {
      seen.push(response)
      if (response === 'b1') b.complete()
    })
    requests.next('a')
    requests.next('b')
    requests.next('c')
    for (const response of ['b1', 'b2', 'b3']) b.next(response)
    c.next('c1')
    a.complete()
    expect(seen).toEqual(['b1', 'b2', 'b3', 'c1'])
  })
})

describe('flatten with overlap', () => {
  it(
    'cancels the previous request with `switch`',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     -----x| ')
      const b = cold('        --y|  ')
      const source = hot('-a--b|   ')
      const expected = '  ------y|'
      expectObservable(source.pipe(flatten(respondingWith({ a, b }), { overlap: 'switch' }))).toBe(expected)
      expectSubscriptions(a.subscriptions).toBe('-^--!')
    }),
  )

  it('cancels the previous request for one with a synchronous response, with `switch`', () => {
    const seen: (number | string)[] = []
    const requests = new Subject<number>()
    let cancelled = 0
    const work: FlattenWork<number, number> = {
      start: (request, observer) => {
        if (request > 0) return synchronousWork.start(request, observer)
        return { cancel: () => cancelled++ }
      },
      reject: synchronousWork.reject,
    }
    requests
      .pipe(flatten(work, { overlap: 'switch' }))
      .subscribe({ next: (response) => seen.push(response), complete: () => seen.push('|') })
    for (const request of [0, 0, 1, 0, 2]) requests.next(request)
    requests.complete()
    expect(seen).toEqual([1, 2, '|'])
    expect(cancelled).toBe(3)
  })

  it(
    'drops requests while one is pending, with `exhaust`',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ---x|     ')
      const b = cold('     -y|       ')
      const c = cold('          -z|')
      const source = hot('-ab---c|  ')
      const expected = '  ----x--z|'
      expectObservable(source.pipe(flatten(respondingWith({ a, b, c }), { overlap: 'exhaust' }))).toBe(
        expected,
      )
      expectSubscriptions(b.subscriptions).toBe([])
    }),
  )
})

describe('flatten with random options and requests', () => {
  const options = fc.record<FlattenOptions>(
    {
      concurrency: fc.integer({ min: 1, max: 4 }),
      queue: fc.integer({ min: 0, max: 4 }),
      ordered: fc.boolean(),
      overlap: fc.constantFrom('merge', 'switch', 'exhaust'),
    },
    { requiredKeys: [] },
  )
  const requests = fc.array(fc.record({ at: fc.nat(20), responseDelay: fc.nat(9) }), { maxLength: 20 })

  it('ends or cancels each started request once, keeps its limits and completes', () => {
    fc.assert(
      fc.property(options, requests, fc.option(fc.nat(30)), (flattenOptions, script, unsubscribeAt) => {
        const scheduler = new VirtualTimeScheduler(undefined, 300)
        const outcomes = new Map<number, string[]>()
        let pending = 0
        let maxPending = 0
        const work: FlattenWork<number, number> = {
          start: (index, observer) => {
            const outcome: string[] = []
            outcomes.set(index, outcome)
            maxPending = Math.max(maxPending, ++pending)
            const timer = scheduler.schedule(() => {
              outcome.push('ended')
              pending--
              observer.next(index)
              observer.complete()
            }, script[index]?.responseDelay)
            return {
              cancel: () => {
                if (timer.closed || outcome.length > 0) return
                timer.unsubscribe()
                outcome.push('cancelled')
                pending--
              },
            }
          },
          reject: (_, observer) => {
            observer.next(-1)
            observer.complete()
          },
        }
        const source = new Subject<number>()
        const responses: number[] = []
        let isComplete = false
        const subscription = source.pipe(flatten(work, flattenOptions)).subscribe({
          next: (response) => responses.push(response),
          complete: () => (isComplete = true),
        })
        script.forEach(({ at }, index) => scheduler.schedule(() => source.next(index), at))
        scheduler.schedule(() => source.complete(), 21)
        if (unsubscribeAt !== null) scheduler.schedule(() => subscription.unsubscribe(), unsubscribeAt)
        scheduler.flush()

        expect(pending).toBe(0)
        for (const outcome of outcomes.values()) expect(outcome).toHaveLength(1)
        expect(maxPending).toBeLessThanOrEqual(flattenOptions.concurrency ?? Infinity)
        if (flattenOptions.overlap === 'switch' || flattenOptions.overlap === 'exhaust')
          expect(maxPending).toBeLessThanOrEqual(1)
        const responded = responses.filter((response) => response >= 0)
        expect(new Set(responded).size).toBe(responded.length)
        if (unsubscribeAt === null) expect(isComplete).toBe(true)
      }),
      runs,
    )
  })
})
