import type { RemoteStatus } from '../errors.js'
import { userProperty, type UserProperties } from '../message.js'
import { toMqttString } from '../topic/mqtt-string.js'

/** The statuses a reply can carry under `__stat`; what they mean stands in docs/wire.md. */
export const Status = {
  ok: 200,
  noContent: 204,
  badRequest: 400,
  timeout: 408,
  unsupportedMediaType: 415,
  cancelled: 499,
  internalError: 500,
  unavailable: 503,
  unsupportedVersion: 505,
} as const

/** User properties with this prefix are the protocol's own. */
export const RESERVED_PREFIX = '__'

/** A failure as a responder reports it. */
export interface Failure {
  readonly code: number
  readonly message?: string
  readonly propertyName?: string
  readonly propertyValue?: string
  readonly isApplicationError?: boolean
  readonly applicationCode?: string
  readonly applicationPayload?: string
  /** With 505: the versions that are spoken, and the one that was asked for. */
  readonly supportedMajorVersions?: string
  readonly requestedVersion?: string
}

/** The user properties that say a failure on the wire. */
export function fromFailure(failure: Failure): UserProperties {
  const pairs: readonly (readonly [string, string | undefined])[] = [
    ['__stat', String(failure.code)],
    ['__stMsg', failure.message],
    ['__propName', failure.propertyName],
    ['__propVal', failure.propertyValue],
    ['__apErr', failure.isApplicationError === true ? 'true' : undefined],
    ['AppErrCode', failure.applicationCode],
    ['AppErrPayload', failure.applicationPayload],
    ['__supProtMajVer', failure.supportedMajorVersions],
    ['__requestProtVer', failure.requestedVersion],
  ]
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, toMqttString(value)] as const]))
}

/** What the status of a reply says: success (also by its absence), a failure, or nothing that can be understood. */
export type StatusReading =
  | { readonly kind: 'success' }
  | { readonly kind: 'failure'; readonly status: RemoteStatus }
  | { readonly kind: 'unreadable'; readonly found: string }

const SUCCESS: StatusReading = { kind: 'success' }

/** Reads the status of a reply. */
export function toStatus(properties: UserProperties | undefined): StatusReading {
  const found = userProperty(properties, '__stat')
  if (found === undefined) return SUCCESS
  if (!/^\d{1,9}$/.test(found)) return { kind: 'unreadable', found }
  const code = Number(found)
  if (code < 400) return SUCCESS
  const read = (name: string): string | undefined => userProperty(properties, name)
  const claim = read('__apErr')
  const status: Failure = {
    code,
    ...present('message', read('__stMsg')),
    ...present('propertyName', read('__propName')),
    ...present('propertyValue', read('__propVal')),
    ...present('applicationCode', read('AppErrCode')),
    ...present('applicationPayload', read('AppErrPayload')),
  }
  const isApplicationError = claim !== undefined && claim !== '' && claim.toLowerCase() !== 'false'
  return { kind: 'failure', status: { ...status, isApplicationError } }
}

function present<K extends string>(name: K, value: string | undefined): { readonly [N in K]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [N in K]?: string })
}
