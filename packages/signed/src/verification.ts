import type { AuthenticationVerdict, Message } from '@antiphon/core'
import { TEXTS, type RejectionReason } from './rejection.js'

/** The key under which a message has its signer. Being enumerable, it survives copies of the message. */
const verification: unique symbol = Symbol('antiphon.signed')

/** Who signed a message. */
export interface Signer {
  /** As `principal` of the options returns it; otherwise the id of the key. */
  readonly principal: unknown
  readonly keyId: string
  /** When it was signed, in milliseconds since 1970 on the clock of the signer. */
  readonly signedAt: number
}

/** The signer of a message, or why it has none. */
type Verification = { readonly signer: Signer } | { readonly reason: RejectionReason }

interface HasVerification {
  readonly [verification]?: Verification
}

/** Returns a copy of a message that has been verified, or that could not be. */
export function withVerification(message: Message, result: Verification): Message {
  return { ...message, [verification]: result } as Message
}

/** Returns who signed a message; `undefined` if it has not been verified. */
export function signerOf(message: Message): Signer | undefined {
  const result = (message as HasVerification)[verification]
  return result !== undefined && 'signer' in result ? result.signer : undefined
}

/**
 * Accepts the requests that have been verified, with their signer as `principal`; refuses all others with 401 and the reason.
 * For the option `authenticate` of `requests$`.
 */
export function authenticateSigner({ message }: { readonly message: Message }): AuthenticationVerdict {
  const result = (message as HasVerification)[verification]
  if (result !== undefined && 'signer' in result) return { principal: result.signer.principal }
  return { refuse: 401, message: TEXTS[result?.reason ?? 'unsigned'] }
}

/** Returns whether a response was signed by one of these principals. For the option `expectedResponder` of a requester. */
export function signedBy(...principals: readonly unknown[]): (response: Message) => boolean {
  return (response) => {
    const signer = signerOf(response)
    return signer !== undefined && principals.includes(signer.principal)
  }
}
