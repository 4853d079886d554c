import type { Storage, StorageChange } from '../../src/storage/storage.js'

/** A storage in memory that outlives brokers. */
export interface MemoryStorage extends Storage {
  readonly contents: Map<string, Uint8Array>
  /** The changes of each commit that succeeded. */
  readonly commits: (readonly StorageChange[])[]
  /** Whether every commit fails. */
  isFailing: boolean
  /** If set, commits wait for it. */
  commitGate: Promise<void> | undefined
}

/** Creates an empty storage, or one with the current entries of another. */
export function memoryStorage(from?: MemoryStorage): MemoryStorage {
  const contents = new Map(from?.contents)
  const storage: MemoryStorage = {
    contents,
    commits: [],
    isFailing: false,
    commitGate: undefined,
    load: async function* () {
      yield* await Promise.resolve([...contents])
    },
    commit: async (changes) => {
      await storage.commitGate
      if (storage.isFailing) throw new Error('the disk is full')
      storage.commits.push(changes)
      for (const { key, value } of changes) {
        if (value === undefined) contents.delete(key)
        else contents.set(key, Uint8Array.from(value))
      }
    },
    close: () => Promise.resolve(),
  }
  return storage
}
