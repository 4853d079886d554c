import { bytes, type Codec, type Link, type UserProperties } from '@antiphon/core'
import { decodeWith, encodeWith } from '@antiphon/core/codec'
import { numberRule, type OptionRules } from '@antiphon/core/link'
import { isLeft } from 'fp-ts/lib/Either.js'
import { catchError, defer, map, of, throwError, type Observable, type SchedulerLike } from 'rxjs'
import { command } from '../command.js'
import { invokeCommand$, type CommandResponse } from '../invoke-command.js'
import { OperationsError } from '../operations-error.js'
import { requireOptions } from '../protocol/require-options.js'
import { toOperationsError } from '../protocol/to-operations-error.js'
import { keyObserver } from './observe-key.js'
import { decodeResp3, encodeResp3, type Resp3 } from './resp3.js'

/** A key of the state store: text is encoded as UTF-8. */
export type StateStoreKey = string | Uint8Array

/** The state of a key. */
export interface StateStoreEntry<T> {
  /** `undefined` if the store does not have the key. */
  readonly value: T | undefined
  /** The version of the value: a timestamp of the store's hybrid logical clock. */
  readonly version: string | undefined
}

/** The result of setting a key. */
export interface SetResult {
  /** Whether the key was set; otherwise the condition was not met. */
  readonly isSet: boolean
  /** The version of the new value, which is also the fencing token of a lock. */
  readonly version: string | undefined
}

/** Options of one operation. */
export interface StateStoreRequest {
  /** Milliseconds from the request to the response. @defaultValue that of the store */
  readonly commandTimeout?: number
}

/** Options of an operation that changes a key. */
export interface ChangeOptions extends StateStoreRequest {
  /**
   * The fencing token of the lock that protects the key: the version with which the lock was set. The store refuses a change
   * with a token that is older than the latest one. @defaultValue none
   */
  readonly fencingToken?: string
}

/** Options of setting a key. */
export interface SetOptions extends ChangeOptions {
  /** `absent`: only if the store does not have the key; `absent-or-equal`: also if it has this value. @defaultValue always */
  readonly condition?: 'absent' | 'absent-or-equal'
  /** Milliseconds after which the store deletes the key. @defaultValue never */
  readonly expiry?: number
  /** Whether the store keeps the key on disk. @defaultValue false */
  readonly isPersistent?: boolean
}

/** Options of a state store. */
export interface StateStoreOptions<T, Sent = T> {
  /** The format of values. @defaultValue bytes */
  readonly codec?: Codec<T, Sent>
  /** Milliseconds from a request to its response. @defaultValue 10 000 */
  readonly commandTimeout?: number
}

/**
 * The state store of Azure IoT Operations. Each Observable sends its request when it is subscribed to, emits the result and
 * completes; it errors with an `OperationsError`.
 */
export interface StateStore<T, Sent = T> {
  /** Reads a key. */
  readonly get$: (key: StateStoreKey, options?: StateStoreRequest) => Observable<StateStoreEntry<T>>
  /** Sets a key. */
  readonly set$: (key: StateStoreKey, value: Sent, options?: SetOptions) => Observable<SetResult>
  /** Deletes a key; emits whether the store had it. */
  readonly delete$: (key: StateStoreKey, options?: ChangeOptions) => Observable<boolean>
  /** Deletes a key if it has this value (`VDEL`); emits whether it was deleted. */
  readonly vDel$: (key: StateStoreKey, value: Sent, options?: ChangeOptions) => Observable<boolean>
  /**
   * Observes a key (`KEYNOTIFY`). Its subscribers share one registration at the store.
   *
   * - *on subscribe*: registers for notifications, and reads the key.
   * - *next*: the state of the key, then every change; after each reconnect, the state at that time.
   * - *complete*: the link was closed.
   * - *error*: an `OperationsError`: the registration failed.
   * - *unsubscribe*: the last subscriber ends the registration.
   */
  readonly observe$: (key: StateStoreKey) => Observable<StateStoreEntry<T>>
  /** The scheduler of the link. */
  readonly scheduler: SchedulerLike
}

const optionRules: OptionRules<StateStoreOptions<unknown>> = {
  codec: 'object',
  commandTimeout: numberRule(1e-3),
}

const requestRules: OptionRules<StateStoreRequest> = { commandTimeout: numberRule(1e-3) }

const changeRules: OptionRules<ChangeOptions> = { ...requestRules, fencingToken: 'string' }

const setRules: OptionRules<SetOptions> = {
  ...changeRules,
  condition: ['absent', 'absent-or-equal'],
  expiry: numberRule(1),
  isPersistent: [true, false],
}

const CONDITIONS = { absent: 'NX', 'absent-or-equal': 'NEX' } as const

const invoke = command({
  name: 'state store',
  requestTopicPattern: 'statestore/v1/FA9AE35F-2F64-47CD-9BFF-08E2B32A0FE8/command/invoke',
  request: bytes,
  response: bytes,
  reservedProperties: ['__ft'],
})

/**
 * Returns the state store that a link reaches. Throws `invalid-configuration` if an option is invalid.
 *
 * @example
 * ```ts
 * const store = stateStore(link, { codec: json(t.number) })
 * store.set$('presses', 7).subscribe()
 * store.observe$('presses').subscribe(({ value }) => console.log(value))
 * ```
 */
export function stateStore(link: Link, options?: StateStoreOptions<Uint8Array>): StateStore<Uint8Array>
export function stateStore<T, Sent = T>(
  link: Link,
  options: StateStoreOptions<T, Sent> & { readonly codec: Codec<T, Sent> },
): StateStore<T, Sent>
export function stateStore<T>(link: Link, options: StateStoreOptions<T> = {}): StateStore<T> {
  requireOptions(options, optionRules)
  const { codec = bytes as unknown as Codec<T>, commandTimeout = 10_000 } = options
  const operator = invokeCommand$(link, invoke, {
    responseTopicPrefix: 'clients/{invokerClientId}',
    responseTopicSuffix: 'response',
    commandTimeout,
  })

  /** Sends a request and reads its response; `read` returns `undefined` for a value that the operation does not have. */
  const request$ = <Result>(
    name: string,
    items: () => readonly (string | Uint8Array)[],
    read: (value: Resp3, version: string | undefined) => Result | undefined,
    { fencingToken, isPersistent, ...rest }: SetOptions = {},
  ): Observable<Result> =>
    defer(() => {
      const metadata: UserProperties = [
        ...(fencingToken === undefined ? [] : [['__ft', fencingToken] as const]),
        ...(isPersistent === true ? [['aio-persistence', 'true'] as const] : []),
      ]
      const { commandTimeout: ownTimeout } = rest
      return of({
        value: encodeResp3([name, ...items()]),
        metadata,
        ...(ownTimeout !== undefined && { commandTimeout: ownTimeout }),
      })
    }).pipe(
      operator,
      map((response) => readResult(name, response, read)),
      catchError((error: unknown) => throwError(() => toOperationsError(error, { commandName: name }))),
    )

  const encode = (value: T): Uint8Array => {
    const encoded = encodeWith(codec, value)
    if (isLeft(encoded)) throw encoded.left
    return encoded.right
  }
  const decode = (payload: Uint8Array): T => {
    const decoded = decodeWith(codec, payload, codec.contentType)
    if (isLeft(decoded))
      throw new OperationsError(
        'invalid-payload',
        `the value in the state store does not decode: ${decoded.left.issues[0].message}`,
      )
    return decoded.right
  }

  const get$: StateStore<T>['get$'] = (key, requestOptions = {}) => {
    requireOptions(requestOptions, requestRules)
    const read = (value: Resp3, version: string | undefined): StateStoreEntry<T> | undefined => {
      if (value.type === 'nil') return { value: undefined, version: undefined }
      return value.type === 'blob' ? { value: decode(value.bytes), version } : undefined
    }
    return request$('GET', () => [key], read, requestOptions)
  }

  return {
    scheduler: link.scheduler,
    get$,
    set$: (key, value, setOptions = {}) => {
      requireOptions(setOptions, setRules)
      const { condition, expiry } = setOptions
      return request$(
        'SET',
        () => [
          key,
          encode(value),
          ...(condition === undefined ? [] : [CONDITIONS[condition]]),
          ...(expiry === undefined ? [] : ['PX', String(Math.ceil(expiry))]),
        ],
        readSet,
        setOptions,
      )
    },
    delete$: (key, changeOptions = {}) => {
      requireOptions(changeOptions, changeRules)
      return request$('DEL', () => [key], readCount, changeOptions)
    },
    vDel$: (key, value, changeOptions = {}) => {
      requireOptions(changeOptions, changeRules)
      return request$('VDEL', () => [key, encode(value)], readCount, changeOptions)
    },
    observe$: keyObserver(link, {
      decode,
      get$,
      register$: (key) => request$('KEYNOTIFY', () => [key], readOk),
      deregister$: (key) => request$('KEYNOTIFY', () => [key, 'STOP'], readOk),
    }),
  }
}

function readResult<Result>(
  name: string,
  { value: payload, timestamp }: CommandResponse<Uint8Array>,
  read: (value: Resp3, version: string | undefined) => Result | undefined,
): Result {
  const value = decodeResp3(payload)
  if (value?.type === 'error')
    throw new OperationsError(
      'execution-error',
      `the state store refuses ${name}: ${value.text.replace(/^ERR /, '')}`,
      { isRemote: true, commandName: name },
    )
  const result = value && read(value, timestamp)
  if (result !== undefined) return result
  throw new OperationsError('invalid-payload', `the response of the state store to ${name} is malformed`, {
    commandName: name,
  })
}

function readSet(value: Resp3, version: string | undefined): SetResult | undefined {
  if (value.type === 'text' && value.text === 'OK') return { isSet: true, version }
  const isRefused = value.type === 'nil' || (value.type === 'number' && value.number <= 0)
  return isRefused ? { isSet: false, version: undefined } : undefined
}

function readCount(value: Resp3): boolean | undefined {
  return value.type === 'number' ? value.number > 0 : undefined
}

function readOk(value: Resp3): true | undefined {
  return value.type === 'text' && value.text === 'OK' ? true : undefined
}
