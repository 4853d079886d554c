import type { UnlockResponse } from '@antiphon/azure-topic-spaces'
import type { ExchangeError } from '@antiphon/core'
import { match, type Either } from 'fp-ts/lib/Either.js'
import { map, mergeMap, of, scan, startWith, type Observable, type OperatorFunction } from 'rxjs'

/** How an exchange stands. */
export type Outcome = 'pending' | 'responded' | 'refused' | 'timed-out' | 'failed'

/** One attempt to unlock a car. Times are milliseconds on the link's clock. */
export interface Exchange {
  /** Counted from 0. */
  readonly key: number
  readonly car: string
  readonly from: number
  /** Only when it is over. */
  readonly to?: number
  readonly outcome: Outcome
  /** What the car, the hub or the link had to say. */
  readonly detail: string
}

/** Answers or failures, in place of cars. */
export type Asking = OperatorFunction<string, Either<ExchangeError, UnlockResponse>>

/** As many are remembered. */
const kept = 50

/** From the cars asked for to all exchanges, the latest first, each time one of them begins or ends. */
export function toExchanges$(
  cars$: Observable<string>,
  sendRequest: Asking,
  now: () => number,
): Observable<readonly Exchange[]> {
  return cars$.pipe(
    mergeMap((car, key) => {
      const requested: Exchange = { key, car, from: now(), outcome: 'pending', detail: '' }
      return of(car).pipe(
        sendRequest,
        map((result): Exchange => ({ ...requested, to: now(), ...settled(result) })),
        startWith(requested),
      )
    }),
    scan(withExchange, [] as readonly Exchange[]),
    startWith([]),
  )
}

function withExchange(all: readonly Exchange[], changed: Exchange): readonly Exchange[] {
  return all.some(({ key }) => key === changed.key)
    ? all.map((each) => (each.key === changed.key ? changed : each))
    : [changed, ...all].slice(0, kept)
}

/** What became of an exchange. */
export const settled: (
  result: Either<ExchangeError, UnlockResponse>,
) => Pick<Exchange, 'outcome' | 'detail'> = match(failed, ({ result }) => ({
  outcome: 'responded',
  detail: result,
}))

function failed({ code, rawMessage, status, awaited }: ExchangeError): Pick<Exchange, 'outcome' | 'detail'> {
  switch (code) {
    case 'status':
      return { outcome: 'refused', detail: `The car says “${status?.applicationCode ?? rawMessage}”` }
    case 'publish-refused':
    case 'subscribe-refused':
      return { outcome: 'refused', detail: 'The hub gives this phone no right to ask it' }
    case 'timeout':
      return { outcome: 'timed-out', detail: `Gave up waiting for the ${awaited ?? 'response'}` }
    default:
      return { outcome: 'failed', detail: rawMessage }
  }
}
