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

/** The options of `unlock$` and `unlockEither$`. */
export interface UnlockOptions extends Omit<RequestOptions, 'responseTopic'> {
  /** Milliseconds from the call to the response. @defaultValue 120 000, the sum of all step timeouts */
  readonly timeout?: number
  /**
   * Milliseconds of single steps.
   * @defaultValue 20 000 each for connection, subscription and acknowledgement; 60 000, or `timeout`, for the response
   */
  readonly stepTimeouts?: StepTimeouts
  /** The `authorization` of the request. @defaultValue 'pretty pretty please' */
  readonly authorization?: string
  /** The `credentials` of the request. @defaultValue 'with a cherry on top' */
  readonly credentials?: string
}

/**
 * Sends an unlock command of this phone to each car of a stream of car ids, and emits the responses.
 *
 * - *on subscribe*: subscribes to the car ids. Commands are published after the response subscription is granted.
 * - *next*: a response whose result is `Success`. *complete*: all cars have responded.
 * - *error*: the first failure: `status` if a result is not `Success`, with the result as `status.applicationCode`;
 *   `timeout` if a car does not respond, with the step that took too long as `awaited`.
 * - *unsubscribe*: cancels the pending requests.
 */
export function unlock$(
  link: Link,
  mobile: string,
  options: UnlockOptions = {},
): OperatorFunction<string, UnlockResponse> {
  const { toRequest, requestOptions } = phoneRequests(mobile, options)
  return pipe(
    map(toRequest),
    request$(link, unlockEndpoint, requestOptions),
    map((response) => {
      const failure = failureOf(response)
      if (failure !== undefined) throw failure
      return response
    }),
  )
}

/** Like `unlock$`, but emits a failure as a `Left`, so that the stream continues. */
export function unlockEither$(
  link: Link,
  mobile: string,
  options: UnlockOptions = {},
): OperatorFunction<string, Either<ExchangeError, UnlockResponse>> {
  const { toRequest, requestOptions } = phoneRequests(mobile, options)
  return pipe(
    map(toRequest),
    requestEither$(link, unlockEndpoint, requestOptions),
    map(
      chain((response: UnlockResponse): Either<ExchangeError, UnlockResponse> => {
        const failure = failureOf(response)
        return failure === undefined ? right(response) : left(failure)
      }),
    ),
  )
}

/** The default timeout of each step, in milliseconds. */
const stepTimeouts = { connection: 20_000, subscription: 20_000, acknowledgement: 20_000, response: 60_000 }
const allSteps = Object.values(stepTimeouts).reduce((sum, step) => sum + step)

function phoneRequests(mobile: string, { authorization, credentials, ...options }: UnlockOptions) {
  const isLimited = options.timeout !== undefined
  return {
    requestOptions: {
      timeout: allSteps,
      ...options,
      // An explicit `timeout` also applies to the response, whose default is shorter.
      stepTimeouts: {
        ...stepTimeouts,
        ...(isLimited && { response: options.timeout }),
        ...options.stepTimeouts,
      },
    },
    toRequest: (car: string): { params: { car: string; mobile: string }; value: UnlockRequest } => ({
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
  const context = { endpoint: unlockEndpoint.name, correlation: commandId, phase: 'after-network' } as const
  if (typeof result !== 'string') {
    const found = JSON.stringify(result) as string | undefined
    const fault = found === undefined ? 'is missing' : `is ${found}`
    return new AntiphonError(
      'decode',
      `the result of command ${commandId} ${fault}: it must be a string`,
      context,
    )
  }
  return new AntiphonError('status', `the car answered ${result} to command ${commandId}`, {
    ...context,
    status: { code: 500, message: result, isApplicationError: true, applicationCode: result },
  })
}
