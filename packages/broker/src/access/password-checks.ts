import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { defaultCost, verifyPassword } from './password-hash.js'
import type { PasswordHash } from './password-hash.js'

/** Hashes that are computed at a time. The threads that compute them also read and write the storage. */
const concurrency = 2

/** Checks that may wait, so that the last one ends within `hookTimeout`; beyond them, a client is refused. */
const maximumWaiting = 200

/** A hash that no password has, checked for unknown users, so that they take as long as known ones. */
const noPassword: PasswordHash = {
  ...defaultCost,
  salt: Buffer.alloc(16),
  key: Buffer.alloc(32),
}

/**
 * Checks of passwords against their hashes, a few at a time.
 *
 * A hash takes some hundredths of a second, on purpose. A password that was right is therefore remembered as a keyed digest: after
 * a restart of the network, all clients reconnect at once.
 */
export class PasswordChecks {
  readonly #verify: typeof verifyPassword
  readonly #digestKey = randomBytes(32)
  /** The digest of the right password, by its hash. */
  readonly #digests = new WeakMap<PasswordHash, Buffer>()
  readonly #waiting: (() => void)[] = []
  #running = 0

  /** `verify` replaces scrypt in tests. */
  constructor(verify: typeof verifyPassword = verifyPassword) {
    this.#verify = verify
  }

  /**
   * Returns whether a password is right; `busy` if too many checks wait. Without a hash, the user is not known: the check
   * takes as long and returns `false`.
   */
  check(password: Uint8Array, hash: PasswordHash | undefined): boolean | 'busy' | Promise<boolean> {
    if (hash !== undefined && this.#isRemembered(password, hash)) return true
    if (this.#running < concurrency) return this.#run(password, hash)
    if (this.#waiting.length >= maximumWaiting) return 'busy'
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.#run(password, hash))
  }

  async #run(password: Uint8Array, hash: PasswordHash | undefined): Promise<boolean> {
    this.#running++
    try {
      const isRight = await this.#verify(password, hash ?? noPassword)
      if (!isRight || hash === undefined) return false
      this.#digests.set(hash, this.#digest(password))
      return true
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  #isRemembered(password: Uint8Array, hash: PasswordHash): boolean {
    const digest = this.#digests.get(hash)
    return digest !== undefined && timingSafeEqual(digest, this.#digest(password))
  }

  #digest(password: Uint8Array): Buffer {
    return createHmac('sha256', this.#digestKey).update(password).digest()
  }
}
