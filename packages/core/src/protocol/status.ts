import { ApplicationError } from '../application-error.js'
import type { RemoteStatus } from '../errors.js'
import { userProperty, type UserProperties } from '../message.js'
import { toMqttString } from '../topic/mqtt-string.js'

/** The values of a response's `__stat`; docs/wire.md defines them. */
export const Status = {
  ok: 200,
  accepted: 202,
  noContent: 204,
  badRequest: 400,
  unauthorized: 401,
  forbidden: 403,
  timeout: 408,
  unsupportedMediaType: 415,
  cancelled: 499,
  internalError: 500,
  unavailable: 503,
  unsupportedVersion: 505,
} as const

/** A failure to report to the requester. */
export type Failure = Omit<RemoteStatus, 'isApplicationError'> &
  Partial<Pick<RemoteStatus, 'isApplicationError'>>

/** Returns the failure to report for an error of the application: the details of an `ApplicationError`, or `otherwise`. */
export function toFailure(error: unknown, otherwise: Failure): Failure {
  if (!(error instanceof ApplicationError)) return otherwise
  return {
    code: error.status ?? Status.internalError,
    message: error.message,
    isApplicationError: true,
    applicationCode: error.code,
    ...(error.payload === undefined ? {} : { applicationPayload: error.payload }),
  }
}

/** Returns the User Properties of a response that reports the failure. */
export function fromFailure(failure: Failure): UserProperties {
  const pairs: readonly (readonly [string, string | undefined])[] = [
    ['__stat', String(failure.code)],
    ['__stMsg', failure.message],
    ['__propName', failure.propertyName],
    ['__propVal', failure.propertyValue],
    ['__apErr', failure.isApplicationError === true ? 'true' : undefined],
    ['AppErrCode', failure.applicationCode],
    ['AppErrPayload', failure.applicationPayload],
    ['__supProtMajVer', failure.supportedMajorVersions?.join(' ')],
    ['__requestProtVer', failure.requestedVersion],
  ]
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, toMqttString(value)] as const]))
}

/** The status of a response. A response without `__stat` is a success. */
export type StatusReading =
  | { readonly kind: 'success' }
  | { readonly kind: 'failure'; readonly status: RemoteStatus }
  | { readonly kind: 'unreadable'; readonly found: string }

const SUCCESS: StatusReading = { kind: 'success' }

/** Reads the status of a response from its User Properties. */
export function toStatus(properties: UserProperties | undefined): StatusReading {
  const found = userProperty(properties, '__stat')
  if (found === undefined) return SUCCESS
  if (!/^\d{1,9}$/.test(found)) return { kind: 'unreadable', found }
  const code = Number(found)
  if (code < 400) return SUCCESS
  const read = (name: string): string | undefined => userProperty(properties, name)
  const appError = read('__apErr')
  const versions = read('__supProtMajVer')
  const status: Failure = {
    code,
    ...optional('message', read('__stMsg')),
    ...optional('propertyName', read('__propName')),
    ...optional('propertyValue', read('__propVal')),
    ...optional('applicationCode', read('AppErrCode')),
    ...optional('applicationPayload', read('AppErrPayload')),
    ...(versions !== undefined && { supportedMajorVersions: toVersions(versions) }),
    ...optional('requestedVersion', read('__requestProtVer')),
  }
  const isApplicationError = appError !== undefined && appError !== '' && appError.toLowerCase() !== 'false'
  return { kind: 'failure', status: { ...status, isApplicationError } }
}

/** Parses major versions that are separated by spaces; leaves out what is no version. */
function toVersions(text: string): readonly number[] {
  return text
    .split(' ')
    .filter((version) => /^\d{1,9}$/.test(version))
    .map(Number)
}

function optional<K extends string>(name: K, value: string | undefined): { readonly [N in K]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [N in K]?: string })
}
