const highest = 65_535

/** The packet identifiers of one session, each in use by one packet at a time [MQTT-2.2.1-3]. */
export class PacketIds {
  readonly #taken = new Set<number>()
  #last = 0

  /** The next one that is free, after a full turn the first again; `undefined` when all are in use. */
  take(): number | undefined {
    if (this.#taken.size === highest) return undefined
    do this.#last = this.#last === highest ? 1 : this.#last + 1
    while (this.#taken.has(this.#last))
    this.#taken.add(this.#last)
    return this.#last
  }

  free(id: number): void {
    this.#taken.delete(id)
  }

  /** Frees all: the session is over. */
  clear(): void {
    this.#taken.clear()
  }
}
