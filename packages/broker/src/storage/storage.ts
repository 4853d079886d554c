/** One change: sets the value of a key, or deletes the key if there is no value. */
export interface StorageChange {
  readonly key: string
  readonly value?: Uint8Array
}

/**
 * A persistent map from keys to bytes, in which the broker stores its state. The broker loads it once, when it
 * starts.
 */
export interface Storage {
  /** Iterates over all entries, in any order. */
  readonly load: () => AsyncIterable<readonly [key: string, value: Uint8Array]>
  /**
   * Makes all changes durable, or none; resolves when they would survive a power cut. The broker never calls it
   * before the previous call has settled, and collects the changes meanwhile for the next call.
   */
  readonly commit: (changes: readonly StorageChange[]) => Promise<void>
  readonly close: () => Promise<void>
}
