import { isLeft } from 'fp-ts/lib/Either.js'
import { showDecodeError } from '../codec/show-decode-error.js'
import type { AntiphonError } from '../errors.js'
import type { ErrorCode, ErrorContext } from '../errors.js'
import type { UserProperties } from '../message.js'
import { toStatus } from '../status.js'
import type { DecodedOnce } from './received.js'

/** What may be done with an open question on account of its replies. */
export interface ExchangeControl {
  /** One answer of several. */
  readonly emit: (value: unknown) => void
  /** Answered in full: with this value, or by what was emitted before. */
  readonly finish: (answer?: { readonly value: unknown }) => void
  /** Failed; asked again where the rules say so. */
  readonly fail: (error: AntiphonError) => void
  /** There was a sign of life: so many milliseconds more. */
  readonly postpone: (milliseconds: number) => void
  /** A word to the responder about this exchange. */
  readonly tell: (userProperties: UserProperties) => void
  /** An error that tells which exchange it is about. */
  readonly failure: <C extends ErrorCode>(
    code: C,
    message: string,
    context?: ErrorContext,
  ) => AntiphonError<C>
}

/** What a question does with its replies; one for each exchange. */
export interface Replies {
  /** What the question says of itself when it is asked. */
  readonly opening?: UserProperties
  readonly receive: (reply: DecodedOnce, control: ExchangeControl) => void
  /** The time is up though the question was asked; where this is left out, it fails with `timeout`. */
  readonly timedOut?: (control: ExchangeControl) => TimeUp
}

/** What it means that the time is up: a failure, an answer in full, or that the question waits for longer. */
export type TimeUp = AntiphonError | 'answered' | 'waiting'

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
export type Reading =
  | { readonly value: unknown; readonly error?: undefined }
  | { readonly error: AntiphonError; readonly value?: undefined }

/** Reads a reply. */
export function read(reply: DecodedOnce, control: ExchangeControl): Reading {
  const error = readFailure(reply, control)
  if (error !== undefined) return { error }
  const decoded = reply.read()
  if (isLeft(decoded)) return { error: control.failure('decode', showDecodeError(decoded.left)) }
  return { value: decoded.right }
}

/** One answer, and the question is settled. */
export const oneReply: Replies = {
  receive: (reply, control) => {
    const reading = read(reply, control)
    if (reading.error !== undefined) control.fail(reading.error)
    else control.finish(reading)
  },
}
