import type { DecodeError } from '../codec/codec.js'
import { formatDecodeError } from '../codec/format-decode-error.js'
import { userProperty, type Message } from '../message.js'
import { Status, type Failure } from '../protocol/status.js'

/** The protocol's major version that is spoken here. */
const MAJOR_VERSION = '1'

/** What is wrong with the protocol version a request names; nothing when it names none. */
export function versionFault({ userProperties }: Message): Failure | undefined {
  const version = userProperty(userProperties, '__protVer')
  if (version === undefined || version.split('.')[0] === MAJOR_VERSION) return undefined
  return {
    code: Status.unsupportedVersion,
    message: `protocol version ${version} is not spoken here`,
    supportedMajorVersions: MAJOR_VERSION,
    requestedVersion: version,
  }
}

/** What is wrong with a request's payload or content type. */
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
