import { numberRule, wholeNumberRule, type OptionRules } from '@antiphon/core/link'
import type { KeySource, SigningKey, VerificationKeys } from './keys.js'
import type { Rejection } from './rejection.js'

/** What happens to a request that cannot be verified. */
export type UnverifiedRequests = 'drop' | 'pass'

/** Options of `signed`. */
export interface SignedOptions {
  /** The key with which this client signs; a function is called for each message, so that keys can be rotated. */
  readonly key: KeySource<SigningKey>
  /** The keys of the other clients. A function is called again for a key that is not known, at most every 10 s. */
  readonly keys: KeySource<VerificationKeys>
  /** Returns who signs with a key, so that a client may have several. @defaultValue the id of the key */
  readonly principal?: (keyId: string) => unknown
  /** Milliseconds after which a signature is refused. @defaultValue 60 000 */
  readonly maxAge?: number
  /** Milliseconds by which the clocks of clients may differ. @defaultValue 5 000 */
  readonly clockTolerance?: number
  /** The number of signatures that are remembered, so that they are accepted once. @defaultValue 100 000 */
  readonly memory?: number
  /**
   * What happens to a request that cannot be verified: it is acknowledged and dropped, or passed on without a signer, so that
   * `authenticateSigner` answers 401. @defaultValue 'drop'
   */
  readonly unverifiedRequests?: UnverifiedRequests
  /** The filters of topics whose messages are neither signed nor verified, such as `$SYS/#`. @defaultValue none */
  readonly except?: readonly string[]
  /** Called with each message that cannot be verified. */
  readonly onRejected?: (rejection: Rejection) => void
}

const keyRule = (value: unknown): string | undefined => {
  if (typeof value === 'function') return undefined
  const { kid, alg } = Object(value) as Partial<SigningKey>
  return typeof kid === 'string' && typeof alg === 'string'
    ? undefined
    : ': it must be a JWK with kid and alg'
}

const keysRule = (value: unknown): string | undefined =>
  typeof value === 'function' || Array.isArray((Object(value) as Partial<VerificationKeys>).keys)
    ? undefined
    : ': it must be a JWKS, an object with the array keys'

/** The rules of `SignedOptions`. */
export const signedOptionRules: OptionRules<SignedOptions> = {
  key: keyRule,
  keys: keysRule,
  principal: 'function',
  maxAge: numberRule(1),
  clockTolerance: numberRule(0),
  memory: wholeNumberRule(1),
  unverifiedRequests: ['drop', 'pass'],
  except: (value) =>
    Array.isArray(value) && value.every((filter) => typeof filter === 'string')
      ? undefined
      : 'it must be an array of filters',
  onRejected: 'function',
}
