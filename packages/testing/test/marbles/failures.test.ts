import { AntiphonError } from '@antiphon/core'
import { right } from 'fp-ts/lib/Either.js'
import { NEVER, of, throwError } from 'rxjs'
import { configure } from 'rxjs-marbles'
import { describe, expect, it } from 'vitest'
import {
  ExpectationError,
  like,
  marbles,
  withBroker,
  type MarbleContext,
  type PayloadReader,
} from '../../src/index.js'

const a = { topic: 'room/1', payload: { t: 21 }, contentType: 'application/json' }

/** Marble tests that must fail, each with the expected parts of its message. */
const failingTests: Readonly<
  Record<string, [body: (test: MarbleContext) => void, ...expectedParts: string[]]>
> = {
  'another payload': [
    ({ publish, expectPublished }) => {
      publish('-a', { a })
      expectPublished('room/#').toBe('-a', { a: { ...a, payload: { t: 22 } } })
    },
    "published under 'room/#'",
    '       1ms topic: "room/1"\n-          payload: {"t":22}\n+          payload: {"t":21}\n           content',
  ],
  'another text': [
    ({ publish, expectPublished }) => {
      publish('-a', {}, 't')
      expectPublished('t').toBe('-b')
    },
    '-          payload: "b"',
    '+          payload: "a"',
  ],
  'another value by a codec': [
    ({ publish, expectPublished }) => {
      publish('-a', { a: { topic: 't', payload: Uint8Array.of(215) } })
      const codec: PayloadReader = { decode: (payload) => right({ celsius: (payload[0] ?? 0) / 10 }) }
      expectPublished('t', { codec }).toBe('-a', { a: { payload: { celsius: 20 } } })
    },
    '-            celsius: 20',
    '+            celsius: 21.5',
  ],
  'another topic': [
    ({ publish, expectPublished }) => {
      publish('-a', { a })
      expectPublished('#').toBe('-a', { a: { topic: 'room/2' } })
    },
    '-      1ms topic: "room/2"',
  ],
  'another property': [
    ({ publish, expectPublished }) => {
      publish('-a', { a: { ...a, correlationData: 'x', userProperties: [['k', 'v']] } })
      expectPublished('#').toBe('-a', { a: { ...a, correlationData: 'y' } })
    },
    '-          correlationData: "y"',
    '+          correlationData: "x"',
    'userProperties:',
  ],
  'another time': [
    ({ publish, expectPublished }) => {
      publish('-a', { a })
      expectPublished('#').toBe('--a', { a })
    },
    '-      2ms',
    '+      1ms',
  ],
  'an unexpected message': [
    ({ publish, expectPublished }) => {
      publish('aa', { a })
      expectPublished('#').toBe('a', { a })
    },
    '+      1ms topic: "room/1"',
  ],
  'a missing message': [
    ({ publish, expectPublished }) => {
      publish('a', { a })
      expectPublished('#').toBe('aa', { a })
    },
    '-      1ms topic: "room/1"',
  ],
  'no message at all': [({ expectPublished }) => expectPublished('#').toBe('a', { a }), '+ (nothing)'],
  'another client': [
    ({ publish, expectPublished }) => {
      publish('a', { a })
      expectPublished('#', { clientId: 'thermostat' }).toBe('a', { a })
    },
    '+ (nothing)',
  ],
  'a missing subscription': [
    ({ expectSubscribed }) => expectSubscribed('a/#').toBe('^--!'),
    "subscriptions to 'a/#'",
    '- from 0ms to 3ms',
    '+ (none)',
  ],
  'a subscription that does not end': [
    ({ link, expectSubscribed }) => {
      link().messages$('a').subscribe()
      expectSubscribed('a').toBe('^--!')
    },
    '- from 0ms to 3ms',
    '+ from 0ms on',
  ],
  'a pending timer': [
    ({ link, expectTimers }) => {
      link().scheduler.schedule(() => undefined, 10)
      expectTimers('--|').toBe(0)
    },
    'timers pending at 2ms: expected 0, but saw 1, due at 10ms',
  ],
  'a pending timer after 2 s': [
    ({ link, expectTimers }) => {
      link().scheduler.schedule(() => undefined, 3_000)
      expectTimers('2s |').toBe(0)
    },
    'timers pending at 2000ms: expected 0, but saw 1, due at 3000ms',
  ],
  'an invalid time': [({ expectTimers }) => expectTimers('--a|').toBe(0), "invalid time '--a|'"],
  'an error of another code': [
    ({ expectObservable }) => {
      const timeout = new AntiphonError('timeout', 'too late')
      expectObservable(throwError(() => timeout)).toBe('#', {}, new AntiphonError('expired', 'too late'))
    },
    '-            code: "expired"',
    '+            code: "timeout"',
  ],
  'an error of another reason code': [
    ({ expectObservable }) => {
      const refused = new AntiphonError('publish-refused', 'no', { reasonCode: 0x87 })
      expectObservable(throwError(() => refused)).toBe('#', {}, new AntiphonError('publish-refused', 'no'))
    },
    '+            reasonCode: 135',
  ],
  'an error of another cause': [
    ({ expectObservable }) => {
      const [actual, expected] = ['one', 'other'].map(
        (text) => new AntiphonError('unknown', 'x', { cause: new Error(text) }),
      )
      expectObservable(throwError(() => actual)).toBe('#', {}, expected)
    },
    'message: "one"',
  ],
  'another value': [
    ({ expectObservable }) =>
      expectObservable(of({ payload: Uint8Array.of(111, 107) })).toBe('(a|)', { a: { payload: 'ok' } }),
    'payload: "ok"',
    'both read alike, but their types differ',
  ],
  'a value that like does not match': [
    ({ expectObservable }) => {
      expectObservable(of({ outcome: 'failed', ms: 3 })).toBe('(a|)', { a: like({ outcome: 'responded' }) })
    },
    'outcome: "responded"',
    'outcome: "failed"',
  ],
  'another end': [({ expectObservable }) => expectObservable(NEVER).toBe('|'), '-      0ms complete'],
  'other subscriptions of an observable': [
    ({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold('a|')
      expectObservable(source$).toBe('a|')
      expectSubscriptions(source$.subscriptions).toBe('^--!')
    },
    'unsubscribedFrame: 3',
  ],
  'a marble that is not a message': [({ expectPublished }) => expectPublished('#').toBe('a|'), "'|' in 'a|'"],
  'a message without a topic': [({ publish }) => publish('a'), 'cannot publish a message without a topic'],
}

describe('failing marble tests', () => {
  for (const [fault, [body, ...expectedParts]] of Object.entries(failingTests))
    it(`fails a marble test on ${fault}`, () => {
      const run = marbles(body)
      expect(run).toThrow()
      for (const part of expectedParts) expect(run).toThrow(part)
    })

  it('reports actual and expected values in the error of a marble test', () => {
    const run = marbles(({ expectPublished }) => expectPublished('#').toBe('a', { a: { payload: '1' } }))
    expect(run).toThrow(ExpectationError)
    expect(run).toThrow(expect.objectContaining({ actual: '(nothing)', expected: '     0ms payload: "1"' }))
  })
})

describe('passing marble tests', () => {
  it(
    'passes objects that match like or a matcher of Vitest',
    marbles(({ expectObservable }) => {
      const record = { outcome: 'responded', request: { topic: 'a', ms: 3 } }
      expectObservable(of(record)).toBe('(a|)', { a: like({ request: like({ topic: 'a' }) }) })
      expectObservable(of(record)).toBe('(a|)', {
        a: expect.objectContaining({ outcome: 'responded' }) as unknown,
      })
    }),
  )
})

describe('rxjs-marbles', () => {
  const { marbles: plainMarbles } = configure({
    run: true,
    frameworkMatcher: true,
    assertDeepEqual: (x, y) => expect(x).toEqual(y),
  })
  const wrongTopic$ = throwError(() => new AntiphonError('timeout', 'too late'))
  const expected = new AntiphonError('timeout', 'too late', { topic: 'b' })

  it(
    'ignores properties of errors other than name and message in rxjs-marbles without withBroker',
    plainMarbles((m) => m.expect(wrongTopic$).toBeObservable('#', {}, expected)),
  )

  it('reports a difference in any property of an error in rxjs-marbles with withBroker', () => {
    const test = plainMarbles((m) => {
      withBroker(m)
      m.expect(wrongTopic$).toBeObservable('#', {}, expected)
    })
    expect(test).toThrow('topic: "b"')
  })
})
