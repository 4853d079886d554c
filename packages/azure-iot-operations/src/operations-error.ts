import { AntiphonError, type ErrorCode, type ErrorContext } from '@antiphon/core'

/** The kinds of errors in the error model of Azure IoT Operations. The list is closed. */
export type OperationsErrorKind =
  /** A required header of a message is missing. */
  | 'missing-header'
  /** A header of a message has a value that is not allowed. */
  | 'invalid-header'
  /** A payload cannot be decoded or encoded. */
  | 'invalid-payload'
  /** A command or its execution took too long. */
  | 'timeout'
  /** The application cancelled the operation. */
  | 'cancellation'
  /** An option, topic pattern, token or value breaks a rule; nothing was sent. */
  | 'invalid-configuration'
  /** The executor is in a state in which it cannot handle the request. */
  | 'invalid-state'
  /** The executor has failed internally. */
  | 'internal-logic-error'
  /** The peer reported a failure that the protocol does not name. */
  | 'unknown-error'
  /** The command handler has failed. */
  | 'execution-error'
  /** The broker or the connection prevented the operation. */
  | 'mqtt-error'
  /** The protocol version of a message is not supported. */
  | 'unsupported-version'

/** The details of an `OperationsError`, as the error model defines them for the kinds. */
export interface OperationsErrorDetails {
  /** Whether the error was found before anything was sent. @defaultValue false */
  readonly isShallow?: boolean
  /** Whether the peer has found the error. @defaultValue false */
  readonly isRemote?: boolean
  /** The header that is missing or invalid, such as `Content Type` or `__ts`. */
  readonly headerName?: string
  /** The value of the invalid header. */
  readonly headerValue?: string
  /** The timeout that has elapsed: `commandTimeout` of the invoker or `ExecutionTimeout` of the executor. */
  readonly timeoutName?: string
  /** The elapsed timeout in milliseconds. */
  readonly timeoutValue?: number
  /** The option, topic token or property concerned. */
  readonly propertyName?: string
  readonly propertyValue?: unknown
  /** The command concerned. */
  readonly commandName?: string
  /** The protocol version that is not supported. */
  readonly protocolVersion?: string
  /** The major versions of the protocol that the receiver of the message supports. */
  readonly supportedProtocolMajorVersions?: readonly number[]
}

const CODES: Readonly<Record<OperationsErrorKind, ErrorCode>> = {
  'missing-header': 'protocol',
  'invalid-header': 'protocol',
  'invalid-payload': 'decode',
  timeout: 'timeout',
  cancellation: 'cancelled',
  'invalid-configuration': 'invalid-argument',
  'invalid-state': 'status',
  'internal-logic-error': 'status',
  'unknown-error': 'unknown',
  'execution-error': 'status',
  'mqtt-error': 'connection-lost',
  'unsupported-version': 'protocol',
}

/**
 * The error of commands and telemetry: an `AntiphonError` with the kind and the details that the error model of Azure IoT
 * Operations defines.
 *
 * @example
 * ```ts
 * catchError((error) =>
 *   error instanceof OperationsError && error.kind === 'timeout' ? of(lastKnown) : throwError(() => error),
 * )
 * ```
 */
export class OperationsError extends AntiphonError implements OperationsErrorDetails {
  readonly kind: OperationsErrorKind
  readonly isShallow: boolean
  readonly isRemote: boolean
  declare readonly headerName?: string
  declare readonly headerValue?: string
  declare readonly timeoutName?: string
  declare readonly timeoutValue?: number
  declare readonly propertyName?: string
  declare readonly propertyValue?: unknown
  declare readonly commandName?: string
  declare readonly protocolVersion?: string
  declare readonly supportedProtocolMajorVersions?: readonly number[]

  /** `context` is that of the underlying error; its code is the one of the kind, unless `code` names another. */
  constructor(
    kind: OperationsErrorKind,
    message: string,
    { isShallow = false, isRemote = false, ...details }: OperationsErrorDetails = {},
    { code = CODES[kind], ...context }: ErrorContext & { readonly code?: ErrorCode } = {},
  ) {
    super(code, message, context)
    this.kind = kind
    this.isShallow = isShallow
    this.isRemote = isRemote
    Object.assign(this, details)
  }
}

/** Creates the error of an invalid option, topic pattern, token or value; nothing has been sent. */
export function invalidConfiguration(
  propertyName: string,
  propertyValue: unknown,
  message: string,
): OperationsError {
  return new OperationsError(
    'invalid-configuration',
    message,
    { isShallow: true, propertyName, ...(propertyValue === undefined ? {} : { propertyValue }) },
    { phase: 'before-network' },
  )
}
