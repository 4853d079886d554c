import { marbles } from '@antiphon/testing'
import fc from 'fast-check'
import { NEVER, range, Subject, take, tap, VirtualTimeScheduler, type Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { flatten, type FlattenOptions, type FlattenWork } from '../../src/requester/flatten.js'
import { runs } from '../codec/runs.js'

/** Answers a question by the stream of that name; one that finds no room is answered `o`. */
function by(responses: Readonly<Record<string, Observable<string>>>): FlattenWork<string, string> {
  return {
    start: (request, outcome) => {
      const work = (responses[request] ?? NEVER).subscribe(outcome)
      return { cancel: () => work.unsubscribe() }
    },
    reject: (_, outcome) => {
      outcome.next('o')
      outcome.complete()
    },
  }
}

/** Answers a question by itself, at once. */
const atOnce: FlattenWork<number, number> = {
  start: (request, outcome) => {
    outcome.next(request)
    outcome.complete()
    return { cancel: () => undefined }
  },
  reject: (error, outcome) => outcome.error(error),
}

describe('flatten', () => {
  it(
    'gives answers as they come, and completes with the last of them',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ---x|  ')
      const b = cold('       --y| ')
      const source = hot('-a-b|   ')
      const expected = '  ----xy| '
      expectObservable(source.pipe(flatten(by({ a, b }), {}))).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe('^---!  ')
      expectSubscriptions(a.subscriptions).toBe('     -^---! ')
      expectSubscriptions(b.subscriptions).toBe('     ---^--!')
    }),
  )

  it(
    'completes at once when there was no question',
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('---|').pipe(flatten(by({}), {}))).toBe('---|')
    }),
  )

  it(
    'fails with the source, and lets go of what is open',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ------x|')
      const source = hot('-a--#   ')
      expectObservable(source.pipe(flatten(by({ a }), {}))).toBe('----#')
      expectSubscriptions(a.subscriptions).toBe('-^--!')
    }),
  )

  it(
    'fails with the first question that fails, and lets go of the others and of the source',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ------x|')
      const b = cold('      --#    ')
      const source = hot('-ab-----c')
      expectObservable(source.pipe(flatten(by({ a, b }), {}))).toBe('----#')
      expectSubscriptions(source.subscriptions).toBe('^---!')
      expectSubscriptions(a.subscriptions).toBe('     -^--!')
    }),
  )

  it(
    'lets go of everything when it is left',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ------x|')
      const source = hot('-a------')
      const left = '      ^---!   '
      expectObservable(source.pipe(flatten(by({ a }), {})), left).toBe('-----')
      expectSubscriptions(source.subscriptions).toBe('^---!')
      expectSubscriptions(a.subscriptions).toBe('     -^--!')
    }),
  )

  it(
    'may be used by several at once, each for itself',
    marbles(({ cold, hot, expectObservable }) => {
      const a = cold('     -x|')
      const source = hot('-a-a|')
      const responses$ = source.pipe(flatten(by({ a }), {}))
      expectObservable(responses$).toBe('      --x-x|')
      expectObservable(responses$, '---^').toBe('----x|')
    }),
  )

  it('stops listening to a synchronous source when it is left', () => {
    const seen: number[] = []
    range(1, 1_000_000)
      .pipe(
        tap((request) => seen.push(request)),
        flatten(atOnce, {}),
        take(3),
      )
      .subscribe()
    expect(seen).toEqual([1, 2, 3])
  })

  it('stops starting what waits when it is left by an answer', () => {
    const started: number[] = []
    const first = new Subject<number>()
    const work: FlattenWork<number, number> = {
      start: (request, outcome) => {
        started.push(request)
        if (request === 1) first.subscribe(outcome)
        else atOnce.start(request, outcome)
        return { cancel: () => undefined }
      },
      reject: atOnce.reject,
    }
    range(1, 1_000)
      .pipe(flatten(work, { concurrency: 1 }), take(3))
      .subscribe()
    first.next(1)
    first.complete()
    expect(started).toEqual([1, 2, 3])
  })

  it('takes a question that is asked while it gives an answer', () => {
    const requests = new Subject<number>()
    const responses: number[] = []
    requests.pipe(flatten(atOnce, {})).subscribe((response) => {
      responses.push(response)
      if (response < 5) requests.next(response + 1)
    })
    requests.next(1)
    expect(responses).toEqual([1, 2, 3, 4, 5])
  })

  it('works off a long queue of questions that are answered at once, and of such as fail at once', () => {
    const first = new Subject<number>()
    const work: FlattenWork<number, number> = {
      start: (request, outcome) => {
        if (request > 0) return atOnce.start(request, outcome)
        first.subscribe(outcome)
        return { cancel: () => undefined }
      },
      reject: atOnce.reject,
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
  ])('refuses a %s that is none: %o', (name, options) => {
    expect(() => flatten(atOnce, options)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(name) as string }),
    )
  })
})

describe('flatten with concurrency', () => {
  it(
    'keeps the rest waiting, in order',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ---x|       ')
      const b = cold('         ---y|   ')
      const c = cold('             --z|')
      const source = hot('-abc|        ')
      const expected = '  ----x---y--z|'
      expectObservable(source.pipe(flatten(by({ a, b, c }), { concurrency: 1 }))).toBe(expected)
      expectSubscriptions(a.subscriptions).toBe('-^---!')
      expectSubscriptions(b.subscriptions).toBe('-----^---!')
      expectSubscriptions(c.subscriptions).toBe('---------^--!')
    }),
  )

  it(
    'refuses what finds no room in the queue',
    marbles(({ cold, hot, expectObservable }) => {
      const a = cold('     ---x|    ')
      const b = cold('         ---y|')
      const source = hot('-abc|     ')
      const expected = '  ---ox---y|'
      expectObservable(source.pipe(flatten(by({ a, b }), { concurrency: 1, queue: 1 }))).toBe(expected)
    }),
  )

  it(
    'starts nothing of what waits once it is left',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ---x|')
      const b = cold('     ---y|')
      const source = hot('-ab|  ')
      expectObservable(source.pipe(flatten(by({ a, b }), { concurrency: 1 })), '^--!').toBe('----')
      expectSubscriptions(a.subscriptions).toBe('-^-!')
      expectSubscriptions(b.subscriptions).toBe([])
    }),
  )
})

describe('flatten in order', () => {
  it(
    'holds answers back until their turn',
    marbles(({ cold, hot, expectObservable }) => {
      const a = cold('     -----x|   ')
      const b = cold('      --y|      ')
      const c = cold('       ------z|')
      const source = hot('-abc|       ')
      const expected = '  ------xy-z|'
      expectObservable(source.pipe(flatten(by({ a, b, c }), { ordered: true }))).toBe(expected)
    }),
  )

  it(
    'lets the oldest speak at once, and of the others all in a row when they become the oldest',
    marbles(({ cold, hot, expectObservable }) => {
      const a = cold('     -u-v---w|  ')
      const b = cold('      -x-y-----z|')
      const source = hot('-ab|         ')
      const expected = '  --u-v---w(xy)'
      expectObservable(source.pipe(flatten(by({ a, b }), { ordered: true })), '^---------!').toBe(expected)
    }),
  )

  it(
    'has a place in the order for what finds no room',
    marbles(({ cold, hot, expectObservable }) => {
      const a = cold('     -----x|    ')
      const b = cold('      --y|      ')
      const source = hot('-abc|       ')
      const expected = '  ------x(yo|)'
      const options = { ordered: true, concurrency: 2, queue: 0 }
      expectObservable(source.pipe(flatten(by({ a, b }), options))).toBe(expected)
    }),
  )

  it(
    'fails as soon as one fails, whosever turn it is',
    marbles(({ cold, hot, expectObservable }) => {
      const a = cold('     -----x|')
      const b = cold('      --#   ')
      const source = hot('-ab|    ')
      expectObservable(source.pipe(flatten(by({ a, b }), { ordered: true }))).toBe('----#')
    }),
  )

  it('keeps the order when an answer brings about the next ones', () => {
    const [a, b, c] = [new Subject<string>(), new Subject<string>(), new Subject<string>()]
    const seen: string[] = []
    const requests = new Subject<string>()
    requests.pipe(flatten(by({ a, b, c }), { ordered: true })).subscribe((response) => {
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

describe('flatten, where a question overlaps another', () => {
  it(
    'switches to the last, like switchMap',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     -----x| ')
      const b = cold('        --y|  ')
      const source = hot('-a--b|   ')
      const expected = '  ------y|'
      expectObservable(source.pipe(flatten(by({ a, b }), { overlap: 'switch' }))).toBe(expected)
      expectSubscriptions(a.subscriptions).toBe('-^--!')
    }),
  )

  it('switches also to one that is answered at once', () => {
    const seen: (number | string)[] = []
    const requests = new Subject<number>()
    let cancelled = 0
    const work: FlattenWork<number, number> = {
      start: (request, outcome) => {
        if (request > 0) return atOnce.start(request, outcome)
        return { cancel: () => cancelled++ }
      },
      reject: atOnce.reject,
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
    'leaves out what comes meanwhile, like exhaustMap',
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const a = cold('     ---x|     ')
      const b = cold('     -y|       ')
      const c = cold('          -z|')
      const source = hot('-ab---c|  ')
      const expected = '  ----x--z|'
      expectObservable(source.pipe(flatten(by({ a, b, c }), { overlap: 'exhaust' }))).toBe(expected)
      expectSubscriptions(b.subscriptions).toBe([])
    }),
  )
})

describe('flatten, whatever comes', () => {
  const options = fc.record<FlattenOptions>(
    {
      concurrency: fc.integer({ min: 1, max: 4 }),
      queue: fc.integer({ min: 0, max: 4 }),
      ordered: fc.boolean(),
      overlap: fc.constantFrom('merge', 'switch', 'exhaust'),
    },
    { requiredKeys: [] },
  )
  const requests = fc.array(fc.record({ at: fc.nat(20), takes: fc.nat(9) }), { maxLength: 20 })

  it('ends or cancels each question it starts, once, keeps within its bounds, and is done in the end', () => {
    fc.assert(
      fc.property(options, requests, fc.option(fc.nat(30)), (flattening, requested, leaveAt) => {
        const scheduler = new VirtualTimeScheduler(undefined, 300)
        const fates = new Map<number, string[]>()
        let open = 0
        let mostOpen = 0
        const work: FlattenWork<number, number> = {
          start: (index, outcome) => {
            const fate: string[] = []
            fates.set(index, fate)
            mostOpen = Math.max(mostOpen, ++open)
            const timer = scheduler.schedule(() => {
              fate.push('ended')
              open--
              outcome.next(index)
              outcome.complete()
            }, requested[index]?.takes)
            return {
              cancel: () => {
                if (timer.closed || fate.length > 0) return
                timer.unsubscribe()
                fate.push('cancelled')
                open--
              },
            }
          },
          reject: (_, outcome) => {
            outcome.next(-1)
            outcome.complete()
          },
        }
        const source = new Subject<number>()
        const responses: number[] = []
        let isComplete = false
        const left = source.pipe(flatten(work, flattening)).subscribe({
          next: (response) => responses.push(response),
          complete: () => (isComplete = true),
        })
        requested.forEach(({ at }, index) => scheduler.schedule(() => source.next(index), at))
        scheduler.schedule(() => source.complete(), 21)
        if (leaveAt !== null) scheduler.schedule(() => left.unsubscribe(), leaveAt)
        scheduler.flush()

        expect(open).toBe(0)
        for (const fate of fates.values()) expect(fate).toHaveLength(1)
        expect(mostOpen).toBeLessThanOrEqual(flattening.concurrency ?? Infinity)
        if (flattening.overlap === 'switch' || flattening.overlap === 'exhaust')
          expect(mostOpen).toBeLessThanOrEqual(1)
        const answered = responses.filter((response) => response >= 0)
        expect(new Set(answered).size).toBe(answered.length)
        if (leaveAt === null) expect(isComplete).toBe(true)
      }),
      runs,
    )
  })
})
