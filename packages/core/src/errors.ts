import { brand, isBranded } from './brand.js'

/** Every way in which Antiphon can fail, by name. The list is closed: a `switch` over it can be exhaustive. */
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
  /** The broker refused to let us in. */
  | 'connection-refused'
  /** The connection went away. */
  | 'connection-lost'
  /** The broker forgot this client between two connections. */
  | 'session-lost'
  /** The broker refused a subscription. */
  | 'subscribe-refused'
  /** The broker refused a message. */
  | 'publish-refused'
  /** Nobody listens where the message went. */
  | 'no-responder'
  /** Nothing came in time. */
  | 'timeout'
  /** The message's own expiry ran out before it could leave. */
  | 'expired'
  /** The caller gave the exchange up. */
  | 'cancelled'
  /** The responder answered with a failure. */
  | 'status'
  /** The answer broke the protocol. */
  | 'protocol'
  /** The link was closed. */
  | 'link-closed'
  /** Something that was not foreseen; look at `cause`. */
  | 'unknown'

/** What a question waits for, one after the other, until it is answered. */
export type AwaitedStep = 'connection' | 'subscription' | 'acknowledgement' | 'response'

/** What an error can say beside its message. */
export interface ErrorContext {
  /** The error underneath. */
  readonly cause?: unknown
  /** The MQTT reason code (3.1.1: return code), where the broker gave one. */
  readonly reasonCode?: number
  /** The topic or filter in question. */
  readonly topic?: string
  /** The name of the endpoint in question. */
  readonly endpoint?: string
  /** The exchange's correlation, readable. */
  readonly correlation?: string
  /** Whether anything had been handed to the network when it failed. */
  readonly phase?: 'before-network' | 'after-network'
  /** What a responder said of its failure; only with code `status`. */
  readonly status?: RemoteStatus
  /** What had not come when the time was up; only with code `timeout`. */
  readonly awaited?: AwaitedStep
}

/** A responder's failure as it stood in the reply. */
export interface RemoteStatus {
  /** The number under `__stat`. */
  readonly code: number
  /** Its text for people. */
  readonly message?: string
  /** The header or property the responder complains of. */
  readonly propertyName?: string
  readonly propertyValue?: string
  /** The application itself failed, rather than the machinery around it. */
  readonly isApplicationError: boolean
  /** The application's own code and payload. */
  readonly applicationCode?: string
  readonly applicationPayload?: string
}

const BRAND = 'antiphon.AntiphonError'

/**
 * The one error of this library: a literal `code` to branch on, a message a person can act on, and the context it
 * happened in.
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

  /** The message without the code that `message` begins with. */
  get rawMessage(): string {
    return this.message.slice(`[${this.code}] `.length)
  }

  /** Recognizes errors of every loaded copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === AntiphonError ? isBranded(value, BRAND) : super[Symbol.hasInstance](value)
  }

  /**
   * Returns the error itself if it is an `AntiphonError`. An `AbortError` becomes `cancelled`, any other value `unknown`,
   * with the original as `cause`.
   */
  static from(error: unknown): AntiphonError {
    if (error instanceof AntiphonError) return error
    const message = error instanceof Error ? error.message : String(error)
    const code = error instanceof Error && error.name === 'AbortError' ? 'cancelled' : 'unknown'
    return new AntiphonError(code, message, { cause: error })
  }

  /** The same failure, told with more of its surroundings. */
  withContext(context: ErrorContext): AntiphonError<C> {
    const { cause, reasonCode, topic, endpoint, correlation, phase, status, awaited } = this
    const own = { cause, reasonCode, topic, endpoint, correlation, phase, status, awaited }
    const known = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
    const retold = new AntiphonError(this.code, this.rawMessage, { ...context, ...known })
    if (this.stack !== undefined) retold.stack = this.stack
    return retold
  }
}
