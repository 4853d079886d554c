import { bytes, type Link } from '@antiphon/core'
import {
  combineLatest,
  concat,
  defer,
  distinctUntilChanged,
  filter,
  finalize,
  ignoreElements,
  map,
  merge,
  mergeMap,
  of,
  ReplaySubject,
  share,
  Subject,
  switchMap,
  takeWhile,
  tap,
  type Observable,
} from 'rxjs'
import { clientId$ } from '../protocol/client-id.js'
import { receiveTelemetry$ } from '../receive-telemetry.js'
import { telemetry } from '../telemetry.js'
import { decodeResp3 } from './resp3.js'
import type { StateStoreEntry, StateStoreKey } from './state-store.js'

/** What observing needs of a state store. */
export interface KeyObserverParts<T> {
  readonly decode: (payload: Uint8Array) => T
  readonly get$: (key: StateStoreKey) => Observable<StateStoreEntry<T>>
  readonly register$: (key: StateStoreKey) => Observable<unknown>
  readonly deregister$: (key: StateStoreKey) => Observable<unknown>
}

/** Milliseconds to wait for the first connection, which `observe$` waits for as long as it is subscribed to. */
const UNLIMITED = 2_147_483_647

const notification = telemetry({
  topicPattern:
    'clients/statestore/v1/FA9AE35F-2F64-47CD-9BFF-08E2B32A0FE8/{clientId}/command/notify/{keyName}',
  payload: bytes,
})

/** Returns the function that observes a key. */
export function keyObserver<T>(
  link: Link,
  parts: KeyObserverParts<T>,
): (key: StateStoreKey) => Observable<StateStoreEntry<T>> {
  const observed = new Map<string, Observable<StateStoreEntry<T>>>()
  return (key) =>
    defer(() => {
      const name = toHex(typeof key === 'string' ? new TextEncoder().encode(key) : key)
      const existing = observed.get(name)
      if (existing !== undefined) return existing
      const entries$ = entriesOf(link, parts, key, name).pipe(
        finalize(() => observed.delete(name)),
        share({ connector: () => new ReplaySubject<StateStoreEntry<T>>(1) }),
      )
      observed.set(name, entries$)
      return entries$
    })
}

/** Emits the states of a key for one registration. */
function entriesOf<T>(
  link: Link,
  { decode, get$, register$, deregister$ }: KeyObserverParts<T>,
  key: StateStoreKey,
  keyName: string,
): Observable<StateStoreEntry<T>> {
  const deregister = (): void => {
    deregister$(key).subscribe({ error: () => undefined })
  }
  return clientId$(link, UNLIMITED, {}).pipe(
    mergeMap((id) => {
      const clientId = toHex(new TextEncoder().encode(id))
      const subscribed$ = new Subject<void>()
      let notifications = 0
      const notified$ = receiveTelemetry$(link, notification, {
        topicTokens: { clientId, keyName },
        onSubscribed: () => subscribed$.next(),
      }).pipe(
        map(({ value, timestamp }) => toEntry(value, timestamp, decode)),
        filter((entry) => entry !== undefined),
        tap(() => notifications++),
      )
      const online$ = link.state$.pipe(filter(({ status }) => status === 'online'))
      // The store may have been told of a lost connection, and changes may have been missed.
      const refreshed$ = combineLatest([subscribed$, online$]).pipe(
        switchMap(() =>
          concat(
            register$(key).pipe(ignoreElements()),
            defer(() => {
              const before = notifications
              // A notification that arrives meanwhile is newer than the response.
              return get$(key).pipe(filter(() => notifications === before))
            }),
          ),
        ),
      )
      return merge(refreshed$, notified$, closed$(link)).pipe(
        takeWhile((entry) => entry !== undefined),
        distinctUntilChanged((one, other) => one.version !== undefined && one.version === other.version),
        finalize(deregister),
      )
    }),
  )
}

/** Emits `undefined` when the link is closed. */
function closed$({ state$ }: Link): Observable<undefined> {
  return concat(state$.pipe(ignoreElements()), of(undefined))
}

function toEntry<T>(
  payload: Uint8Array,
  version: string | undefined,
  decode: (payload: Uint8Array) => T,
): StateStoreEntry<T> | undefined {
  const parsed = decodeResp3(payload)
  if (parsed?.type !== 'array') return undefined
  const [notify, operation, label, value] = parsed.items
  const names = [notify, operation, label].map((item) => item && new TextDecoder().decode(item)).join(' ')
  if (names === 'NOTIFY SET VALUE' && value !== undefined) return { value: decode(value), version }
  return names === 'NOTIFY DELETE ' ? { value: undefined, version } : undefined
}

function toHex(text: Uint8Array): string {
  return Array.from(text, (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
}
