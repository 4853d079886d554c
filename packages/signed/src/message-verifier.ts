import { userProperty, type Message } from '@antiphon/core'
import { compactVerify, errors, type CompactVerifyResult } from 'jose'
import { toClaims, type Claims } from './claims.js'
import { digestOf, exchangeOf, isControl, kindOf, referenceOf, SIGNATURE, typeOf } from './content.js'
import type { ExchangeMemory } from './exchange-memory.js'
import type { KeySet } from './keys.js'
import type { Nonce, NonceMemory } from './nonce-memory.js'
import { RejectionError } from './rejection.js'
import type { Signer } from './verification.js'

/** What a verifier is made from. */
export interface VerifierOptions {
  readonly keys: KeySet
  readonly principal: (keyId: string) => unknown
  readonly maxAge: number
  readonly clockTolerance: number
  readonly nonces: NonceMemory
  /** The requests of this link, to which responses are accepted. */
  readonly sent: ExchangeMemory
  /** Gets the requests that are accepted. */
  readonly received: ExchangeMemory
  readonly now: () => number
}

/** The signer of a message that has been verified, and its signature. */
export interface Verified {
  readonly signer: Signer
  /** Absent for a retained message, which may be received any number of times. */
  readonly nonce: Nonce | undefined
}

/** Verifies received messages, each on its own. */
export class MessageVerifier {
  readonly #options: VerifierOptions

  constructor(options: VerifierOptions) {
    this.#options = options
  }

  /** Verifies a message that was received by a subscription to `filter`. Rejects with a `RejectionError`. */
  async verify(message: Message, filter: string): Promise<Verified> {
    const jws = userProperty(message.userProperties, SIGNATURE)
    if (jws === undefined) throw new RejectionError('unsigned')
    const { payload, protectedHeader } = await this.#verifySignature(jws)
    const { kid = '', typ } = protectedHeader
    if (typ !== typeOf(message)) throw new RejectionError('malformed')
    const claims = toClaims(payload)
    if (claims.dig !== (await digestOf(message))) throw new RejectionError('altered')
    const signedAt = claims.iat * 1_000
    const signer = { principal: this.#options.principal(kid), keyId: kid, signedAt }
    const reference = await referenceOf(message, kid)
    // No further wait: two copies of a message must not both pass.
    const nonce = this.#acceptOnce(message, `${filter} ${kid} ${claims.jti}`, signedAt)
    const exchange = exchangeOf(message)
    const kind = kindOf(message)
    if (kind === 'request' && exchange !== undefined)
      this.#acceptRequest(message, exchange, signer, reference)
    if (kind === 'response') this.#acceptResponse(exchange ?? '', claims)
    return { signer, nonce }
  }

  async #verifySignature(jws: string): Promise<CompactVerifyResult> {
    try {
      return await compactVerify(jws, ({ kid, alg }) => this.#options.keys.find(kid, alg))
    } catch (error) {
      if (error instanceof RejectionError) throw error
      if (error instanceof errors.JWSSignatureVerificationFailed) throw new RejectionError('signature')
      throw new RejectionError('malformed')
    }
  }

  #acceptOnce({ dup, retain }: Message, key: string, signedAt: number): Nonce | undefined {
    const { nonces, maxAge, clockTolerance, now: clock } = this.#options
    const now = clock()
    // The broker delivers a retained message at any time, and again; no exchange accepts one.
    if (retain) return undefined
    const isTimely = signedAt >= now - maxAge - clockTolerance && signedAt <= now + clockTolerance
    if (!isTimely || !nonces.canAccept(signedAt)) throw new RejectionError('expired')
    const known = nonces.find(key)
    if (known === undefined) return nonces.add(key, signedAt, now)
    // The broker delivers again what was not acknowledged on the last connection.
    if (dup && !known.isAcknowledged) return known
    throw new RejectionError('replayed')
  }

  #acceptRequest(message: Message, exchange: string, { principal }: Signer, reference: string): void {
    const { received } = this.#options
    const known = received.find(exchange)
    if (known !== undefined && !Object.is(known.principal, principal))
      throw new RejectionError('another-signer')
    if (!isControl(message)) received.add(exchange, principal, reference)
  }

  #acceptResponse(exchange: string, { req }: Claims): void {
    const request = this.#options.sent.find(exchange)
    if (req === undefined || request?.references.has(req) !== true)
      throw new RejectionError('another-request')
  }
}
