import { requireArgument } from './argument.js'
import { brand, isBranded } from './brand.js'
import { wholeNumberRule } from './option-rules.js'

const BRAND = 'antiphon.ApplicationError'

/** The parts of an `ApplicationError`, all of which the requester receives. */
export interface ApplicationFailure {
  /** The application's own code, such as `out-of-stock`. */
  readonly code: string
  /** The text for people. @defaultValue the code */
  readonly message?: string
  /** Further details for the requester, as text. */
  readonly payload?: string
  /** The status that the requester receives, from 400 to 599. @defaultValue 500 */
  readonly status?: number
}

const statusRule = wholeNumberRule(400, 599)

/**
 * An error of the application itself, which a handler throws. The requester receives its code, message and payload; for
 * any other error that a handler throws, it receives status 500 without details.
 *
 * @example
 * ```ts
 * serve(() => throwError(() => new ApplicationError({ code: 'door-open', message: 'close the door first' })))
 * ```
 */
export class ApplicationError extends Error {
  override readonly name = 'ApplicationError'
  readonly code: string
  readonly payload: string | undefined
  readonly status: number | undefined

  constructor({ code, message = code, payload, status }: ApplicationFailure) {
    if (status !== undefined) requireArgument('status', status, statusRule)
    super(message)
    this.code = code
    this.payload = payload
    this.status = status
    brand(this, BRAND)
  }

  /** Recognizes instances that another copy of this package created. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === ApplicationError ? isBranded(value, BRAND) : super[Symbol.hasInstance](value)
  }
}
