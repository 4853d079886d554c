import {
  concat,
  defer,
  finalize,
  ignoreElements,
  of,
  race,
  repeat,
  switchMap,
  take,
  timer,
  filter,
  type Observable,
} from 'rxjs'
import { numberRule, type OptionRules } from '@antiphon/core/link'
import { requireOptions } from '../protocol/require-options.js'
import type { StateStore, StateStoreKey } from './state-store.js'

/** Options of a lease. */
export interface LeaseOptions<Sent> {
  /** The value of the key while it is held: the name of this holder, which no other holder has. */
  readonly holder: Sent
  /** Milliseconds after which a lease ends that is not renewed. */
  readonly leaseDuration: number
  /** Milliseconds between two renewals. @defaultValue a third of `leaseDuration` */
  readonly renewalPeriod?: number
}

/** Whether a lease is held. */
export type LeaseState =
  /** Held until it is renewed or ends. Pass the fencing token with every change that the lease protects. */
  | { readonly status: 'held'; readonly fencingToken: string }
  /** Another holder has it. */
  | { readonly status: 'waiting' }

const optionRules: OptionRules<LeaseOptions<unknown>> = {
  holder: 'any',
  leaseDuration: numberRule(1),
  renewalPeriod: numberRule(1),
}

/**
 * Acquires a lease on a key of the state store, and keeps it. To elect a leader, let all candidates acquire the same lease:
 * the leader is the one that holds it.
 *
 * - *on subscribe*: tries to acquire the lease.
 * - *next*: `held` when it is acquired and after each renewal, with a new fencing token; `waiting` when another holder has it.
 *   Then it tries again when the key is deleted, or after `leaseDuration`.
 * - *complete*: never.
 * - *error*: an `OperationsError`: the store could not be reached in time, so that the lease may have ended.
 * - *unsubscribe*: releases the lease.
 *
 * @example
 * ```ts
 * lease$(store, 'leader', { holder, leaseDuration: 10_000 }).pipe(
 *   switchMap((lease) => (lease.status === 'held' ? lead$(lease.fencingToken) : NEVER)),
 * )
 * ```
 */
export function lease$<T, Sent>(
  store: StateStore<T, Sent>,
  key: StateStoreKey,
  options: LeaseOptions<Sent>,
): Observable<LeaseState> {
  requireOptions(options, optionRules)
  const { holder, leaseDuration, renewalPeriod = leaseDuration / 3 } = options
  const { scheduler } = store
  // Also while waiting: a request that was cancelled may still be executed. It does not delete the key of another holder.
  const release = (): void => {
    store.vDel$(key, holder).subscribe({ error: () => undefined })
  }
  return defer(() => {
    const free$ = store.observe$(key).pipe(filter(({ value }) => value === undefined))
    const attempt$ = store.set$(key, holder, { condition: 'absent-or-equal', expiry: leaseDuration })
    return attempt$.pipe(
      switchMap(({ isSet, version = '' }): Observable<LeaseState> =>
        isSet
          ? concat(
              of({ status: 'held', fencingToken: version } as const),
              timer(renewalPeriod, scheduler).pipe(ignoreElements()),
            )
          : concat(
              of({ status: 'waiting' } as const),
              race(free$, timer(leaseDuration, scheduler)).pipe(take(1), ignoreElements()),
            ),
      ),
      repeat(),
      finalize(release),
    )
  })
}
