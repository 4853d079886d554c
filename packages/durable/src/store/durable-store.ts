/** One change: sets the value of a key, or deletes the key if there is no value. */
export interface StoreChange {
  readonly key: string
  readonly value?: Uint8Array
}

/**
 * A persistent map from keys to bytes. To write your own, implement the three functions and run `storeContract` of
 * `@antiphon/durable/contract`.
 */
export interface DurableStore {
  /**
   * Opens the store, unless it is open, and iterates over all entries, in any order. Throws `invalid-argument` if another
   * process or page has it open.
   */
  readonly load: () => AsyncIterable<readonly [key: string, value: Uint8Array]>
  /**
   * Makes all changes durable, or none. Changes of one key are applied in their order. It is never called before `load` has
   * ended, nor before the previous call has settled.
   */
  readonly commit: (changes: readonly StoreChange[]) => Promise<void>
  /** Closes the store; `load` opens it again. */
  readonly close: () => Promise<void>
}
