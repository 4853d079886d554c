import {
  AntiphonError,
  request$,
  requestEither$,
  type ExchangeError,
  type Link,
  type RequestOptions,
} from '@antiphon/core'
import { chain, left, right, type Either } from 'fp-ts/lib/Either.js'
import { map, pipe, type OperatorFunction } from 'rxjs'
import { v4 as uuid } from 'uuid'
import { SUCCESS, unlockEndpoint, type UnlockRequest, type UnlockResponse } from './unlock-contract.js'

/** How cars are asked. */
export interface UnlockOptions extends Omit<RequestOptions, 'responseTopic'> {
  /** @defaultValue 60 000 */
  readonly timeout?: number
  /** @defaultValue 'pretty pretty please' */
  readonly authorization?: string
  /** @defaultValue 'with a cherry on top' */
  readonly credentials?: string
}

/**
 * Turns a stream of car ids into the stream of their answers, each asked to unlock by this phone.
 *
 * - *on subscribe*: subscribes to the cars; nothing is published before the response subscription is granted.
 * - *next*: an answer whose result is `Success`. *complete*: all are answered.
 * - *error*: the first car that does not: with `status` where its result is another one, which is then
 *   `status.applicationCode`; with `timeout` on silence, where `awaited` says what had not come.
 * - *unsubscribe*: gives up what is open.
 */
export function unlock$(
  link: Link,
  mobile: string,
  options: UnlockOptions = {},
): OperatorFunction<string, UnlockResponse> {
  const { toAsk, rules } = phone(mobile, options)
  return pipe(
    map(toAsk),
    request$(link, unlockEndpoint, rules),
    map((response) => {
      const failure = failureOf(response)
      if (failure !== undefined) throw failure
      return response
    }),
  )
}

/** Like `unlock$`, for pipelines that must live on: a car that failed is a `Left` among the answers. */
export function unlockEither$(
  link: Link,
  mobile: string,
  options: UnlockOptions = {},
): OperatorFunction<string, Either<ExchangeError, UnlockResponse>> {
  const { toAsk, rules } = phone(mobile, options)
  return pipe(
    map(toAsk),
    requestEither$(link, unlockEndpoint, rules),
    map(
      chain((response: UnlockResponse): Either<ExchangeError, UnlockResponse> => {
        const failure = failureOf(response)
        return failure === undefined ? right(response) : left(failure)
      }),
    ),
  )
}

function phone(mobile: string, { authorization, credentials, ...options }: UnlockOptions) {
  return {
    rules: { timeout: 60_000, ...options },
    toAsk: (car: string): { params: { car: string; mobile: string }; value: UnlockRequest } => ({
      params: { car, mobile },
      value: {
        command: 'unlock',
        commandId: uuid(),
        requestorId: mobile,
        authorization: authorization ?? 'pretty pretty please',
        credentials: credentials ?? 'with a cherry on top',
      },
    }),
  }
}

function failureOf({ commandId, result }: UnlockResponse): ExchangeError | undefined {
  if (result === SUCCESS) return undefined
  return new AntiphonError('status', `the car answered ${result} to command ${commandId}`, {
    endpoint: unlockEndpoint.name,
    correlation: commandId,
    phase: 'after-network',
    status: { code: 500, message: result, isApplicationError: true, applicationCode: result },
  })
}
