import { isLeft } from 'fp-ts/lib/Either.js'
import { formatDecodeError } from '../codec/format-decode-error.js'
import type { AntiphonError } from '../errors.js'
import type { ErrorCode, ErrorContext } from '../errors.js'
import type { UserProperties } from '../message.js'
import { toStatus } from '../protocol/status.js'
import type { DecodedOnce } from '../codec/decoded-once.js'

/** The operations on a pending exchange that a response handler may use. */
export interface ExchangeControl {
  /** Emits one response of several. */
  readonly emit: (value: unknown) => void
  /** Completes the exchange, after emitting the value if there is one. */
  readonly finish: (response?: { readonly value: unknown }) => void
  /** Fails the attempt: retries if the error is retryable and an attempt is left, fails the exchange otherwise. */
  readonly fail: (error: AntiphonError) => void
  /** Restarts the timeout with this duration. */
  readonly extendTimeout: (milliseconds: number) => void
  /** Sends an exchange control message to the responder. */
  readonly sendControl: (userProperties: UserProperties) => void
  /** Creates an error with the context of the exchange. */
  readonly createError: <C extends ErrorCode>(
    code: C,
    message: string,
    context?: ErrorContext,
  ) => AntiphonError<C>
}

/**
 * Decides what the responses of an exchange mean: emits values, completes or fails the exchange. A handler with state is
 * created for each exchange.
 */
export interface ResponseHandler {
  /** User Properties to add to the request. */
  readonly requestProperties?: UserProperties
  readonly receive: (response: DecodedOnce, control: ExchangeControl) => void
  /** Handles the timeout of a published request. Without this function, the exchange fails with `timeout`. */
  readonly onTimeout?: (control: ExchangeControl) => TimeoutResult
}

/** The result of a timeout: the exchange fails with an error, completes, or waits on. */
export type TimeoutResult = AntiphonError | 'responded' | 'waiting'

/** Returns the error for the status of a response, or `undefined` if it reports success. */
export function readFailure({ message }: DecodedOnce, control: ExchangeControl): AntiphonError | undefined {
  const reading = toStatus(message.userProperties)
  if (reading.kind === 'success') return undefined
  if (reading.kind === 'unreadable') {
    return control.createError(
      'protocol',
      `the response's __stat is "${reading.found}": it must be a whole number`,
    )
  }
  const { status } = reading
  const detail = status.message === undefined ? '' : `: ${status.message}`
  return control.createError('status', `the responder answered ${status.code}${detail}`, { status })
}

/** The value of a response, or the error that it reports. */
export type ResponseReading =
  | { readonly value: unknown; readonly error?: undefined }
  | { readonly error: AntiphonError; readonly value?: undefined }

/** Reads the status of a response, and decodes its payload. */
export function readResponse(response: DecodedOnce, control: ExchangeControl): ResponseReading {
  const error = readFailure(response, control)
  if (error !== undefined) return { error }
  const decoded = response.read()
  if (isLeft(decoded)) return { error: control.createError('decode', formatDecodeError(decoded.left)) }
  return { value: decoded.right }
}

/** The response handler of an endpoint with one response. */
export const singleResponse: ResponseHandler = {
  receive: (response, control) => {
    const reading = readResponse(response, control)
    if (reading.error !== undefined) control.fail(reading.error)
    else control.finish(reading)
  },
}
