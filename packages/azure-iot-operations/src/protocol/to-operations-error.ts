import { AntiphonError, type ErrorCode, type ErrorContext, type RemoteStatus } from '@antiphon/core'
import {
  OperationsError,
  type OperationsErrorDetails,
  type OperationsErrorKind,
} from '../operations-error.js'
import { parseDuration } from './duration.js'
import { responseFaultIn } from './response-check.js'

const KINDS: Readonly<Record<ErrorCode, OperationsErrorKind>> = {
  'invalid-argument': 'invalid-configuration',
  encode: 'invalid-payload',
  decode: 'invalid-payload',
  'too-large': 'mqtt-error',
  overflow: 'mqtt-error',
  'connection-refused': 'mqtt-error',
  'connection-lost': 'mqtt-error',
  'session-lost': 'mqtt-error',
  'subscribe-refused': 'mqtt-error',
  'unsubscribe-refused': 'mqtt-error',
  'publish-refused': 'mqtt-error',
  'no-responder': 'mqtt-error',
  timeout: 'timeout',
  expired: 'timeout',
  cancelled: 'cancellation',
  status: 'unknown-error',
  protocol: 'invalid-payload',
  'link-closed': 'mqtt-error',
  unknown: 'unknown-error',
}

/** The codes of errors that are found before anything is sent. */
const SHALLOW: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['invalid-argument', 'encode'])

/** Returns the error of an operation, from any error of core; `details` are those of the operation. */
export function toOperationsError(thrown: unknown, details: OperationsErrorDetails = {}): OperationsError {
  if (thrown instanceof OperationsError) return thrown
  const error = AntiphonError.from(thrown)
  const fault = responseFaultIn(error)
  if (fault !== undefined) {
    const { kind, rawMessage, code } = fault
    return new OperationsError(
      kind,
      rawMessage,
      { ...details, ...definedDetails(fault) },
      { ...contextOf(error), code },
    )
  }
  if (error.status !== undefined) return remoteError(error, error.status, details)
  const kind = KINDS[error.code]
  const { timeoutName, timeoutValue, ...others } = details
  const timeout = kind === 'timeout' ? definedTimeout(timeoutName, timeoutValue) : {}
  return new OperationsError(
    kind,
    error.rawMessage,
    { ...others, ...timeout, isShallow: SHALLOW.has(error.code) },
    { ...contextOf(error), code: error.code, cause: error },
  )
}

/** Returns the error that an executor reports in the status of its response. */
function remoteError(
  error: AntiphonError,
  status: RemoteStatus,
  { commandName }: OperationsErrorDetails,
): OperationsError {
  const { code, message, propertyName, propertyValue } = status
  const kind = remoteKind(status)
  const property = {
    ...(propertyName !== undefined && { propertyName }),
    ...(propertyValue !== undefined && { propertyValue }),
  }
  const header = {
    ...(propertyName !== undefined && { headerName: propertyName }),
    ...(propertyValue !== undefined && { headerValue: propertyValue }),
  }
  const timeoutValue = propertyValue === undefined ? undefined : parseDuration(propertyValue)
  const byKind: OperationsErrorDetails =
    kind === 'invalid-header' || kind === 'missing-header'
      ? header
      : kind === 'timeout'
        ? definedTimeout(propertyName, timeoutValue)
        : kind === 'unsupported-version'
          ? versionDetails(status)
          : property
  return new OperationsError(
    kind,
    message ?? `the executor answered ${code}`,
    { ...byKind, ...(commandName !== undefined && { commandName }), isRemote: true },
    { ...contextOf(error), code: 'status', status },
  )
}

function remoteKind({
  code,
  isApplicationError,
  propertyName,
  propertyValue,
}: RemoteStatus): OperationsErrorKind {
  switch (code) {
    case 400:
      if (propertyName === undefined) return 'invalid-payload'
      return propertyValue === undefined ? 'missing-header' : 'invalid-header'
    case 408:
      return 'timeout'
    case 415:
      return 'invalid-header'
    case 500:
      if (isApplicationError) return 'execution-error'
      return propertyName === undefined ? 'unknown-error' : 'internal-logic-error'
    case 503:
      return 'invalid-state'
    case 505:
      return 'unsupported-version'
    default:
      return 'unknown-error'
  }
}

function versionDetails({ requestedVersion, supportedMajorVersions }: RemoteStatus): OperationsErrorDetails {
  return {
    ...(requestedVersion !== undefined && { protocolVersion: requestedVersion }),
    ...(supportedMajorVersions !== undefined && { supportedProtocolMajorVersions: supportedMajorVersions }),
  }
}

function definedTimeout(
  timeoutName: string | undefined,
  timeoutValue: number | undefined,
): OperationsErrorDetails {
  return {
    ...(timeoutName !== undefined && { timeoutName }),
    ...(timeoutValue !== undefined && { timeoutValue }),
  }
}

/** Returns the details that a fault of a response can have. */
function definedDetails(fault: OperationsErrorDetails): OperationsErrorDetails {
  const { headerName, headerValue, protocolVersion, supportedProtocolMajorVersions } = fault
  return {
    ...(headerName !== undefined && { headerName }),
    ...(headerValue !== undefined && { headerValue }),
    ...(protocolVersion !== undefined && { protocolVersion }),
    ...(supportedProtocolMajorVersions !== undefined && { supportedProtocolMajorVersions }),
  }
}

function contextOf({
  reasonCode,
  topic,
  endpoint,
  correlation,
  phase,
  awaited,
}: AntiphonError): ErrorContext {
  const context = { reasonCode, topic, endpoint, correlation, phase, awaited }
  return Object.fromEntries(Object.entries(context).filter(([, value]) => value !== undefined))
}
