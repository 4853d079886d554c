import { importJWK, type CryptoKey, type JWK } from 'jose'
import { RejectionError } from './rejection.js'

/** A key with which messages are signed: a private or secret JWK that names itself and its algorithm. */
export interface SigningKey extends JWK {
  readonly kid: string
  /** The algorithm, such as `EdDSA`, `ES256`, `PS256` or `HS256`. */
  readonly alg: string
}

/** The keys with which messages are verified, a JWKS. Each must have `kid` and `alg`; those without are not used. */
export interface VerificationKeys {
  readonly keys: readonly JWK[]
}

/** A value, or a function that returns the current one. */
export type KeySource<Keys> = Keys | (() => Keys | Promise<Keys>)

/** A key for `jose`. */
export type ImportedKey = CryptoKey | Uint8Array

/** The members of a JWK that only its owner has (RFC 7518), and its permitted operations. */
const PRIVATE_PARTS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'key_ops', 'use']

/** How many milliseconds must pass before keys are loaded again because of an unknown one. */
const RELOAD_PERIOD = 10_000

/** Imports each JWK once. */
export class KeyImporter {
  readonly #imported = new WeakMap<JWK, Promise<ImportedKey>>()

  import(key: JWK): Promise<ImportedKey> {
    const existing = this.#imported.get(key)
    if (existing !== undefined) return existing
    const imported = importJWK(key)
    this.#imported.set(key, imported)
    return imported
  }
}

/** The verification keys of a link. A function is called for the first message, and again for a key that is not known. */
export class KeySet {
  readonly #source: KeySource<VerificationKeys>
  readonly #importer = new KeyImporter()
  readonly #publicKeys = new WeakMap<SigningKey, JWK>()
  readonly #own: KeySource<SigningKey>
  readonly #now: () => number
  #keys: Promise<VerificationKeys> | undefined
  #reloadedAt = -Infinity

  /** `own` is the key of this client, which receives messages of its own as well. */
  constructor(source: KeySource<VerificationKeys>, own: KeySource<SigningKey>, now: () => number) {
    this.#source = source
    this.#own = own
    this.#now = now
  }

  /** Returns the key with an id, if its algorithm is `alg`: the key decides on the algorithm, not the message. */
  async find(kid: string | undefined, alg: string | undefined): Promise<ImportedKey> {
    const key = kid === undefined ? undefined : await this.#lookUp(kid).catch(() => undefined)
    if (key === undefined) throw new RejectionError('unknown-key')
    if (key.alg !== alg) throw new RejectionError('algorithm')
    return this.#importer.import(key).catch(() => {
      throw new RejectionError('unknown-key')
    })
  }

  async #lookUp(kid: string): Promise<JWK | undefined> {
    const isFound = (key: JWK): boolean => key.kid === kid && key.alg !== undefined
    const own = typeof this.#own === 'function' ? await this.#own() : this.#own
    if (own.kid === kid) return this.#publicKeyOf(own)
    return (await this.#load(false)).keys.find(isFound) ?? (await this.#load(true)).keys.find(isFound)
  }

  #publicKeyOf(own: SigningKey): JWK {
    const existing = this.#publicKeys.get(own)
    if (existing !== undefined) return existing
    const isPrivate = ([name]: readonly [string, unknown]): boolean => PRIVATE_PARTS.includes(name)
    const publicKey = Object.fromEntries(Object.entries(own).filter((part) => !isPrivate(part))) as JWK
    this.#publicKeys.set(own, publicKey)
    return publicKey
  }

  #load(isRepeated: boolean): Promise<VerificationKeys> {
    const source = this.#source
    if (typeof source !== 'function') return Promise.resolve(source)
    const now = this.#now()
    if (this.#keys === undefined || (isRepeated && now - this.#reloadedAt >= RELOAD_PERIOD)) {
      if (isRepeated) this.#reloadedAt = now
      const loading = Promise.resolve().then(source)
      const previous = this.#keys
      this.#keys = loading
      // Keys that cannot be loaded are loaded again for the next message; until then the former ones hold.
      loading.catch(() => {
        if (this.#keys === loading) this.#keys = previous
      })
      return previous === undefined ? loading : loading.catch(() => previous)
    }
    return this.#keys
  }
}
