import {
  AntiphonError,
  request$,
  requestEither$,
  type ExchangeError,
  type Link,
  type RequestOptions,
  type StepTimeouts,
} from '@antiphon/core'
import { chain, left, right, type Either } from 'fp-ts/lib/Either.js'
import { map, pipe, type OperatorFunction } from 'rxjs'
import { v4 as uuid } from 'uuid'
import { SUCCESS, unlockEndpoint, type UnlockRequest, type UnlockResponse } from './unlock-contract.js'

/** How cars are asked. */
export interface UnlockOptions extends Omit<RequestOptions, 'responseTopic'> {
  /** @defaultValue 120 000, as much as all steps may take */
  readonly timeout?: number
  /** @defaultValue 20 000 each for connection, subscription and acknowledgement; 60 000, or `timeout`, for the answer */
  readonly stepTimeouts?: StepTimeouts
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
 *   `status.applicationCode`; with `timeout` on silence, where `awaited` says which step took too long.
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

/** Milliseconds that each step may take. */
const stepTimeouts = { connection: 20_000, subscription: 20_000, acknowledgement: 20_000, response: 60_000 }
const allSteps = Object.values(stepTimeouts).reduce((sum, step) => sum + step)

function phone(mobile: string, { authorization, credentials, ...options }: UnlockOptions) {
  const isLimited = options.timeout !== undefined
  return {
    rules: {
      timeout: allSteps,
      ...options,
      // Who says how long it may take in all may wait for an answer longer than a minute.
      stepTimeouts: {
        ...stepTimeouts,
        ...(isLimited && { response: options.timeout }),
        ...options.stepTimeouts,
      },
    },
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
