import type { Storage } from '@antiphon/broker'

/** A storage in memory that outlives platforms. */
export interface MemoryStorage extends Storage {
  readonly contents: Map<string, Uint8Array>
  /** Whether every commit fails. */
  isFailing: boolean
}

/** Creates an empty storage. */
export function memoryStorage(): MemoryStorage {
  const contents = new Map<string, Uint8Array>()
  const storage: MemoryStorage = {
    contents,
    isFailing: false,
    load: async function* () {
      yield* await Promise.resolve([...contents])
    },
    commit: (changes) => {
      if (storage.isFailing) return Promise.reject(new Error('the disk is full'))
      for (const { key, value } of changes) {
        if (value === undefined) contents.delete(key)
        else contents.set(key, Uint8Array.from(value))
      }
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
  }
  return storage
}
