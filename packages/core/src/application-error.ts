import { brand, isBranded } from './brand.js'

const BRAND = 'antiphon.ApplicationError'

/** What an application's failure tells the caller. */
export interface ApplicationFailure {
  /** The application's own code, such as `out-of-stock`. */
  readonly code: string
  /** For people. */
  readonly message?: string
  /** Whatever else the caller should know, as text. */
  readonly payload?: string
}

/**
 * A failure of the application itself, thrown by a handler to be told to the caller as it is. Anything else a handler
 * throws reaches the caller as a bare 500.
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

  /** Recognizes errors of every loaded copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === ApplicationError ? isBranded(value, BRAND) : super[Symbol.hasInstance](value)
  }
}
