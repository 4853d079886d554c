import { userProperty, type Message, type UserProperties } from '@antiphon/core'
import { parseTimestamp } from '@antiphon/core/clock'
import { OperationsError } from '../operations-error.js'

/** The protocol version that this package speaks. */
export const PROTOCOL_VERSION = '1.0'

/** The major versions of the protocol that this package reads. */
const SUPPORTED_MAJOR_VERSIONS: readonly number[] = [1]

/** The names of headers that are no User Properties, as errors and `__propName` have them. */
export const CONTENT_TYPE = 'Content Type'

/** Returns the error of a message with an unsupported protocol version. A message without one is of a supported version. */
export function versionFault({ userProperties }: Message): OperationsError | undefined {
  const version = userProperty(userProperties, '__protVer')
  if (version === undefined) return undefined
  const major = /^(\d{1,9})\.\d{1,9}$/.exec(version)?.[1]
  if (major !== undefined && SUPPORTED_MAJOR_VERSIONS.includes(Number(major))) return undefined
  return new OperationsError(
    'unsupported-version',
    `protocol version "${version}" is not supported: this package reads ${SUPPORTED_MAJOR_VERSIONS.join(', ')}`,
    { protocolVersion: version, supportedProtocolMajorVersions: SUPPORTED_MAJOR_VERSIONS },
  )
}

/** Returns the timestamp of a message if it is malformed. */
export function malformedTimestamp({ userProperties }: Message): string | undefined {
  const timestamp = userProperty(userProperties, '__ts')
  return timestamp === undefined || parseTimestamp(timestamp) !== undefined ? undefined : timestamp
}

/** Returns the error of a header that is missing, or has an invalid value. */
export function headerFault(name: string, value: string | undefined, reason: string): OperationsError {
  return value === undefined
    ? new OperationsError('missing-header', `the header ${name} is missing: ${reason}`, { headerName: name })
    : new OperationsError('invalid-header', `the header ${name} is "${value}": ${reason}`, {
        headerName: name,
        headerValue: value,
      })
}

/** Returns the User Properties of the application: those that the protocol does not reserve. */
export function metadataOf({ userProperties = [] }: Message): UserProperties {
  return userProperties.filter(([name]) => !name.startsWith('__'))
}
