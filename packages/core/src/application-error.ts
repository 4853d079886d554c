import { brand, isBranded } from './brand.js'

const BRAND = 'antiphon.ApplicationError'

/** The parts of an `ApplicationError`, all of which the requester receives. */
export interface ApplicationFailure {
  /** The application's own code, such as `out-of-stock`. */
  readonly code: string
  /** The text for people. @defaultValue the code */
  readonly message?: string
  /** Further details for the requester, as text. */
  readonly payload?: string
}

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

  constructor({ code, message = code, payload }: ApplicationFailure) {
    super(message)
    this.code = code
    this.payload = payload
    brand(this, BRAND)
  }

  /** Recognizes instances that another copy of this package created. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === ApplicationError ? isBranded(value, BRAND) : super[Symbol.hasInstance](value)
  }
}
