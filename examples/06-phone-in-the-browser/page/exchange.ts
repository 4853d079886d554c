import type { UnlockResponse } from '@antiphon/azure-topic-spaces'
import type { ExchangeError } from '@antiphon/core'
import { match, type Either } from 'fp-ts/lib/Either.js'
import { map, mergeMap, of, scan, startWith, type Observable, type OperatorFunction } from 'rxjs'

/** The state of an exchange. */
export type Outcome = 'pending' | 'responded' | 'refused' | 'timed-out' | 'failed'

/** One request to unlock a car. Times are milliseconds on the link's clock. */
export interface Exchange {
  /** Counted from 0. */
  readonly key: number
  readonly car: string
  readonly from: number
  /** The end; absent while the exchange is pending. */
  readonly to?: number
  readonly outcome: Outcome
  /** The result of the car, or why the exchange failed. */
  readonly detail: string
}

/** Sends an unlock request for each car and emits its response or error. */
export type UnlockOperator = OperatorFunction<string, Either<ExchangeError, UnlockResponse>>

/** How many exchanges are shown. */
const maxExchanges = 50

/** Sends a request for each car and emits all exchanges, the latest first, whenever one begins or ends. */
export function toExchanges$(
  cars$: Observable<string>,
  unlock: UnlockOperator,
  now: () => number,
): Observable<readonly Exchange[]> {
  return cars$.pipe(
    mergeMap((car, key) => {
      const pending: Exchange = { key, car, from: now(), outcome: 'pending', detail: '' }
      return of(car).pipe(
        unlock,
        map((result): Exchange => ({ ...pending, to: now(), ...outcomeOf(result) })),
        startWith(pending),
      )
    }),
    scan(withExchange, [] as readonly Exchange[]),
    startWith([]),
  )
}

function withExchange(all: readonly Exchange[], changed: Exchange): readonly Exchange[] {
  return all.some(({ key }) => key === changed.key)
    ? all.map((exchange) => (exchange.key === changed.key ? changed : exchange))
    : [changed, ...all].slice(0, maxExchanges)
}

/** Returns the outcome of an exchange and its detail. */
export const outcomeOf: (
  result: Either<ExchangeError, UnlockResponse>,
) => Pick<Exchange, 'outcome' | 'detail'> = match(failed, ({ result }) => ({
  outcome: 'responded',
  detail: result,
}))

function failed({ code, rawMessage, status, awaited }: ExchangeError): Pick<Exchange, 'outcome' | 'detail'> {
  switch (code) {
    case 'status':
      return { outcome: 'refused', detail: `The car reports “${status?.applicationCode ?? rawMessage}”` }
    case 'publish-refused':
    case 'subscribe-refused':
      return { outcome: 'refused', detail: 'The hub does not allow this phone to unlock this car' }
    case 'timeout':
      return { outcome: 'timed-out', detail: `No ${awaited ?? 'response'} in time` }
    default:
      return { outcome: 'failed', detail: rawMessage }
  }
}
