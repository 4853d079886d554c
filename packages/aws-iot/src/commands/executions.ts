import type { Codec, Failure, ReportedFailure } from '@antiphon/core'
import { isJsonObject, objectCodec } from '@antiphon/core/codec'
import { isAbsentOr, isText } from '../service/guards.js'
import { statusOf } from '../service/rejection.js'

/** Why a command execution has its status. */
export interface StatusReason {
  /** At most 64 upper-case letters, digits, `_` and `-`. */
  readonly reasonCode: string
  readonly reasonDescription?: string
}

/** A value of a result, as it is on the wire: a text, a Boolean, or bytes in base64. */
export interface ResultValue {
  readonly s?: string
  readonly b?: boolean
  readonly bin?: string
}

/** The update of a command execution by its device. */
export interface CommandUpdate {
  readonly status: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'REJECTED' | 'TIMED_OUT'
  readonly statusReason?: StatusReason
  readonly result?: Readonly<Record<string, ResultValue>>
}

/** An accepted update. */
export interface UpdatedCommand {
  readonly executionId: string
}

/** A rejected update. */
export interface CommandRejection {
  /** The name of the error. */
  readonly error: string
  readonly errorMessage?: string
  readonly executionId?: string
}

/** The codec of updates. */
export const commandUpdateCodec: Codec<CommandUpdate> = objectCodec(
  'an update with a status',
  (frame): frame is Record<string, unknown> & CommandUpdate =>
    isText(frame['status']) &&
    isAbsentOr(frame['statusReason'], (reason) => isJsonObject(reason) && isText(reason['reasonCode'])) &&
    isAbsentOr(
      frame['result'],
      (result) => isJsonObject(result) && Object.values(result).every(isJsonObject),
    ),
)

/** The codec of accepted updates. */
export const updatedCommandCodec: Codec<UpdatedCommand> = objectCodec(
  'an executionId',
  (frame): frame is Record<string, unknown> & UpdatedCommand => isText(frame['executionId']),
)

/** The codec of rejected updates. */
export const commandRejectionCodec: Codec<CommandRejection> = objectCodec(
  'the name of an error',
  (frame): frame is Record<string, unknown> & CommandRejection => isText(frame['error']),
)

/** The statuses of failed executions, and what they are for a requester. */
const FAILED = { FAILED: 500, REJECTED: 400, TIMED_OUT: 408 } as const

/** Reads the failure of a command from an update. */
export function commandFailureOf({ status, statusReason }: CommandUpdate): Failure | undefined {
  const code = (FAILED as Readonly<Record<string, number | undefined>>)[status]
  if (code === undefined) return undefined
  const { reasonCode, reasonDescription } = statusReason ?? {}
  return {
    code,
    ...(reasonDescription !== undefined && { message: reasonDescription }),
    ...(reasonCode !== undefined && { applicationCode: reasonCode }),
  }
}

/** Returns the update that reports a failure: `REJECTED` if the handler did not run, otherwise `FAILED` or `TIMED_OUT`. */
export function toFailedUpdate({ code, message, applicationCode }: ReportedFailure): CommandUpdate {
  const status = code === 408 ? 'TIMED_OUT' : code === 500 ? 'FAILED' : 'REJECTED'
  return {
    status,
    statusReason: {
      reasonCode: toReasonCode(applicationCode ?? `STATUS_${code}`),
      reasonDescription: message,
    },
  }
}

/** Reads the failure of an update that was rejected. */
export function updateFailureOf({ error, errorMessage }: CommandRejection): Failure {
  return {
    code: statusOf(error),
    ...(errorMessage !== undefined && { message: errorMessage }),
    applicationCode: error,
  }
}

/** Returns a text in the characters of a reason code. */
function toReasonCode(text: string): string {
  return text
    .toUpperCase()
    .replaceAll(/[^\dA-Z_-]/g, '_')
    .slice(0, 64)
}
