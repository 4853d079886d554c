/** One write; without a value it deletes. */
export interface StorageChange {
  readonly key: string
  readonly value?: Uint8Array
}

/**
 * Where the broker keeps what must outlive it: a map from keys to bytes. The broker reads it once, when it starts.
 */
export interface Storage {
  /** Everything that is there, in any order. */
  readonly load: () => AsyncIterable<readonly [key: string, value: Uint8Array]>
  /**
   * Makes changes durable, all or none, and resolves when they would survive the power cut. The broker gathers what
   * comes meanwhile into the next call, and never has two under way.
   */
  readonly commit: (changes: readonly StorageChange[]) => Promise<void>
  readonly close: () => Promise<void>
}
