import { isLeft } from 'fp-ts/lib/Either.js'
import { reasonOf } from '../codec/decode-failure.js'
import { FALSE_TEXT, isFalseText } from '../codec/payload-format.js'
import { formatDecodeError } from '../codec/format-decode-error.js'
import { AntiphonError, type RemoteStatus } from '../errors.js'
import { userProperty, type Message, type UserProperties } from '../message.js'
import { Status, toStatus, type Failure } from '../protocol/status.js'
import { exchangeError, withExchange } from './exchange-error.js'
import type { Exchange } from './exchange.js'
import type { DecodedOnce } from '../codec/decoded-once.js'

/**
 * Decides what the responses of an exchange mean: emits values, completes or fails the exchange. A handler with state is
 * created for each exchange.
 */
export interface ResponseHandler {
  /** Whether several responders may respond; none of them is then sent exchange control messages. @defaultValue false */
  readonly hasManyResponders?: boolean
  /** User Properties to add to the request. */
  readonly requestProperties?: UserProperties
  readonly receive: (response: DecodedOnce, exchange: Exchange) => void
  /** Receives the error of a response whose chunks cannot be assembled. Without this function, the attempt fails. */
  readonly receiveFault?: (error: AntiphonError, exchange: Exchange) => void
  /** Whether the request can be sent again, for example to another responder. @defaultValue true */
  readonly canRepeat?: boolean
  /** Called when the exchange has started. */
  readonly onStarted?: (exchange: Exchange) => void
  /** Called with each acceptance, and with a response that names the control topic of its responder. */
  readonly onAccepted?: (exchange: Exchange, message: Message) => void
  /** Called when the exchange has settled. */
  readonly onSettled?: () => void
  /** Restarts the timeout of an exchange whose request stream is alive. Without this function, the exchange does it. */
  readonly extendTimeout?: (exchange: Exchange, milliseconds: number) => void
  /** Handles the timeout of a published request. If it returns `undefined`, the exchange fails with `timeout`. */
  readonly onTimeout?: (exchange: Exchange) => TimeoutResult | undefined
}

/** The result of a timeout: the exchange fails with an error, completes, or waits on. */
export type TimeoutResult = AntiphonError | 'responded' | 'waiting'

/** Returns why the requester's `onResponse` rejects a response, or `undefined` if it does not. */
export function rejectionOf({ message }: DecodedOnce, exchange: Exchange): AntiphonError | undefined {
  const { onResponse } = exchange.requester.rules
  if (onResponse === undefined) return undefined
  let error: unknown
  try {
    error = onResponse(message)
  } catch (thrown) {
    return exchangeError(exchange, 'unknown', `onResponse threw: ${reasonOf(thrown)}`, { cause: thrown })
  }
  if (error === undefined) return undefined
  if (error instanceof AntiphonError) return withExchange(exchange, error as AntiphonError)
  return exchangeError(exchange, 'protocol', `onResponse rejects the response: ${reasonOf(error)}`, {
    cause: error,
  })
}

/** Returns the error of a response that is rejected or reports a failure, or `undefined` if it reports success. */
export function readFailure(response: DecodedOnce, exchange: Exchange): AntiphonError | undefined {
  return rejectionOf(response, exchange) ?? reportedFailure(response, exchange)
}

/** Returns the error of a failure that a response reports: in its payload, if the endpoint says so, or by its status. */
function reportedFailure(response: DecodedOnce, exchange: Exchange): AntiphonError | undefined {
  return payloadFailure(response, exchange) ?? statusError(response, exchange)
}

/** Returns the error of a failure that a payload reports; `undefined` if it reports none, or cannot be decoded. */
function payloadFailure(response: DecodedOnce, exchange: Exchange): AntiphonError | undefined {
  const { failures } = exchange.requester.endpoint
  if (failures === undefined) return undefined
  const { failureTopic } = exchange.request
  const isFailure = response.message.topic === failureTopic
  if (failureTopic !== undefined && !isFailure) return undefined
  const decoded = response.read()
  if (isLeft(decoded)) return undefined
  try {
    const failure = failures.failureOf(decoded.right) ?? (isFailure ? UNDESCRIBED : undefined)
    return failure && toStatusError({ isApplicationError: false, ...failure }, exchange)
  } catch (thrown) {
    return exchangeError(exchange, 'unknown', `failureOf threw: ${reasonOf(thrown)}`, { cause: thrown })
  }
}

/** A failure without a code of its own. */
const UNDESCRIBED: Failure = { code: Status.internalError }

function statusError({ message }: DecodedOnce, exchange: Exchange): AntiphonError | undefined {
  const reading = toStatus(message.userProperties)
  if (
    exchange.requester.rules.strictResponses &&
    userProperty(message.userProperties, '__stat') === undefined
  )
    return exchangeError(exchange, 'protocol', 'the response has no __stat, and strictResponses requires one')
  if (reading.kind === 'success') return undefined
  if (reading.kind === 'unreadable') {
    return exchangeError(
      exchange,
      'protocol',
      `the response's __stat is "${reading.found}": it must be a whole number`,
    )
  }
  return toStatusError(reading.status, exchange)
}

function toStatusError(status: RemoteStatus, exchange: Exchange): AntiphonError<'status'> {
  const detail = status.message === undefined ? '' : `: ${status.message}`
  return exchangeError(exchange, 'status', `the responder answered ${status.code}${detail}`, { status })
}

/** The value of a response, or the error that it reports. */
export type ResponseReading =
  | { readonly value: unknown; readonly error?: undefined }
  | { readonly error: AntiphonError; readonly value?: undefined }

/** Checks a response, reads its status and decodes its payload. */
export function readResponse(response: DecodedOnce, exchange: Exchange): ResponseReading {
  const rejection = rejectionOf(response, exchange)
  return rejection === undefined ? readAccepted(response, exchange) : { error: rejection }
}

/** Reads the status of a response that has been checked, and decodes its payload. */
export function readAccepted(response: DecodedOnce, exchange: Exchange): ResponseReading {
  const error = reportedFailure(response, exchange)
  if (error !== undefined) return { error }
  const decoded = response.read()
  if (isFalseText(response.message, exchange.request.codecOf(response.message), !isLeft(decoded)))
    return { error: exchangeError(exchange, 'protocol', `the response is malformed: ${FALSE_TEXT}`) }
  if (isLeft(decoded)) return { error: exchangeError(exchange, 'decode', formatDecodeError(decoded.left)) }
  const { message } = response
  const { includesMessage } = exchange.requester.endpoint
  return { value: includesMessage ? { value: decoded.right, message } : decoded.right }
}

/** The response handler of an endpoint with one response. */
export const singleResponse: ResponseHandler = {
  receive: (response, exchange) => {
    const reading = readResponse(response, exchange)
    if (reading.error !== undefined) exchange.failAttempt(reading.error)
    else exchange.finish(reading)
  },
}
