import { isLeft } from 'fp-ts/lib/Either.js'
import { formatDecodeError } from '../codec/format-decode-error.js'
import type { AntiphonError } from '../errors.js'
import type { ErrorCode, ErrorContext } from '../errors.js'
import type { UserProperties } from '../message.js'
import { toStatus } from '../protocol/status.js'
import type { DecodedOnce } from './decoded-once.js'

/** What may be done with an open question on account of its replies. */
export interface ExchangeControl {
  /** One answer of several. */
  readonly emit: (value: unknown) => void
  /** Answered in full: with this value, or by what was emitted before. */
  readonly finish: (response?: { readonly value: unknown }) => void
  /** Failed; asked again where the rules say so. */
  readonly fail: (error: AntiphonError) => void
  /** There was a sign of life: so many milliseconds more. */
  readonly extendTimeout: (milliseconds: number) => void
  /** A word to the responder about this exchange. */
  readonly sendControl: (userProperties: UserProperties) => void
  /** An error that tells which exchange it is about. */
  readonly failure: <C extends ErrorCode>(
    code: C,
    message: string,
    context?: ErrorContext,
  ) => AntiphonError<C>
}

/** What a question does with its replies; one for each exchange. */
export interface ResponseHandler {
  /** What the question says of itself when it is asked. */
  readonly requestProperties?: UserProperties
  readonly receive: (response: DecodedOnce, control: ExchangeControl) => void
  /** The time is up though the question was asked; where this is left out, it fails with `timeout`. */
  readonly onTimeout?: (control: ExchangeControl) => TimeoutResult
}

/** What it means that the time is up: a failure, an answer in full, or that the question waits for longer. */
export type TimeoutResult = AntiphonError | 'responded' | 'waiting'

/** The error a reply's status stands for, if it stands for one. */
export function readFailure({ message }: DecodedOnce, control: ExchangeControl): AntiphonError | undefined {
  const reading = toStatus(message.userProperties)
  if (reading.kind === 'success') return undefined
  if (reading.kind === 'unreadable') {
    return control.failure('protocol', `the reply's __stat is "${reading.found}": it must be a whole number`)
  }
  const { status } = reading
  const said = status.message === undefined ? '' : `: ${status.message}`
  return control.failure('status', `the responder answered ${status.code}${said}`, { status })
}

/** What a reply says: a value, or the error it stands for. */
export type ResponseReading =
  | { readonly value: unknown; readonly error?: undefined }
  | { readonly error: AntiphonError; readonly value?: undefined }

/** Reads a reply. */
export function readResponse(response: DecodedOnce, control: ExchangeControl): ResponseReading {
  const error = readFailure(response, control)
  if (error !== undefined) return { error }
  const decoded = response.read()
  if (isLeft(decoded)) return { error: control.failure('decode', formatDecodeError(decoded.left)) }
  return { value: decoded.right }
}

/** One answer, and the question is settled. */
export const singleResponse: ResponseHandler = {
  receive: (response, control) => {
    const reading = readResponse(response, control)
    if (reading.error !== undefined) control.fail(reading.error)
    else control.finish(reading)
  },
}
