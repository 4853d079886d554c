import type { DecodeError } from '../codec/codec.js'
import { formatDecodeError } from '../codec/format-decode-error.js'
import { userProperty, type Message } from '../message.js'
import { Status, type Failure } from '../protocol/status.js'

/** The major version of the protocol that this responder supports. */
const MAJOR_VERSION = '1'

/** Returns the failure for an unsupported protocol version; `undefined` if it is supported or not named. */
export function versionFault({ userProperties }: Message): Failure | undefined {
  const version = userProperty(userProperties, '__protVer')
  if (version === undefined || version.split('.')[0] === MAJOR_VERSION) return undefined
  return {
    code: Status.unsupportedVersion,
    message: `protocol version ${version} is not supported`,
    supportedMajorVersions: MAJOR_VERSION,
    requestedVersion: version,
  }
}

/** Returns the failure for a payload that does not decode: 400, or 415 for an unsupported content type. */
export function payloadFault(error: DecodeError): Failure {
  const message = formatDecodeError(error)
  if (error.kind === 'payload') return { code: Status.badRequest, message }
  return {
    code: Status.unsupportedMediaType,
    message,
    propertyName: 'Content Type',
    propertyValue: error.contentType,
  }
}
