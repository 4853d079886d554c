/** The bytes of one connection before CONNACK, as `limits.unauthenticatedBytes` bounds them over all connections. */
export class UnauthenticatedBytes {
  readonly #total: { bytes: number }
  readonly #limit: number
  #counted = 0

  /** `total` is shared by all connections. */
  constructor(total: { bytes: number }, limit: number) {
    this.#total = total
    this.#limit = limit
  }

  /** Sets the bytes that the connection makes the broker store; returns whether it must give way. */
  set(bytes: number): boolean {
    this.#total.bytes += bytes - this.#counted
    this.#counted = bytes
    return bytes > 0 && this.#total.bytes > this.#limit
  }
}
