/**
 * Signed requests and responses: JOSE signatures (RFC 7515) in a User Property of each message, as link middleware.
 *
 * @packageDocumentation
 */

export { signed } from './signed.js'
export type { SignedOptions, UnverifiedRequests } from './options.js'
export type { KeySource, SigningKey, VerificationKeys } from './keys.js'
export { authenticateSigner, signedBy, signerOf } from './verification.js'
export type { Signer } from './verification.js'
export type { Rejection, RejectionReason } from './rejection.js'
