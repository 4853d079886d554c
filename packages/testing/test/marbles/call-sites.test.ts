import { endpoint, request$, requests$, serve, text } from '@antiphon/core'
import { marbles, withBroker, type MarbleContext } from '@antiphon/testing'
import { of } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** Runs a test that fails; `mark` is called on the line before the expectation that fails. */
function failing(
  this: void,
  run: (mark: () => void) => void,
): { readonly line: number; readonly error: Error } {
  let line = 0
  const mark = (): void => {
    line = (frameLines(new Error('mark'))[1] ?? 0) + 1
  }
  try {
    run(mark)
  } catch (error) {
    return { line, error: error as Error }
  }
  throw new Error('the test did not fail')
}

/** The line numbers of the frames in this file. */
function frameLines({ stack = '' }: Error): readonly number[] {
  return [...stack.matchAll(/call-sites\.test\.ts:(\d+):/g)].map(([, line]) => Number(line))
}

function frames({ stack = '' }: Error): readonly string[] {
  return stack.split('\n').filter((line) => /^\s+at /.test(line))
}

const expectations: readonly (readonly [name: string, (context: MarbleContext, mark: () => void) => void])[] =
  [
    [
      'expectPublished',
      ({ expectPublished }, mark) => {
        mark()
        expectPublished('a').toBe('a')
      },
    ],
    [
      'expectSubscribed',
      ({ expectSubscribed }, mark) => {
        mark()
        expectSubscribed('a').toBe('^--!')
      },
    ],
    [
      'expectTimers',
      ({ expectTimers }, mark) => {
        mark()
        expectTimers('--|').toBe(1)
      },
    ],
    [
      'expectObservable',
      ({ expectObservable }, mark) => {
        expectObservable(of('a')).toBe('(a|)')
        mark()
        expectObservable(of('a')).toBe('(b|)')
        expectObservable(of('a')).toBe('(c|)')
      },
    ],
    [
      'expectObservable with toEqual',
      ({ expectObservable }, mark) => {
        mark()
        expectObservable(of('a')).toEqual(of('b'))
      },
    ],
    [
      'expectSubscriptions',
      ({ cold, expectObservable, expectSubscriptions }, mark) => {
        const source$ = cold('a|')
        expectObservable(source$).toBe('a|')
        mark()
        expectSubscriptions(source$.subscriptions).toBe('^--!')
      },
    ],
  ]

describe('the stack of a failed marble expectation', () => {
  it.each(expectations)('begins at the line of %s in the test', (_, body) => {
    const { line, error } = failing((mark) => marbles((context) => body(context, mark))())
    expect(frames(error)[0]).toContain(`call-sites.test.ts:${line}:`)
    expect(error.stack).toContain(error.message)
  })

  it('has no frames of this package and of the test scheduler', () => {
    const { error } = failing(() => marbles(({ expectPublished }) => expectPublished('a').toBe('a'))())
    expect(frames(error).filter((frame) => /testing\/src|TestScheduler/.test(frame))).toEqual([])
  })

  it('begins at the line in the test also with withBroker and a scheduler of the user', () => {
    const { line, error } = failing((mark) => {
      const scheduler = new TestScheduler(() => undefined)
      const { expectPublished } = withBroker(scheduler)
      scheduler.run(() => {
        mark()
        expectPublished('a').toBe('a')
      })
    })
    expect(frames(error)[0]).toContain(`call-sites.test.ts:${line}:`)
  })
})

describe('promises in a marble test', () => {
  it.each([
    ['resolves', () => Promise.resolve()],
    ['rejects', () => Promise.reject(new Error('late'))],
    ['is an async function', async () => await Promise.resolve()],
  ])('refuses a body whose promise %s, as virtual time ends before it', (_, body) => {
    // An application without types may pass such a body.
    expect(marbles(body as never)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        rawMessage: expect.stringContaining('the body of marbles returned a promise') as string,
      }),
    )
  })

  it('mentions promises if a request has no response when an expectation fails', () => {
    const test = marbles(({ link, cold, expectObservable }) => {
      requests$(link(), echo)
        .pipe(serve(async ({ value }) => await Promise.resolve(value)))
        .subscribe()
      const response$ = cold('-a|').pipe(request$(link(), echo, { timeout: 10 }))
      expectObservable(response$).toBe('-(a|)')
    })
    expect(test).toThrow(/1 request to echo had no response.*virtual time does not wait for promises/is)
    const { error } = failing(test)
    expect(error.stack).toContain('1 request to echo had no response')
  })

  it('does not mention promises if every request has its response', () => {
    const test = marbles(({ link, cold, expectObservable }) => {
      requests$(link(), echo)
        .pipe(serve(({ value }) => of(value)))
        .subscribe()
      const response$ = cold('-a|').pipe(request$(link(), echo, { timeout: 10 }))
      expectObservable(response$).toBe('-(b|)')
    })
    expect(test).toThrow('next "b"')
    expect(test).not.toThrow('promises')
  })
})
