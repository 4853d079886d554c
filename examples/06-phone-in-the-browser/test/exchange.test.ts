import type { UnlockResponse } from '@antiphon/azure-topic-spaces'
import { AntiphonError, type ExchangeError } from '@antiphon/core'
import { left, right, type Either } from 'fp-ts/lib/Either.js'
import { mergeMap, Subject, take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { settled, toExchanges$, type Exchange } from '../page/exchange.js'
import { exchangeWords, linkWords, saidOf } from '../page/words.js'

type Result = Either<ExchangeError, UnlockResponse>

describe('the exchanges of a phone', () => {
  it('begin pending, the latest first, and end with their own results in whatever order', () => {
    let now = 0
    const cars = new Subject<string>()
    const results = new Map<string, Subject<Result>>([
      ['car1', new Subject()],
      ['car2', new Subject()],
    ])
    const seen: (readonly Exchange[])[] = []
    toExchanges$(
      cars,
      mergeMap((car) => (results.get(car) ?? new Subject<Result>()).pipe(take(1))),
      () => now,
    ).subscribe((exchanges) => seen.push(exchanges))

    cars.next('car1')
    now = 10
    cars.next('car2')
    now = 25
    results.get('car1')?.next(right({ commandId: '1', result: 'Success' }))
    now = 30
    results.get('car2')?.next(left(new AntiphonError('timeout', 'late', { awaited: 'response' })))

    expect(seen.map((all) => all.map(({ car, outcome }) => `${car} ${outcome}`))).toEqual([
      [],
      ['car1 pending'],
      ['car2 pending', 'car1 pending'],
      ['car2 pending', 'car1 responded'],
      ['car2 timed-out', 'car1 responded'],
    ])
    expect(seen.at(-1)).toMatchObject([
      { from: 10, to: 30 },
      { from: 0, to: 25 },
    ])
  })

  it.each([
    [new AntiphonError('publish-refused', 'no'), 'refused', 'The hub gives this phone no right to ask it'],
    [new AntiphonError('subscribe-refused', 'no'), 'refused', 'The hub gives this phone no right to ask it'],
    [
      new AntiphonError('timeout', 'late', { awaited: 'connection' }),
      'timed-out',
      'Gave up waiting for the connection',
    ],
    [new AntiphonError('link-closed', 'the link was closed'), 'failed', 'the link was closed'],
  ])('say why they failed: %s', (error, outcome, detail) => {
    expect(settled(left(error))).toEqual({ outcome, detail })
  })
})

describe('the words for it', () => {
  const pending: Exchange = { key: 0, car: 'car1', from: 0, outcome: 'pending', detail: '' }

  it('tell what a pending exchange waits for', () => {
    expect(exchangeWords(pending, 'online').detail).toBe('Waiting for the car')
    expect(exchangeWords(pending, 'offline').detail).toBe('Kept until the link is back')
    expect(saidOf(undefined, 'online')).toBe('Locked')
  })

  it('count down to the next attempt of a link, and never below nothing', () => {
    const error = new AntiphonError('connection-lost', 'gone')
    const stage = { state: { status: 'offline', error, retryIn: 2_000 }, from: 1_000 } as const
    const titles = [1_000, 2_500, 9_000].map((now) => linkWords(stage, now).title)
    expect(titles).toEqual([
      'Offline, trying again in 2.0 s',
      'Offline, trying again in 0.5 s',
      'Offline, trying again in 0.0 s',
    ])
    expect(linkWords(stage, 1_000).detail).toBe('gone')
  })
})
