import type { UnlockResponse } from '@antiphon/azure-topic-spaces'
import { AntiphonError, type ExchangeError } from '@antiphon/core'
import { left, right, type Either } from 'fp-ts/lib/Either.js'
import { mergeMap, Subject, take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { outcomeOf, toExchanges$, type Exchange } from '../page/exchange.js'
import { carLabel, exchangeLabel, linkLabel } from '../page/labels.js'

type Result = Either<ExchangeError, UnlockResponse>

describe('exchanges of the phone', () => {
  it('lists exchanges with the latest first and gives each its own result, in any order of responses', () => {
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
    [
      new AntiphonError('publish-refused', 'no'),
      'refused',
      'The hub does not allow this phone to unlock this car',
    ],
    [
      new AntiphonError('subscribe-refused', 'no'),
      'refused',
      'The hub does not allow this phone to unlock this car',
    ],
    [new AntiphonError('timeout', 'late', { awaited: 'connection' }), 'timed-out', 'No connection in time'],
    [new AntiphonError('link-closed', 'the link was closed'), 'failed', 'the link was closed'],
  ])('describes why an exchange failed: %s', (error, outcome, detail) => {
    expect(outcomeOf(left(error))).toEqual({ outcome, detail })
  })
})

describe('labels of link and exchanges', () => {
  const pending: Exchange = { key: 0, car: 'car1', from: 0, outcome: 'pending', detail: '' }

  it('names what a pending exchange waits for', () => {
    expect(exchangeLabel(pending, 'online').detail).toBe('Waiting for the car')
    expect(exchangeLabel(pending, 'offline').detail).toBe('Waiting for the connection')
    expect(carLabel(undefined, 'online')).toBe('Locked')
  })

  it('counts down to the next connection attempt and stops at 0', () => {
    const error = new AntiphonError('connection-lost', 'gone')
    const stage = { state: { status: 'offline', error, retryIn: 2_000 }, from: 1_000 } as const
    const titles = [1_000, 2_500, 9_000].map((now) => linkLabel(stage, now).title)
    expect(titles).toEqual([
      'Offline, reconnecting in 2.0 s',
      'Offline, reconnecting in 0.5 s',
      'Offline, reconnecting in 0.0 s',
    ])
    expect(linkLabel(stage, 1_000).detail).toBe('gone')
  })
})
