import { brand, isBranded } from './brand.js'

/** The codes of all errors. The list is closed, so a `switch` over it can be exhaustive. */
export type ErrorCode =
  /** An option, topic, filter, template or value broke a rule; nothing was sent. */
  | 'invalid-argument'
  /** A value could not be turned into a payload; nothing was sent. */
  | 'encode'
  /** A payload could not be turned into a value. */
  | 'decode'
  /** The message is larger than the peer or the broker accepts. */
  | 'too-large'
  /** A bounded queue had no room. */
  | 'overflow'
  /** The broker refused the connection. */
  | 'connection-refused'
  /** The connection closed. */
  | 'connection-lost'
  /** The broker discarded the session between two connections. */
  | 'session-lost'
  /** The broker refused a subscription. */
  | 'subscribe-refused'
  /** The broker refused to end a subscription; only in incidents. */
  | 'unsubscribe-refused'
  /** The broker refused a message. */
  | 'publish-refused'
  /** The topic has no subscriber. */
  | 'no-responder'
  /** A timeout elapsed. */
  | 'timeout'
  /** The message expired before it was sent. */
  | 'expired'
  /** The requester cancelled the exchange. */
  | 'cancelled'
  /** The responder answered with a failure. */
  | 'status'
  /** A response violated the protocol. */
  | 'protocol'
  /** The link was closed. */
  | 'link-closed'
  /** An unexpected error; see `cause`. */
  | 'unknown'

/** The steps of an exchange, in the order in which a request waits for them. */
export type AwaitedStep = 'connection' | 'subscription' | 'acknowledgement' | 'response'

/** The circumstances of an error. */
export interface ErrorContext {
  /** The underlying error. */
  readonly cause?: unknown
  /** The MQTT Reason Code (3.1.1: return code), if the broker sent one. */
  readonly reasonCode?: number
  /** The topic or filter concerned. */
  readonly topic?: string
  /** The name of the endpoint concerned. */
  readonly endpoint?: string
  /** The correlation token of the exchange, in readable form. */
  readonly correlation?: string
  /** Whether the failure occurred before or after the message was handed to the network. */
  readonly phase?: 'before-network' | 'after-network'
  /** The failure that the responder reported; only with code `status`. */
  readonly status?: RemoteStatus
  /** The step that was not completed in time; only with code `timeout`. */
  readonly awaited?: AwaitedStep
}

/** A failure that a responder reported in its response. */
export interface RemoteStatus {
  /** The value of `__stat`. */
  readonly code: number
  /** The text for people. */
  readonly message?: string
  /** The header or property that the responder rejected. */
  readonly propertyName?: string
  readonly propertyValue?: string
  /** Whether the application itself failed, and not the library or the protocol. */
  readonly isApplicationError: boolean
  /** The code and payload of the `ApplicationError`. */
  readonly applicationCode?: string
  readonly applicationPayload?: string
  /** With 505: the major versions of the protocol that the responder supports. */
  readonly supportedMajorVersions?: readonly number[]
  /** With 505: the version of the protocol that the request had. */
  readonly requestedVersion?: string
}

const BRAND = 'antiphon.AntiphonError'

/**
 * The error class of this library. It has a literal `code` to branch on, a message, and the context of the failure.
 *
 * @example
 * ```ts
 * catchError((error) => (AntiphonError.from(error).code === 'timeout' ? of(lastKnown) : throwError(() => error)))
 * ```
 */
export class AntiphonError<C extends ErrorCode = ErrorCode> extends Error implements ErrorContext {
  override readonly name = 'AntiphonError'
  readonly code: C
  declare readonly reasonCode?: number
  declare readonly topic?: string
  declare readonly endpoint?: string
  declare readonly correlation?: string
  declare readonly phase?: 'before-network' | 'after-network'
  declare readonly status?: RemoteStatus
  declare readonly awaited?: AwaitedStep

  constructor(code: C, message: string, { cause, ...context }: ErrorContext = {}) {
    super(`[${code}] ${message}`, cause === undefined ? undefined : { cause })
    this.code = code
    Object.assign(this, context)
    brand(this, BRAND)
  }

  /** Returns the message without the code in brackets. */
  get rawMessage(): string {
    return this.message.slice(`[${this.code}] `.length)
  }

  /** Recognizes instances that another copy of this package created. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === AntiphonError ? isBranded(value, BRAND) : super[Symbol.hasInstance](value)
  }

  /**
   * Returns the error itself if it is an `AntiphonError`. An `AbortError` becomes `cancelled`, any other value `unknown`,
   * with the original as `cause`.
   */
  static from(error: unknown): AntiphonError {
    if (error instanceof AntiphonError) return error as AntiphonError
    const message = error instanceof Error ? error.message : String(error)
    const code = error instanceof Error && error.name === 'AbortError' ? 'cancelled' : 'unknown'
    return new AntiphonError(code, message, { cause: error })
  }

  /** Returns a copy of this error with `context` added. Properties that this error already has take precedence. */
  withContext(context: ErrorContext): AntiphonError<C> {
    const { cause, reasonCode, topic, endpoint, correlation, phase, status, awaited } = this
    const own = { cause, reasonCode, topic, endpoint, correlation, phase, status, awaited }
    const defined = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
    const copy = new AntiphonError(this.code, this.rawMessage, { ...context, ...defined })
    if (this.stack !== undefined) copy.stack = this.stack
    return copy
  }
}
